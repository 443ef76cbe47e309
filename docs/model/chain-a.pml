/* Chain A, the holding chain: honest, one history, and nothing final without a notary certificate. */

/* R3: the deciding leg is final on B at x. R4: B's decision at x is a refusal; or x is later than the deadline and undecided. */
#define settles(x)  (content[x] == DECIDE)
#if defined(DEADLINE_WRONG)
#define late(x)     (time[x] < DEADLINE)
#elif defined(REFUND_AT_DEADLINE)
#define late(x)     (time[x] >= DEADLINE)
#else
#define late(x)     (time[x] > DEADLINE)
#endif
#define refunds(x)  (content[x] == REFUSE || (content[x] == EMPTY && late(x)))
#define resolves(x) ((x) <= blocks && (settles(x) || refunds(x)))

/* R4: the notary chain, as far as the block of A knows it, shows B frozen, and no deciding leg up to there. */
#ifdef OLD_HOLDS_AFTER_THAW
#define refundsByFreeze (frozenAt > 0 && noted >= frozenAt && content[head[frozenAt]] != DECIDE)
#else
#define refundsByFreeze (frozen[noted] && content[head[noted]] != DECIDE)
#endif

/* R5: one resolution. */
#ifdef NO_ONE_RESOLUTION
#define open (hold != NONE && resolutions < 2)
#else
#define open (hold == HELD)
#endif

#define signers(b) ((signatures[0] & (b) -> 1 : 0) + (signatures[1] & (b) -> 1 : 0) + (signatures[2] & (b) -> 1 : 0))
#define certified(b) (signers(b) > 0 && signers(b) + LIARS >= QUORUM)

/* The candidate with this evidence becomes final. Signatures for other candidates of that height mean nothing any more. */
inline resolve(b, how) {
	hold = how; evidence = b; resolutions++;
	printf("A: %d becomes final (2 settled, 3 refunded), by evidence %d (bit of the block; 32 the freeze)\n", how, b);
	settledOnce = settledOnce || how == SETTLED;
	refundedOnce = refundedOnce || how == REFUNDED;
	signatures[0] = signatures[0] & (b); signatures[1] = signatures[1] & (b); signatures[2] = signatures[2] & (b); sort()
}

/* A finalises a block without any resolution. Candidates of that height that were signed can never become final: what their signers
   relied on binds them no longer. */
inline passBy() {
#ifndef NO_LAPSE
	signatures[0] = 0; signatures[1] = 0; signatures[2] = 0; sort()
#else
	skip
#endif
}

#define RESOLVE(x) d_step { open && resolves(x) && certified(bit(x)) -> resolve(bit(x), (settles(x) -> SETTLED : REFUNDED)); check() }

active proctype ChainA() provided (!over) {
end:	do
	:: d_step { hold == NONE -> hold = HELD; line[0] = bit(0); ofEra[0] = bit(0); printf("A: the hold is final\n") }  /* R1; and genesis, which all else waits for */
	:: RESOLVE(1) :: RESOLVE(2) :: RESOLVE(3)
#if BLOCKS > 3
	:: RESOLVE(4)
#endif
	/* That freeze binds no notary to a branch: whoever has read as much of the notary chain as this block of A may sign. */
	:: d_step { open && refundsByFreeze && readers(noted) + LIARS >= QUORUM -> resolve(FREEZE, REFUNDED); check() }
	:: d_step { hold == HELD && (signatures[0] | signatures[1] | signatures[2]) -> printf("A: a block without what was signed is final\n"); passBy() }
	:: d_step { hold == HELD && noted < entries -> noted++; printf("A: a block knows %d entries of the notary chain\n", noted); passBy() }   /* a block of A knows more of the notary chain */
	od
}
