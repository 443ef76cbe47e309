import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// Offences that have been shown and are not recorded yet, each once, in the order in which they came.
struct OffencesWaiting: Sendable {
    private var waiting: OrderedDictionary<Digest, Offence> = [:]

    var isEmpty: Bool { waiting.isEmpty }
    var isFull: Bool { waiting.count >= Limits.offencesWaiting }

    func contains(_ offence: Offence) -> Bool { waiting[offence.entry.id] != nil }

    mutating func add(_ offence: Offence) { waiting[offence.entry.id] = offence }

    mutating func forget(_ id: Digest) { waiting[id] = nil }

    var entries: [OffenceEntry] { waiting.values.map(\.entry) }

    /// The oldest that are not left out.
    func first(_ count: Int, unless isLeftOut: (Offence) -> Bool) -> [Offence] {
        var found: [Offence] = []
        for offence in waiting.values where found.count < count && !isLeftOut(offence) { found.append(offence) }
        return found
    }
}

extension RecorderRole {
    /// Somebody shows that a rule was broken: it is recorded once this notary leads (invariants 3 and 9).
    ///
    /// A notary accused of signing what is invalid is a question of judgement: only the word of this notary's own validator counts.
    mutating func accuse(_ evidence: Evidence, publisher: String, at now: Moment) -> [RoleEffect] {
        guard let offence = try? Offence(evidence) else { return [.count(.peerFault, by: 1)] }
        if tree.ledger.isRecorded(offence.entry.id) || offences.contains(offence) { return [.count(.duplicate, by: 1)] }
        guard !offences.isFull else { return [.count(.overloaded, by: 1)] }
        if evidence.kind == .signedInvalid, !isOwn(publisher, .validator, chain: evidence.chain) { return [] }
        guard let checks = offence.signatureChecks(network: network), checks.allSatisfy(context.verify), tree.areFinal(offence) else {
            return [.count(.badSignature, by: 1)]
        }
        offences.add(offence)
        return work(at: now)
    }

    /// Another notary's candidate records another final block of a height than this notary has: both are shown to all.
    mutating func compare(_ block: Block, at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for transaction in block.transactions {
            guard case .record(let record) = transaction.kind,
                let own = unrecorded.final(of: record.final.header.chain, at: record.final.header.height), own.hash != record.final.hash
            else { continue }
            let evidence = Evidence(chain: own.header.chain, kind: .twoFinals, first: own.encoded, second: record.final.encoded)
            guard let offence = try? Offence(evidence), !tree.ledger.isRecorded(offence.entry.id), !offences.contains(offence),
                tree.areFinal(offence)
            else { continue }
            effects.append(.publish(.evidence, .evidence(evidence)))
            effects += accuse(evidence, publisher: context.address.description, at: now)
        }
        return effects
    }

    /// Whether a chain is known to have two final blocks at a height that is not recorded yet: notaries that follow different ones
    /// would refuse each other's candidates, and the notary chain would record nothing of any chain any more.
    func isContested(_ chain: ChainID, after recorded: Height, _ ledger: LedgerState) -> Bool {
        func shows(_ entry: OffenceEntry) -> Bool { entry.kind == .twoFinals && entry.chain == chain && entry.place > recorded }
        return offences.entries.contains(where: shows) || ledger.offences.contains { shows($0.entry) }
    }

    /// Offences that may stand in a block of a slot on the branch to which the ledger has been moved; of any slot for nil.
    ///
    /// A notary whose validators have not made up their minds about a signature lets no candidate pass that accuses it: one that did not
    /// hear them would hold up all records for ever if every turn of the others accused.
    func offencesToRecord(at slot: Slot?) -> [Offence] {
        let ledger = tree.ledger
        let mayJudge = slot.map { turn(of: $0) == .judgement } ?? true
        return offences.first(Limits.offencesPerBlock) { offence in
            ledger.isRecorded(offence.entry.id) || !mayJudge && offence.evidence.kind == .signedInvalid
        }
    }

    /// People are told of what the notary chain has recorded.
    func announce(_ offence: Offence, at height: Height) -> RoleEffect {
        let entry = offence.entry
        let who = entry.offender.map { name(of: $0, on: entry.chain) } ?? "more than a third of its nodes"
        return .raise(
            code: "offence_recorded",
            detail: "notary block \(height) records \(entry.kind.rawValue) on \(entry.chain) by \(who), slot or height \(entry.place)",
            severity: .critical)
    }

    private func name(of key: PublicKey, on chain: ChainID) -> String {
        let nodes = (network.chain(chain)?.nodes ?? []) + network.notary.nodes
        return nodes.first { $0.key == key }?.id ?? "\(key)"
    }

    /// Recorded offences, for whoever asks.
    func recorded(from: UInt64, limit: Int) -> Response {
        let all = tree.ledger.offences
        let first = Int(min(from, UInt64(all.count)))
        return .offences(Array(all[first...].prefix(limit)), count: UInt64(all.count))
    }
}
