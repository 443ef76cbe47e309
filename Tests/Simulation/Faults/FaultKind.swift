/// Every kind of fault a seed may draw.
package enum FaultKind: Int, Countable {
    /// Latency up to twenty times the usual (faults case 7).
    case slowNetwork
    /// A published frame is lost and repaired from the bus's log, later.
    case lossRepaired
    /// A published frame is lost for good; the subscriber is told.
    case lossForGood
    /// A frame is heard twice.
    case duplicate
    /// A frame overtakes others of its stream.
    case reorder
    /// A request or its answer is lost.
    case callLoss
    /// Two groups of nodes do not hear each other (case 2).
    case partition
    /// One group does not hear the other, which hears it (case 3).
    case asymmetricPartition
    /// One node hears nobody and is not heard (case 5).
    case isolation
    /// One node's links are slow for a while (case 4).
    case clog
    /// A bus restarts: what it held is gone, its streams begin anew (case 54).
    case busRestart
    /// A process dies in a turn, before the commit (case 8).
    case crashBeforeCommit
    /// A process dies after the commit, before anything was sent (case 11).
    case crashAfterCommit
    /// A process dies with a part of a turn sent.
    case crashWhileSending
    /// A process dies between turns (case 8).
    case crashIdle
    /// All processes of a node die (case 9).
    case crashNode
    /// All processes of all nodes die together (case 9).
    case crashAll
    /// A process stands still and goes on (case 12).
    case pause
    /// Commits that nothing was sent after vanish with the process (case 19).
    case unsyncedVanish
    /// A node's wall clock is off (case 20, within bounds).
    case clockOffset
    /// A node's clocks drift.
    case clockDrift
    /// A node's wall clock jumps by up to an hour, forwards or back, and later back to where it was (case 20).
    case clockJump
    /// All that a node stored, but its votes, is gone (case 18).
    case diskLost
    /// A stored block, snapshot or archive row is damaged (case 15).
    case bitFlip
    /// Every signing role of a Byzantine node runs twice with one key, each copy on its own disk (case 30).
    case twins
    /// A Byzantine node votes twice for one duty of a slot (case 23).
    case doubleVote
    /// A Byzantine builder makes two candidates for one slot, both valid (case 22).
    case doubleCandidate
    /// A Byzantine builder makes candidates that break a rule (cases 21 and 25).
    case invalidCandidate
    /// A Byzantine node says votes and certificates that are replayed, stale or short of a quorum (cases 24, 28 and 33).
    case forgery
    /// A Byzantine node says something to some and nothing to others (case 26).
    case selectiveSend
    /// A Byzantine node leaves out what it should say (case 32).
    case censorship
    /// A Byzantine node answers questions with false or mangled blocks (case 29).
    case falseAnswer
    /// A Byzantine notary signs whatever it is shown (case 31).
    case blindSignature
    /// A Byzantine notary refuses what is valid and names an innocent transaction.
    case falseRefusal
    /// A Byzantine notary tells a chain to settle what is to be refunded, the other way round, or with mangled evidence (case 46).
    case falseLeg
    /// A Byzantine miner shows its block late, when others have mined on (case 22).
    case withheldBlock
    /// A member of a peg forgets everything and begins anew (case 48).
    case memberCrash
    /// A member of a peg attests more than it was shown, or in another's name (cases 46 and 49).
    case falseAttestation
    /// Every node of a sub-chain lies, and from some moment on the chain makes two histories final, shown to different notaries.
    case corruptChain
    /// Every node of a sub-chain stops, for ever or until its operators have had it thawed.
    case deadChain

    /// Those of nodes that lie.
    package static let byzantine: [FaultKind] = [
        .twins, .doubleVote, .doubleCandidate, .invalidCandidate, .forgery, .selectiveSend, .censorship, .falseAnswer, .blindSignature,
        .falseRefusal, .falseLeg, .withheldBlock,
    ]
}

/// How often each fault kind really happened.
package typealias FaultTally = Tally<FaultKind>
