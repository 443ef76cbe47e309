import Cryptography
import Schema

/// A recorder hands a candidacy, a ballot, a closing or a contract on to the other notaries' recorders, so that whoever leads next can take it in.
package struct Nomination: Hashable, Sendable {
    package let transaction: Transaction

    /// - Precondition: it is a candidacy, a ballot, a closing or a contract.
    package init(_ transaction: Transaction) {
        precondition(transaction.isNomination, "only what others lead into a block is handed on")
        self.transaction = transaction
    }

    init(_ message: PBNomination, network: Digest) throws(WireFault) {
        try Field.count(message.transaction.count, atMost: Limits.transactionBytes, "Nomination.transaction")
        transaction = try Transaction(decoding: [UInt8](message.transaction), chain: .notary, network: network)
        guard transaction.isNomination else { throw WireFault(.invalid, "Nomination.transaction") }
    }

    var message: PBNomination {
        var message = PBNomination()
        message.transaction = Digest.dataOf(transaction.bytes)
        return message
    }
}

extension Transaction {
    /// Whether it is a candidacy, a ballot, a closing or a contract: somebody hands it to one recorder, and any may lead it into a block.
    package var isNomination: Bool {
        switch kind {
        case .candidacy, .ballot, .closing, .deploy: true
        default: false
        }
    }
}

/// Where the election stands, for whoever asks: as of the newest final notary block that the recorder has.
package struct ElectionView: Hashable, Sendable {
    package var height: Height
    package var slot: Slot
    package var candidacies: [CandidacyEntry]
    package var ballots: [BallotEntry]

    package init(height: Height, slot: Slot, candidacies: [CandidacyEntry], ballots: [BallotEntry]) {
        self.height = height
        self.slot = slot
        self.candidacies = candidacies
        self.ballots = ballots
    }

    init(_ message: PBElection) throws(WireFault) {
        try Field.count(message.candidacies.count, atMost: Limits.notaryNodes, "Election.candidacies")
        try Field.count(message.ballots.count, atMost: Limits.ballots, "Election.ballots")
        height = message.height
        slot = message.slot
        candidacies = try mapChecked(message.candidacies) { item throws(WireFault) in
            guard let entry = CandidacyEntry(decoding: [UInt8](item)) else { throw WireFault(.invalid, "Election.candidacies") }
            return entry
        }
        ballots = try mapChecked(message.ballots) { item throws(WireFault) in
            guard let entry = BallotEntry(decoding: [UInt8](item)) else { throw WireFault(.invalid, "Election.ballots") }
            return entry
        }
    }

    var message: PBElection {
        var message = PBElection()
        message.height = height
        message.slot = slot
        message.candidacies = candidacies.map { Digest.dataOf($0.encoded) }
        message.ballots = ballots.map { Digest.dataOf($0.encoded) }
        return message
    }
}
