import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// Candidacies, ballots, closings and contracts that have been handed in and are in no final block yet, each once, in the order in which they came.
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
    /// Somebody hands in a candidacy, a ballot, a closing or a contract. The answer says where the election stands, or which contracts there are:
    /// nothing is promised before it is final.
    mutating func nominated(_ bytes: [UInt8], token: UInt64, at now: Moment) -> [RoleEffect] {
        guard let transaction = try? Transaction(decoding: bytes, chain: .notary, network: network.id), transaction.isNomination else {
            return [.reply(token: token, .failure(.malformed, detail: "this is no candidacy, ballot, closing or contract"))]
        }
        if stands(transaction) || nominations.contains(transaction.id) { return [.reply(token: token, answer(to: transaction))] }
        if let reason = nominationFault(transaction) {
            return [.reply(token: token, .failure(reason, detail: "the notary chain would not take it"))]
        }
        nominations.add(transaction, isOwn: true)
        return [.reply(token: token, answer(to: transaction)), .publish(.election, .nomination(Nomination(transaction)))]
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
        case .deploy(let deploy): return entry(of: deploy)?.terms == deploy.terms
        default: return false
        }
    }

    private func entry(of deploy: Deploy) -> ContractEntry? {
        tree.ledger.entry(of: deploy.terms.contract.id, version: deploy.terms.contract.version)
    }

    private mutating func answer(to transaction: Transaction) -> Response {
        guard case .deploy(let deploy) = transaction.kind else { return .election(electionView()) }
        tree.moveToFinal()
        return .contracts(entry(of: deploy).map { [$0] } ?? [], count: UInt64(tree.ledger.contracts.count))
    }

    /// Contracts that the notary chain holds, for whoever asks.
    mutating func contracts(from: UInt64, limit: Int) -> Response {
        tree.moveToFinal()
        let all = tree.ledger.contracts
        return .contracts(Array(all.dropFirst(Int(min(from, UInt64(all.count)))).prefix(limit)), count: UInt64(all.count))
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
        case .deploy(let deploy): ledger.entry(of: deploy.terms.contract.id, version: deploy.terms.contract.version) == nil
        case .closing(let closing): closing.epoch == ledger.epochEntries.last?.epoch ?? 0 && !ledger.hasClosed(closing)
        default: false
        }
    }
}
