/// A rule of the protocol, one way it can show in a chain.
package enum ExercisedRule: Int, Countable {
    /// R1: a hold was made.
    case hold
    /// R1: an Open was rejected in a block.
    case holdRejected
    /// R2: the deciding leg was executed.
    case decidingLeg
    /// R3: a hold was settled.
    case settlement
    /// R4: a hold was given back because the deadline had passed.
    case refundAfterDeadline
    /// R4: a hold was given back because the receiver refused.
    case refundAfterRefusal
    /// R4: a hold was given back because the initiator cancelled.
    case refundAfterCancellation
    /// R6: conservation was checked after a block.
    case conservation
    /// R7: a notary put a candidate off because its evidence was not on the branch it follows.
    case deferral
    /// R7: the notary chain recorded a block.
    case record
    /// R7: a chain was seen to have two final blocks of one height, and evidence of it was recorded.
    case forkRecorded
    /// R4: a hold was given back because the deciding chain was frozen.
    case refundByFreeze
    /// R8: a chain was frozen.
    case freeze
    /// R8: a chain was thawed.
    case thaw
    /// Two statements of a liar were shown to everybody.
    case evidence
    /// The notary chain recorded an offence.
    case offence
    /// A10: a notary node offered itself, left, or named another key.
    case candidacy
    /// A10: a sub-chain node voted.
    case ballot
    /// R7, A10: a notary closed an epoch.
    case epochClosed
    /// A10: a final block past the cut settled the next notaries.
    case election
    /// A10: a node that was no notary became one; one that was did no longer; one that stayed took another key.
    case notaryJoined
    case notaryLeft
    case notaryKeyRotated
    /// A10: a sub-chain's block was certified by elected notaries.
    case electedCertificate
    /// V-8: a role stored a snapshot.
    case snapshot
    /// V-9: a part of a snapshot was served.
    case snapshotServed
    /// V-8: damage on a disk was found, and said.
    case damageFound
    /// W-5: a block of a mined chain was recorded.
    case minedBlock
    /// W-3: a mined block's target differs from its parent's.
    case retarget
    /// W-4: two blocks of one height were notarized.
    case minedFork
    /// W-4: a node left a branch for a heavier one.
    case branchLeft
    /// V-10: a peer said what it has seen signed by a node.
    case signedAsked
    /// A3: value was bonded to a node of a chain that votes by stake.
    case bond
    /// A3: a node lost a part of its stake for a proven wrong.
    case slashing
    /// A block settled who votes in the next epoch.
    case electorate
    /// A15: a decision stood on the consent of several, on the holds of several chains, or executed several legs.
    case consentOfSeveral
    case holdOfSeveral
    case decidingLegsTogether
    /// A14: the notary chain took a client's terms, and a sub-chain took them in.
    case contractDeclared
    case contractAdopted
    /// A14: a deciding leg under such terms.
    case decidedUnderDeclared
    /// A16: the notary chain took a chain in that was none of the network's.
    case chainJoined
    /// A16: a chain left, for good.
    case chainLeft
    /// B1 to B5: value was locked, issued, redeemed and released.
    case locked
    case issued
    case redeemed
    case released
    /// G-2, G-3: a payment passed brakes, was refused by them, and was counted by brakes that only watch.
    case passedBrake
    case refusedByBrake
    case watchedByBrake
    /// G-5, G-6: the notary chain stopped something or let it go on, and a sub-chain took that in.
    case paused
    case resumed
    case heeded
    /// A9: a recorder's receipt was verified by the network's description alone.
    case receiptVerified
    /// A9: a device verified a node's headers.
    case headersVerified
    /// A9: a device verified what a node shows of an account.
    case accountProven
}

/// How often each rule really showed.
package typealias RuleTally = Tally<ExercisedRule>
