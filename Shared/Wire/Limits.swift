/// Every bound of the protocol, by name. What a peer sends beyond one is refused with a reason.
package enum Limits {
    /// Bytes of one encoded transaction, evidence included.
    package static let transactionBytes = 32 * 1024
    /// Bytes of one encoded record of the notary chain: it names every cross transaction of the block it records.
    package static let recordBytes = 256 * 1024
    /// Transactions in one block.
    package static let blockTransactions = 1_000
    /// Bytes of one encoded block.
    package static let blockBytes = 4 * 1024 * 1024
    /// Foreign headers in one block.
    package static let blockForeignHeaders = 64
    /// Headers from a block to the descendant whose certificate makes it final.
    package static let descendants = 64
    /// Nodes of one chain.
    package static let nodesPerChain = 64
    /// Epochs whose electorates a chain's state keeps.
    package static let epochsKept = 8
    /// Handovers in one answer.
    package static let handoversPerAnswer = 16
    /// Handovers that a receipt's file carries.
    package static let handoversPerReceipt = 4_096
    /// Headers in one answer to FetchHeaders.
    package static let headersPerAnswer = 64
    /// Accounts that may have bonded to one node.
    package static let bondsPerNode = 64
    /// Bonds of one node that may be on their way back at once.
    package static let unbondingsPerNode = 64
    /// Slots of one epoch.
    package static let epochSlots: UInt64 = 1 << 32
    /// Legs of one cross transaction.
    package static let legs = 16
    /// How far past a holding chain's time the deadline of an agreement may lie: a day.
    package static let agreementDeadlineMilliseconds: UInt64 = 86_400_000
    /// UTF-8 bytes of a memo or a refusal's reason.
    package static let memoBytes = 140
    /// Levels of a state path.
    package static let statePathLevels = 256
    /// Assets one account may hold.
    package static let assetsPerAccount = 64
    /// Nonces from the base up that an account may use out of order.
    package static let nonceWindow = 256
    /// Transactions in one AcceptedTransactions message.
    package static let acceptedBatch = 256
    /// Transactions a collector holds that have not ended; beyond it submissions are refused with `overloaded`.
    package static let collectorPending = 20_000
    /// Transactions a builder holds.
    package static let builderPool = 40_000
    /// Reminders of legs that one notary's validator of one chain sends a second.
    package static let remindersPerSecond = 32
    /// Reminders of legs that it sends at once.
    package static let remindersAtOnce = 64
    /// A reminder for which there was no room is not looked at before this has passed, in milliseconds.
    package static let reminderPauseMilliseconds: UInt64 = 500
    /// Blocks in one answer to FetchBlocks.
    package static let blocksPerAnswer = 64
    /// Bytes of blocks in one answer to FetchBlocks.
    package static let blockAnswerBytes = 8 * 1024 * 1024
    /// Leg notices in one answer to FetchLegs.
    package static let legsPerAnswer = 200
    /// Devices one collector keeps watching.
    package static let watchers = 10_000
    /// Legs one collector keeps waiting for their receivers.
    package static let waitingLegs = 20_000
    /// Candidates a role keeps for one slot.
    package static let candidatesPerSlot = 8
    /// Candidates of one height that a role keeps of one miner.
    package static let candidatesPerMiner = 4
    /// Blocks of a mined chain above the newest recorded one, at most; what is recorded shows no more below it to be final.
    package static let unrecordedBlocks: Height = 64
    /// Slots above the last final one for which candidates and votes are kept.
    package static let slotsAhead = 256
    /// Milliseconds a device's clock may differ from the collector's in a Watch.
    package static let watchSkewMilliseconds: UInt64 = 5 * 60 * 1000
    /// Milliseconds a collector keeps a watch after a device last asked for it; devices ask four times as often.
    package static let watchKeptMilliseconds: UInt64 = 60_000
    /// Milliseconds a candidate's chain time may be ahead of or behind a validator's clock.
    package static let chainTimeSkewMilliseconds: UInt64 = 10_000
    /// Recorded blocks in one notary block.
    package static let recordsPerBlock = 64
    /// Votes and certificates that one standstill attempt sends again, the newest Final certificate apart.
    package static let standstillMessages = 32
    /// Bytes of transactions, evidence included, in one AcceptedTransactions message.
    package static let acceptedBatchBytes = 1024 * 1024
    /// Transactions a collector publishes again in one turn.
    package static let republishPerTurn = 512
    /// Results of final transactions a collector remembers; older ones are told by receipts.
    package static let collectorOutcomes = 200_000
    /// Reasoned rejections outside blocks that a collector keeps on disk.
    package static let collectorEnded = 100_000
    /// Settle and refund notices a collector remembers for clients that ask again.
    package static let collectorResolutions = 4_096
    /// Claims of final transactions a builder remembers, so that late copies do not enter its pool.
    package static let builderClaims = 200_000
    /// Candidates' bodies a builder keeps until they are needed as parents.
    package static let builderBodies = 64
    /// Bytes of the two statements of one evidence; two final headers of a large chain fit.
    package static let evidenceBytes = 192 * 1024
    /// Offences recorded in one notary block.
    package static let offencesPerBlock = 16
    /// Offences that wait at a recorder for their record; more are dropped, and shown again by whoever sees them again.
    package static let offencesWaiting = 256
    /// Offences in one answer.
    package static let offencesPerAnswer = 256
    /// Bytes of transactions and evidence a builder holds.
    package static let builderPoolBytes = 256 * 1024 * 1024
    /// Final blocks that a notary's validator remembers, in both records of what it signed, to have followed.
    package static let followedBlocks: Height = 128
    /// Final blocks after which a role makes a snapshot of its chain's state.
    package static let snapshotBlocks: Height = 1_024
    /// Transactions after which it makes one before that.
    package static let snapshotTransactions = 50_000
    /// A node further behind than so many blocks catches up by a snapshot.
    package static let snapshotBlocksBehind: Height = 1_024
    /// Bytes of one part of a snapshot.
    package static let snapshotPartBytes = 256 * 1024
    /// Notary nodes that a network lists, those on standby included.
    package static let notaryNodes = 128
    /// Ballots that stand: one a sub-chain node.
    package static let ballots = 4_096
    /// What all ballots of one sub-chain weigh together; each of its nodes has an equal share.
    package static let ballotWeightPerChain: UInt64 = 1_000_000_000
    /// Candidacies, ballots, closings and contracts that wait at a recorder for a notary block.
    package static let nominationsWaiting = 1_024
    /// Candidacies, ballots, closings and contracts in one notary block.
    package static let nominationsPerBlock = 64
    /// Contracts that one sub-chain node may hand in, all versions, within `contractWindow` notary blocks.
    package static let contractsPerNode = 64
    /// Notary blocks within which a node hands in so many contracts at most: whoever spends a node's share in vain delays others, and shuts nobody out.
    package static let contractWindow: Height = 4_096
    /// Members that may attest for a peg in one direction.
    package static let pegMembers = 16
    /// Milliseconds of chain time over which a contract's cap may run.
    package static let capWindowMilliseconds: UInt64 = 31 * 24 * 60 * 60 * 1_000
    /// Milliseconds of chain time that a contract may put a large amount off.
    package static let delayMilliseconds: UInt64 = 24 * 60 * 60 * 1_000
    /// Targets that a state remembers ever to have been stopped.
    package static let pauseTargets = 1_024
    /// Wishes of one notary, about targets, that a recorder keeps until they are fulfilled.
    package static let pauseWishesPerNotary = 64
    /// Pauses in one notary block.
    package static let pausesPerBlock = 16
    /// Final notary blocks after which a notary signs no candidate any more that a pause it knows of would stop.
    package static let pauseGraceBlocks: Height = 16
    /// Meters in one answer.
    package static let metersPerAnswer = 4_096
    /// Payments that wait for brakes in one answer.
    package static let waitingPerAnswer = 256
    /// Assets of which one answer says what is held.
    package static let heldPerAnswer = 1_024
    /// Holds of cross transactions in one answer: each has up to `legs` of 106 bytes.
    package static let holdsPerAnswer = 64
    /// Orders of a peg in one question or answer.
    package static let bridgeItemsPerAnswer = 256
    /// Contracts in one answer.
    package static let contractsPerAnswer = 256
    /// Blocks above a recorded head up to which notaries sign candidates, where network.yaml does not say otherwise.
    package static let recordLead: Height = 64
    /// Sub-chains of one network, those that joined later included.
    package static let chainsPerNetwork = 24
    /// Bytes of the description of a chain that joins.
    package static let chainBodyBytes = 16 * 1024
    /// Chains in one answer about those that would join.
    package static let applicants = 64
    /// Admissions of one notary that wait for those of others; the newest stand.
    package static let admissionsPerNotary = 4
    /// Sub-chains in one answer about how they stand.
    package static let subChains = 1_024
    /// Final blocks above the recorded head that a notary follows and can still leave for another branch; deeper ones it keeps.
    package static let unrecordedFollowed: Height = 96
    /// Heights above the recorded head of its chain up to which a notary signs candidates.
    package static let unrecordedAhead: Height = 64
    /// Newest final notary blocks that a candidate's header may name.
    package static let notaryHeads = 64
    /// Parts of one snapshot.
    package static let snapshotParts = 16_384
}
