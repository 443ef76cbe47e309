/* Chain B, the deciding chain: corrupt to the last node. It makes any tree of final blocks, as long as each block is valid, since
   without a notary certificate no block counts and two honest notaries at least must sign one. Honest notaries sign valid candidates of B on every
   branch here: R7 gives B less than that (README). A block's number follows its parent's (breadth first) and its brothers' order,
   so that each tree is made once. Nothing is built on a decided block: its decision holds for all that follow. */

#define decided(x) (content[x] != EMPTY)

/* R2: the deciding leg's chain time is at or before the deadline. */
#ifdef LEG_AFTER_DEADLINE
#define inTime(t) ((t) <= DEADLINE + 1)
#else
#define inTime(t) ((t) <= DEADLINE)
#endif

/* R2: the hold is final on A. After a thaw, the block of A that shows it must know of the thaw: from then on A refunds by that freeze no more. */
#ifdef OLD_HOLDS_AFTER_THAW
#define holdShown(e) (hold != NONE)
#else
#define holdShown(e) (hold != NONE && ((e) == 0 || noted >= thawedAt))
#endif

#define sameParent(p)  (blocks > 0 && parent[blocks] == (p) && era[blocks] == 0)
#define inOrder(p, c, t) (!sameParent(p) || content[blocks] * 4 + time[blocks] <= (c) * 4 + (t))

inline addBlock(p, e, c, t) {
	blocks++;
	printf("B: block %d on block %d at chain time %d (content %d, era %d) is final\n", blocks, p, t, c, e);
	parent[blocks] = p; time[blocks] = t; content[blocks] = c; era[blocks] = e;
	line[blocks] = line[p] | bit(blocks);
	ofEra[e] = ofEra[e] | bit(blocks);
	k = 0;
	do
	:: k < blocks -> if :: line[p] & bit(k) -> above[k] = above[k] | bit(blocks) :: else fi; k++
	:: else -> break
	od;
	k = 0;
	check()
}

/* Era 0 first, as one plan; era 1 whenever the thaw allows. */
#define room(p, t)  (blocks < BLOCKS && (p) <= blocks && !decided(p) && time[p] < (t) && (t) <= LATEST)
#define era0(p)     (hold != NONE && !planned && era[p] == 0 && (blocks == 0 || parent[blocks] <= (p)))
#define era1(p)     (planned && thawedAt > 0 && (era[p] == 1 || head[thawedAt] == (p)))

#define MAKE(p, e, c, t) d_step { era##e(p) && room(p, t) && (e == 1 || inOrder(p, c, t)) -> addBlock(p, e, c, t) }
#define LEG(p, e)        d_step { era##e(p) && room(p, time[p] + 1) && inTime(time[p] + 1) && holdShown(e) && \
	(e == 1 || inOrder(p, DECIDE, time[p] + 1)) -> addBlock(p, e, DECIDE, time[p] + 1) }
#define BLOCKS_ON(p, e) \
	:: LEG(p, e) :: MAKE(p, e, EMPTY, 1) :: MAKE(p, e, EMPTY, 3) MORE_ON(p, e)

/* With -DFEW_KINDS B leaves out blocks that others stand for: to all rules a refusal is what an undecided block past the deadline is,
   and an undecided block at the deadline allows less than an earlier one. */
#ifdef FEW_KINDS
#define MORE_ON(p, e)
#else
#define MORE_ON(p, e) :: MAKE(p, e, REFUSE, time[p] + 1) :: MAKE(p, e, EMPTY, 2)
#endif

active proctype ChainB() provided (!over) {
end:	do
	BLOCKS_ON(0, 0) BLOCKS_ON(1, 0) BLOCKS_ON(2, 0)
#if BLOCKS > 3
	BLOCKS_ON(3, 0) BLOCKS_ON(3, 1)
#endif
	BLOCKS_ON(0, 1) BLOCKS_ON(1, 1) BLOCKS_ON(2, 1)
	:: d_step { hold != NONE && !planned -> planned = true; printf("B: the blocks above are shown to whom B likes\n") }
	od
}
