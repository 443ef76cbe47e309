/* What must hold, looked at after every step that could break it. Without a choice of one (-DREACH=n) all of them are. */

#ifndef REACH
#define REACH 0
#endif

#define legStands (content[head[entries]] == DECIDE)

/* The hold was resolved by a block of B with this content. */
#define isBy(b, c) (evidence == bit(b) && content[b] == (c))
#if BLOCKS > 3
#define by(c) (isBy(1, c) || isBy(2, c) || isBy(3, c) || isBy(4, c))
#else
#define by(c) (isBy(1, c) || isBy(2, c) || isBy(3, c))
#endif

/* Two blocks of B are final at one height. */
#define fork(a, b) (blocks >= (b) && parent[a] == parent[b])

inline check() {
#if REACH == 0
	assert(!(settledOnce && refundedOnce));                            /* 1: never both, on A */
	assert(!(refundedOnce && legStands));                              /* 1: nor A refunded while B's deciding leg stands */
	assert(!evidence || evidence == FREEZE || (standing(entries) & evidence)); /* 1: nor resolved by what stands no longer */
	assert(resolutions <= 1)                                           /* 3: once */
#elif REACH == 1  /* settled */
	assert(hold != SETTLED)
#elif REACH == 2  /* refunded past the deadline */
	assert(!(hold == REFUNDED && by(EMPTY)))
#elif REACH == 3  /* refunded by a refusal */
	assert(!(hold == REFUNDED && by(REFUSE)))
#elif REACH == 4  /* refunded by a freeze */
	assert(!(hold == REFUNDED && evidence == FREEZE))
#elif REACH == 5  /* two histories are final on B, one decides, one does not */
	assert(!(fork(1, 2) && content[1] == EMPTY && content[2] == DECIDE))
#elif REACH == 6  /* the one is recorded */
	assert(!(fork(1, 2) && head[entries] == 1))
#elif REACH == 7  /* the other is recorded */
	assert(!(fork(1, 2) && head[entries] == 2))
#elif REACH == 8
	assert(!(thawedAt > 0 && hold == SETTLED && (evidence & ofEra[1])))  /* thawed, and settled by a block made after that */
#endif
}
