#if PLANTED_BUGS
/// Known bugs that a build for testing the simulator can switch on, one at a time: each must be caught by an oracle or by a
/// precondition of a core. No other build contains them.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A certificate needs one vote fewer than a quorum.
    case quorumMinusOne = "quorum_minus_one"
    /// Skip and Final votes are sent without being stored.
    case voteNotStored = "vote_not_stored"
    /// Final is voted in a slot in which Skip was voted.
    case finalAfterSkip = "final_after_skip"
    /// Overdue slots are never skipped.
    case skipNeverVoted = "skip_never_voted"
    /// Votes and certificates are sent once, never again.
    case nothingSentAgain = "nothing_sent_again"
    /// After a restart a builder makes another candidate for a slot that it has one for.
    case secondCandidate = "second_candidate"
    /// An idle chain makes no blocks, so its time stands still.
    case heartbeatStops = "heartbeat_stops"
    /// A collector acknowledges what it has not stored.
    case acknowledgedUnstored = "acknowledged_unstored"
    /// A collector forgets on restart what it has acknowledged.
    case pendingForgotten = "pending_forgotten"
    /// A transfer's nonce may be used twice.
    case nonceUnchecked = "nonce_unchecked"
    /// A rejected transfer leaves its nonce free.
    case rejectedKeepsNonce = "rejected_keeps_nonce"
    /// A hold that is resolved can be resolved again.
    case holdResolvedTwice = "hold_resolved_twice"
    /// A refund is valid before the deadline.
    case refundTooEarly = "refund_too_early"
    /// The deadline is compared the wrong way when a leg is confirmed.
    case deadlineWrongWay = "deadline_wrong_way"
    /// A settlement pays twice what was held.
    case settlePaysTwice = "settle_pays_twice"
    /// The state root leaves out changed cross entries.
    case crossNotInRoot = "cross_not_in_root"
    /// Validators tell the other chain once, and never again.
    case legsToldOnce = "legs_told_once"
    /// A reminder for which there is no room is forgotten.
    case reminderDropped = "reminder_dropped"
    /// Every piece of news puts a follower's next question off.
    case questionPutOff = "question_put_off"

    /// Simplex takes a peer's certificate without checking its signatures.
    case certificateUnchecked = "certificate_unchecked"
    /// A follower takes a header as final without checking its certificates.
    case finalUnchecked = "final_unchecked"
    /// A follower takes any body for a final header.
    case bodyUnchecked = "body_unchecked"
    /// Evidence of another chain's state is not held against that state's root.
    case evidenceUnchecked = "evidence_unchecked"
    /// A quorum counts members instead of their weight.
    case weightIgnored = "weight_ignored"
    /// Votes of a slot are taken by the electorate of the epoch before.
    case staleEpoch = "stale_epoch"
    /// What was taken back returns to its account before its time.
    case unbondedEarly = "unbonded_early"

    /// R7 is left out: a notary relies on whatever final block it is shown.
    case anyBranch = "any_branch"
    /// What other chains hold for a frozen chain is never given back.
    case freezeKeepsHolds = "freeze_keeps_holds"
    /// R2: the last receiver's consent stands for everybody's.
    case oneConsent = "one_consent"
    /// R8: blocks are signed, and voted for, whose parent is void.
    case voidParentTaken = "void_parent_taken"

    /// A mined block counts whatever its hash is.
    case workUnchecked = "work_unchecked"
    /// A block is recorded whose parent is not the recorded one.
    case forkBelowRecord = "fork_below_record"

    /// Ballots of the first block past an epoch's cut still count.
    case tallyAfterCut = "tally_after_cut"
    /// A ballot that replaces another one counts twice.
    case ballotCountedTwice = "ballot_counted_twice"
    /// New notaries take over though the old ones rely on what is not recorded.
    case nothingCarriedOver = "nothing_carried_over"
    /// The notaries of the first epoch go on certifying every chain's blocks.
    case oldEpochSignsOn = "old_epoch_signs_on"

    /// A chain takes in a contract's terms that nothing shows to be the notary chain's.
    case contractUnproven = "contract_unproven"
    /// Value appears by a peg without its members.
    case bridgeUnattested = "bridge_unattested"
    /// Value appears by a peg although nothing shows that it left the other chain.
    case bridgeUnproven = "bridge_unproven"
    /// A contract's cap refuses nothing.
    case capIgnored = "cap_ignored"
    /// A large amount is decided at once.
    case delayIgnored = "delay_ignored"
    /// What is paused goes on.
    case pauseIgnored = "pause_ignored"
    /// While anything is paused, nothing is given back.
    case brakeStopsRefund = "brake_stops_refund"
    /// A chain joins though too few notaries admit it.
    case registrationUnconsented = "registration_unconsented"
    /// A chain leaves though its own nodes have not said so.
    case leaveUnconsented = "leave_unconsented"
    /// A chain leaves though blocks above its record may be final.
    case leaveLosesFinal = "leave_loses_final"
    /// A recorder's index keeps what it has written, but never writes it.
    case indexUnwritten = "index_unwritten"

    /// Set once, before any core runs.
    nonisolated(unsafe) package static var planted: PlantedBug?

    /// Whether this bug is the one switched on.
    package var isPlanted: Bool { PlantedBug.planted == self }
}
#endif
