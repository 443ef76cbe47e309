/* What the model remembers. Every other file is rules over these variables; there are no channels (README, "Messages"). */

#ifndef QUORUM
#define QUORUM 3        /* of 4 notaries */
#endif
#define HONEST 3        /* notaries 0, 1, 2 are honest; the fourth lies: it signs whatever helps, or nothing */
#define LIARS  1
#ifndef BLOCKS
#define BLOCKS 4        /* final blocks that chain B makes in all, on all its branches; at most 4 */
#endif
#ifndef ENTRIES
#define ENTRIES 4       /* entries that the notary chain adopts before healing */
#endif
#define ROOM   (ENTRIES + BLOCKS + 2)
#define DEADLINE 2      /* in B's chain time, which runs from 0 (genesis) to LATEST */
#define LATEST   3

/* What a block of B says about the cross transaction. */
#define EMPTY  0
#define DECIDE 1        /* the deciding leg */
#define REFUSE 2        /* the receiver's refusal, or the initiator's cancellation: one meaning to chain A */

/* Chain A's hold. */
#define NONE     0
#define HELD     1
#define SETTLED  2
#define REFUNDED 3

/* Sets of blocks are bits: bit 0 is genesis, bit x is block x. One further bit stands beside them. */
#define bit(x)     (1 << (x))
#define ALL_BLOCKS 31
#define FREEZE     32   /* in votes: the entry that freezes B; in evidence: that entry refunded the hold */

/* Chain B: a tree of final blocks. All of B's nodes are corrupt, so whatever the notaries certified may be final. */
byte blocks;                    /* how many there are beside genesis; their numbers are 1..blocks */
byte parent[BLOCKS + 1];
byte time[BLOCKS + 1];
byte content[BLOCKS + 1];
byte era[BLOCKS + 1];           /* 0: made before any freeze; 1: made after the thaw, whose notary block its header knows */
byte line[BLOCKS + 1];          /* the block and all below it */
byte above[BLOCKS + 1];         /* all blocks that descend from it */
byte ofEra[2];                  /* all blocks of an era */
bool planned;                   /* B has made its blocks of era 0 (README, "When B makes its blocks") */

/* Chain A: honest, one history. */
byte hold = NONE;
byte resolutions;               /* how often the hold was resolved */
bool settledOnce, refundedOnce;
byte evidence;                  /* the bit of what resolved it: a block of B, or FREEZE */
byte noted;                     /* how many entries of the notary chain the newest block of A knows */

/* The notary chain: a log. Index k is what holds after k entries. */
byte entries;
byte head[ROOM];                /* the newest recorded block of B */
bool frozen[ROOM];              /* B is frozen at that block */
byte eraAt[ROOM];
byte frozenAt, thawedAt;        /* the first freeze and the thaw, as numbers of entries; 0 for none */

/* The honest notaries. */
byte signatures[HONEST];            /* candidates of A, named by their evidence, that it signed and that may still become final */
byte votes[HONEST];             /* entries of the notary chain that it voted for and that may still become final */
byte seen[HONEST];              /* how many entries of the notary chain it has read */

bool over;                      /* healing was tried; nothing runs on */
byte n, k, x, spare, before;    /* scratch: zero again after every step */
