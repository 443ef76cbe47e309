/* Which blocks of B count: R7's "one branch" and R8's "blocks above h count for nothing". */

/* Blocks on one branch with x: those below it, itself, and those that descend from it. */
#define kin(x) (line[x] | above[x])

/* The blocks a reader of k entries may act on: the recorded ones, and above them any branch, unless B is frozen;
   what was made before a freeze never counts above it. */
#define standing(k) (line[head[k]] | (frozen[k] -> 0 : (above[head[k]] & ofEra[eraAt[k]])))

/* The blocks that notary i is bound to by what it signed on chain A. Once the notary chain has recorded which branch stands,
   or frozen B below it, a signature that relied on another branch binds no longer: a quorum has ruled out that it ever counts. */
#ifdef BOUND_FOR_EVER
#define bound(i) (signatures[i] & ALL_BLOCKS)
#else
#define bound(i) (signatures[i] & ALL_BLOCKS & standing(seen[i]) & ~outdone)
#endif

/* Nor does one whose candidate has a rival: a candidate of the same height that is certified and relies on another branch. */
#ifdef RIVAL_NOT_CERTIFIED
#define outdoes(y, x) ((y) <= blocks && signers(bit(y)) > 0 && !(kin(x) & bit(y)))
#else
#define outdoes(y, x) ((y) <= blocks && certified(bit(y)) && !(kin(x) & bit(y)))
#endif
#if BLOCKS > 3
#define isOutdone(x) (outdoes(1, x) || outdoes(2, x) || outdoes(3, x) || outdoes(4, x))
#define outdone ((isOutdone(1) -> bit(1) : 0) | (isOutdone(2) -> bit(2) : 0) | (isOutdone(3) -> bit(3) : 0) | (isOutdone(4) -> bit(4) : 0))
#else
#define isOutdone(x) (outdoes(1, x) || outdoes(2, x) || outdoes(3, x))
#define outdone ((isOutdone(1) -> bit(1) : 0) | (isOutdone(2) -> bit(2) : 0) | (isOutdone(3) -> bit(3) : 0))
#endif

/* R7, on signing for chain A: x lies on the recorded branch as far as notary i has read, and on every branch it is bound to,
   by signatures for A or by votes for the notary chain that may still become final; and not above a freeze it voted for. */
#ifdef FREEZE_VOTES_DO_NOT_BIND
#define freezeAllows(i, x) true
#else
#define freezeAllows(i, x) (!(votes[i] & FREEZE) || (line[head[seen[i]]] & bit(x)))
#endif
#ifdef RECORD_VOTES_DO_NOT_BIND
#define recordsAllow(i, x) true
#else
#define recordsAllow(i, x) (!(votes[i] & ALL_BLOCKS & ~kin(x)))
#endif
/* Without R7 a freeze is still respected, so that what is found wrong is R7's own. */
#define notFrozen(k, x) ((line[head[k]] & bit(x)) || (!frozen[k] && era[x] == eraAt[k]))
#ifdef NO_R7
#define actsOn(i, x) (notFrozen(seen[i], x) && freezeAllows(i, x))
#else
#define actsOn(i, x) ((standing(seen[i]) & bit(x)) && !(bound(i) & ~kin(x)) && recordsAllow(i, x) && freezeAllows(i, x))
#endif
