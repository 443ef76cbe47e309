/* "Can settle", "can end": from every state, if messages arrive again, the liar keeps silent and B is dead, the honest parties
   alone bring the hold to its end, by the very conditions of the other files. One step, tried in every state; it ends the run. */

#define allThree(condition0, condition1, condition2) ((condition0) && (condition1) && (condition2))

inline readAll() {
	n = 0;
	do
	:: n < HONEST -> if :: seen[n] < entries -> seen[n] = entries; votes[n] = 0 :: else fi; n++
	:: else -> break
	od;
	noted = (hold == HELD -> entries : noted)
}

/* Records whatever all three would vote for, lowest or highest block first, until nothing more can be recorded. */
inline recordAll(fromTop) {
	k = 1;
	do
	:: k <= blocks ->
		x = (fromTop -> blocks + 1 - k : k);
		if
		:: allThree(mayRecord(0, x), mayRecord(1, x), mayRecord(2, x)) ->
			adopt(x, false, eraAt[entries - 1]); readAll(); k = 1
		:: else -> k++
		fi
	:: else -> break
	od
}

inline resolveByBlock() {
	x = 1;
	do
	:: x <= blocks ->
		if
		:: resolves(x) && hold == HELD && allThree(actsOn(0, x), actsOn(1, x), actsOn(2, x)) ->
			resolve(bit(x), (settles(x) -> SETTLED : REFUNDED))
		:: else
		fi;
		x++
	:: else -> break
	od
}

inline heal(fromTop) {
	printf("healing: the liar and B are silent, all else arrives\n");
	if :: hold == HELD -> passBy() :: else fi;
#ifndef NO_LAPSE
	votes[0] = 0; votes[1] = 0; votes[2] = 0;
#endif
	readAll();
	before = head[entries];
	recordAll(fromTop);
#ifdef STANDING_ONLY
	/* 2: the deciding leg had been recorded when healing began: A settles. */
	resolveByBlock();
	assert(content[before] != DECIDE || hold == SETTLED);
#else
	resolveByBlock();
	if
	:: hold == HELD && allThree(mayFreeze(0), mayFreeze(1), mayFreeze(2)) -> adopt(head[entries - 1], true, eraAt[entries - 1]); readAll()
	:: else
	fi;
	if
	:: hold == HELD && refundsByFreeze -> resolve(FREEZE, REFUNDED)
	:: else
	fi;
	assert(!legStands || hold == SETTLED);                             /* 2: the deciding leg stands, so every leg settles */
	assert(hold != HELD);                                              /* 4: no hold stays for ever */
	assert(!evidence || evidence == FREEZE || (line[head[entries]] & evidence)); /* what it was resolved by gets recorded */
#endif
	check()
}

/* All states after it are one. */
inline wipe() {
	over = true;
	k = 0;
	do
	:: k <= BLOCKS -> parent[k] = 0; time[k] = 0; content[k] = 0; era[k] = 0; line[k] = 0; above[k] = 0; k++
	:: else -> break
	od;
	k = 0;
	do
	:: k < ROOM -> head[k] = 0; frozen[k] = 0; eraAt[k] = 0; k++
	:: else -> break
	od;
	k = 0;
	do
	:: k < HONEST -> signatures[k] = 0; votes[k] = 0; seen[k] = 0; k++
	:: else -> break
	od;
	k = 0; n = 0; x = 0; before = 0;
	blocks = 0; planned = false; ofEra[0] = 0; ofEra[1] = 0;
	hold = 0; resolutions = 0; settledOnce = false; refundedOnce = false; evidence = 0; noted = 0;
	entries = 0; frozenAt = 0; thawedAt = 0
}

active proctype Healing() provided (!over) {
end:	if
	:: d_step { planned -> heal(false); wipe() }
	:: d_step { planned -> heal(true); wipe() }
	fi
}
