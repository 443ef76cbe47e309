/* An honest notary. It may do each of these at any time or never, which is what lost, late and reordered messages amount to. */

/* R3, R4, R5 and R7: signs a candidate of A that resolves the hold by block x of B. */
#define maySign(i, x) (open && resolves(x) && !(signatures[i] & bit(x)) && actsOn(i, x))

/* R7: votes to record x unless it is bound to another branch. */
#ifdef NO_R7
#define freeToRecord(i, x) true
#else
#define freeToRecord(i, x) (!(bound(i) & ~kin(x)))
#endif
#define mayVote(i, b)        (seen[i] == entries && entries < ENTRIES && !(votes[i] & (b)))
#define mayRecord(i, x)      (recordable(x) && freeToRecord(i, x))

/* R8: votes to freeze only if nothing it signed relies on a block above. */
#ifdef NO_R8_CONDITION
#define mayFreeze(i) freezable
#else
#define mayFreeze(i) (freezable && !(bound(i) & ~line[head[entries]]))
#endif

#define SIGN(i, x) d_step { planned && maySign(i, x) -> signatures[i] = signatures[i] | bit(x); \
	printf("notary %d signs for A, by block %d\n", i, x); sort() }
#define VOTE(i, x) d_step { planned && mayVote(i, bit(x)) && mayRecord(i, x) -> votes[i] = votes[i] | bit(x); \
	printf("notary %d votes to record block %d\n", i, x); sort() }
#define ON(i, x)   :: SIGN(i, x) :: VOTE(i, x)

#define NOTARY(i) active proctype Notary##i() provided (!over) { \
end:	do \
	ON(i, 1) ON(i, 2) ON(i, 3) ON_LAST(i) \
	:: d_step { planned && mayVote(i, FREEZE) && mayFreeze(i) -> votes[i] = votes[i] | FREEZE; printf("notary %d votes to freeze B at the recorded head\n", i); sort() } \
	:: d_step { seen[i] < entries -> seen[i] = seen[i] + 1; votes[i] = 0; printf("notary %d has read entry %d of the notary chain\n", i, seen[i]); sort() } \
	od }
#if BLOCKS > 3
#define ON_LAST(i) ON(i, 4)
#else
#define ON_LAST(i)
#endif

NOTARY(0)
NOTARY(1)
NOTARY(2)
