/* The notary chain: Simplex over four notaries of which one lies is safe, so it is a log. An entry is adopted when a quorum voted for it. */

#define voters(b) \
	((seen[0] == entries && votes[0] & (b) -> 1 : 0) + (seen[1] == entries && votes[1] & (b) -> 1 : 0) + (seen[2] == entries && votes[2] & (b) -> 1 : 0))
#define carried(b) (entries < ENTRIES && voters(b) > 0 && voters(b) + LIARS >= QUORUM)

#define readers(k) ((seen[0] >= (k) -> 1 : 0) + (seen[1] >= (k) -> 1 : 0) + (seen[2] >= (k) -> 1 : 0))

/* What the log allows next, by its own rules. A freeze is at the recorded head; one thaw is enough for the model. */
#define recordable(x) ((x) <= blocks && !frozen[entries] && parent[x] == head[entries] && era[x] == eraAt[entries])
#define freezable     (!frozen[entries])
#define thawable      (frozen[entries] && thawedAt == 0)

inline adopt(newHead, newFrozen, newEra) {
	entries++;
	printf("notary chain: entry %d: recorded head is block %d, frozen %d, era %d\n", entries, newHead, newFrozen, newEra);
	head[entries] = newHead; frozen[entries] = newFrozen; eraAt[entries] = newEra;
	if :: newFrozen && frozenAt == 0 -> frozenAt = entries :: else fi;
	if :: newEra > eraAt[entries - 1] -> thawedAt = entries :: else fi
}

inline forget(i) {
	if :: seen[i] == entries -> votes[i] = 0 :: else fi
}

#define RECORD(x) d_step { planned && carried(bit(x)) && recordable(x) -> adopt(x, false, eraAt[entries - 1]); check() }

active proctype NotaryChain() provided (!over) {
end:	do
	:: RECORD(1) :: RECORD(2) :: RECORD(3)
#if BLOCKS > 3
	:: RECORD(4)
#endif
	:: d_step { planned && carried(FREEZE) && freezable -> adopt(head[entries - 1], true, eraAt[entries - 1]); check() }
	/* R8 asks nothing of those who vote for a thaw: whoever has read of the freeze may. */
	:: d_step { planned && entries < ENTRIES && thawable && readers(entries) + LIARS >= QUORUM -> adopt(head[entries - 1], false, 1); check() }
#ifndef NO_LAPSE
	/* A final block without any of these entries: votes for the blocks it replaced mean nothing any more. */
	:: d_step { votes[0] | votes[1] | votes[2] -> printf("notary chain: a block without what was voted for is final\n"); forget(0); forget(1); forget(2); sort() }
#endif
	od
}
