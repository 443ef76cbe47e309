import Chain
import Crypto
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// Candidacies, ballots and closings that have been handed in and are in no final block yet, each once, in the order in which they came.
struct NominationsWaiting: Sendable {
    private var waiting: OrderedDictionary<Digest, Transaction> = [:]
    /// Those handed in here: this recorder hands them on until they are final.
    private var own: OrderedSet<Digest> = []

    var isEmpty: Bool { waiting.isEmpty }
    var isFull: Bool { waiting.count >= Limits.nominationsWaiting }
    var ownWaiting: [Transaction] { own.compactMap { waiting[$0] } }

    func contains(_ id: Digest) -> Bool { waiting[id] != nil }

    mutating func add(_ transaction: Transaction, isOwn: Bool) {
        waiting[transaction.id] = transaction
        if isOwn { own.append(transaction.id) }
    }

    /// Drops what can be in no later block.
    mutating func keep(where mayCome: (Transaction) -> Bool) {
        waiting = waiting.filter { mayCome($0.value) }
        own = own.filter { waiting[$0] != nil }
    }

    /// The oldest that a branch does not have yet.
    func first(_ count: Int, on ledger: LedgerState) -> [Transaction] {
        Array(waiting.values.lazy.filter { $0.isNews(to: ledger) }.prefix(count))
    }
}

extension RecorderRole {
    /// Somebody hands in a candidacy, a ballot or a closing. The answer says where the election stands: nothing is promised before it is final.
    mutating func nominated(_ bytes: [UInt8], token: UInt64, at now: Moment) -> [RoleEffect] {
        guard let transaction = try? Transaction(decoding: bytes, chain: .notary, network: network.id), transaction.isElection else {
            return [.reply(token: token, .failure(.malformed, detail: "this is no candidacy, ballot or closing"))]
        }
        if stands(transaction) || nominations.contains(transaction.id) { return [.reply(token: token, .election(electionView()))] }
        if let reason = nominationFault(transaction) {
            return [.reply(token: token, .failure(reason, detail: "the notary chain would not take it"))]
        }
        nominations.add(transaction, isOwn: true)
        return [.reply(token: token, .election(electionView())), .publish(.election, .nomination(Nomination(transaction)))]
            + watchNominations() + work(at: now)
    }

    /// Another notary's recorder hands one on.
    mutating func nominated(_ nomination: Nomination, at now: Moment) -> [RoleEffect] {
        let transaction = nomination.transaction
        guard !stands(transaction), !nominations.contains(transaction.id) else { return [.count(.duplicate, by: 1)] }
        if let reason = nominationFault(transaction) { return [.count(reason == .overloaded ? .overloaded : .peerFault, by: 1)] }
        nominations.add(transaction, isOwn: false)
        return work(at: now)
    }

    /// Why one cannot be taken; nil when it can.
    private mutating func nominationFault(_ transaction: Transaction) -> Reason? {
        if nominations.isFull { return .overloaded }
        switch tree.trial(BlockItem(transaction: transaction, foreign: [])) {
        case .applied: break
        case .invalid(let reason), .rejected(let reason): return reason
        }
        guard case .success(let checks) = StateCheck.signatureChecks(for: transaction, network: network, chain: .notary),
            checks.allSatisfy(context.verify)
        else { return .badSignature }
        return nil
    }

    /// Whether the final state has exactly this one.
    private mutating func stands(_ transaction: Transaction) -> Bool {
        tree.moveToFinal()
        switch transaction.kind {
        case .candidacy(let candidacy): return tree.ledger.candidacy(of: candidacy.node) == CandidacyEntry(candidacy)
        case .ballot(let ballot): return tree.ledger.ballot(of: ballot.voter, on: ballot.chain) == BallotEntry(ballot)
        case .closing(let closing): return tree.ledger.hasClosed(closing)
        default: return false
        }
    }

    /// Hands on again, now and then, what was handed in here and is not final.
    private mutating func watchNominations() -> [RoleEffect] {
        guard !isNominationTimerSet, !nominations.ownWaiting.isEmpty else { return [] }
        isNominationTimerSet = true
        return [.setTimer(Timers.nominations, afterMilliseconds: network.timing.republishMilliseconds)]
    }

    mutating func handOnNominations() -> [RoleEffect] {
        isNominationTimerSet = false
        return nominations.ownWaiting.map { .publish(.election, .nomination(Nomination($0))) } + watchNominations()
    }

    /// A final block may have taken some in, or made them void.
    mutating func forgetNominations() {
        guard !nominations.isEmpty else { return }
        var kept = nominations
        kept.keep { transaction in
            if case .applied = tree.trial(BlockItem(transaction: transaction, foreign: [])) { return true }
            return false
        }
        nominations = kept
    }

    /// Those that may stand in a block on `parent`, to which the ledger has been moved.
    func nominationsToTake() -> [Transaction] { nominations.first(Limits.nominationsPerBlock, on: tree.ledger) }

    /// Where notaries are elected, validators must know how far each chain is recorded (E-6): said after every notary block.
    mutating func sayRecords(_ final: FinalHeader) -> [RoleEffect] {
        guard network.notary.election != nil else { return [] }
        tree.moveToFinal()
        return network.chains.filter { $0.engine != .pow && tree.ledger.head(of: $0.id) != nil }.map { chain in
            let proof = tree.ledger.proofOfHead(chain.id)
            return .publish(.recorded(chain.id), .recorded(Recorded(chain: chain.id, head: RecordedHead(notary: final, proof: proof))))
        }
    }

    /// Where the election stands, for whoever asks.
    mutating func electionView() -> ElectionView {
        tree.moveToFinal()
        return ElectionView(
            height: tree.finalHeight, slot: tree.finalSlot, candidacies: tree.ledger.candidacies, ballots: tree.ledger.ballots)
    }
}

extension Transaction {
    /// Whether a branch does not have it yet, nor a newer one of its node.
    fileprivate func isNews(to ledger: LedgerState) -> Bool {
        switch kind {
        case .candidacy(let candidacy): candidacy.number > ledger.candidacy(of: candidacy.node)?.number ?? 0
        case .ballot(let ballot): ballot.number > ledger.ballot(of: ballot.voter, on: ballot.chain)?.number ?? 0
        case .closing(let closing): closing.epoch == ledger.epochEntries.last?.epoch ?? 0 && !ledger.hasClosed(closing)
        default: false
        }
    }
}
