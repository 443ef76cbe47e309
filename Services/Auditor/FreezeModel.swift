import Foundation
import Schema

/// Rules R8 and J-7, and R4's third case.
extension LedgerModel {
    /// A chain is frozen at its recorded head, by more notaries than may lie.
    mutating func applyFreeze(_ freeze: PBFreeze) -> RuleResult {
        let recorded = heads[freeze.chain]
        guard Bytes(freeze.hash) == recorded?.hash ?? network.genesisHash(of: freeze.chain), freeze.height == recorded?.height ?? 0 else {
            return .forbidden(.oneFinal, "freezes \(freeze.chain) elsewhere than at its recorded head (R8)")
        }
        return change(freeze.chain, isFrozen: true, since: freeze.since, freeze.consents)
    }

    /// A frozen chain goes on, by a quorum of notaries.
    mutating func applyThaw(_ thaw: PBThaw) -> RuleResult { change(thaw.chain, isFrozen: false, since: thaw.since, thaw.consents) }

    private mutating func change(_ name: String, isFrozen: Bool, since: UInt64, _ consents: [PBAuthorization]) -> RuleResult {
        guard name != chain.id, let named = subChain(name), named.work == nil else { return .forbidden(.replay, "freezes or thaws no sub-chain of the network") }
        let status = statuses[name]
        guard since == status?.notaryHeight ?? 0, (status?.isFrozen ?? false) != isFrozen, status?.hasLeft != true else {
            return .forbidden(.oneFinal, "does not follow from the status of \(name) (R8)")
        }
        let voters = (stakes.electorate(of: slot) ?? []).map(\.key)
        guard isConsented(consents, by: voters, atLeast: isFrozen ? (voters.count - 1) / 3 + 1 : 2 * voters.count / 3 + 1) else {
            return .forbidden(.certificates, "freezes or thaws \(name) with too few consents (R8)")
        }
        write(
            StatusModel(
                chain: name, isFrozen: isFrozen, height: heads[name]?.height ?? 0, hash: heads[name]?.hash ?? network.genesisHash(of: name),
                notaryHeight: height))
        return .outcome(0)
    }

    /// Whether enough have consented, each once and in their order.
    private func isConsented(_ consents: [PBAuthorization], by voters: [Bytes], atLeast needed: Int) -> Bool {
        let places = consents.map { consent in voters.firstIndex { $0 == Bytes(consent.key) } ?? -1 }
        return places.count >= needed && places.first ?? 0 >= 0 && zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// A chain leaves at its recorded head: by more than two thirds of the notaries, and of its own nodes. New business with it stops.
    mutating func applyLeave(_ leave: PBLeave) -> RuleResult {
        let name = leave.chain
        let recorded = (height: heads[name]?.height ?? 0, hash: heads[name]?.hash ?? network.genesisHash(of: name))
        guard name != chain.id, let leaver = subChain(name) else { return .forbidden(.replay, "lets leave what is no sub-chain of the network (J-7)") }
        guard leave.height == recorded.height, Bytes(leave.hash) == recorded.hash else {
            return .forbidden(.oneFinal, "lets \(name) leave elsewhere than at its recorded head (J-7)")
        }
        let status = statuses[name]
        guard leave.since == status?.notaryHeight ?? 0, status?.hasLeft != true else {
            return .forbidden(.oneFinal, "does not follow from the status of \(name) (J-7)")
        }
        let voters = (stakes.electorate(of: slot) ?? []).map(\.key)
        let nodes = leaver.nodes.map(\.key)
        guard isConsented(leave.consents, by: voters, atLeast: 2 * voters.count / 3 + 1), isConsented(leave.nodes, by: nodes, atLeast: 2 * nodes.count / 3 + 1) else {
            return .forbidden(.certificates, "lets \(name) leave with too few consents (J-7)")
        }
        if status?.isFrozen != true, let fault = notReady(leaver, at: recorded.height) { return .forbidden(.oneFinal, fault) }
        let began = status?.isFrozen == true ? status?.notaryHeight ?? height : height
        write(StatusModel(chain: name, isFrozen: true, hasLeft: true, height: recorded.height, hash: recorded.hash, notaryHeight: began))
        let pauseName = PauseModel.name(ofChain: name)
        let before = pauses[pauseName]
        if before?.level != 2, before != nil || pauses.count < AuditLimits.pauseTargets {
            write(PauseModel(name: pauseName, level: 2, number: (before?.number ?? 0) + 1, notaryHeight: height))
        }
        return .outcome(0)
    }

    /// What is against an open chain's leaving after a block of it: it has to be paused for 16 notary blocks, and, unless it is mined, its next block would have to
    /// be certified by the same nodes who now let it leave.
    private func notReady(_ leaver: AuditChain, at head: UInt64) -> String? {
        guard let pause = pauses[PauseModel.name(ofChain: leaver.id)], pause.level == 2, pause.notaryHeight + 16 <= height else {
            return "lets \(leaver.id) leave that has not been paused for long enough (J-7)"
        }
        guard leaver.work == nil, let election = stakes.election else { return nil }
        let certifiers = stakes.electorate(ofEpoch: election.epoch(of: leaver.id, height: head + 1))?.map(\.id)
        return certifiers == stakes.electorate(of: slot)?.map(\.id) ? nil : "lets \(leaver.id) leave by others than certify its next block (J-7)"
    }

    /// R4: the deciding chain is frozen at a block in whose state nothing is committed.
    mutating func applyFrozenRefund(_ transaction: ParsedTransaction, _ refund: PBRefund, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        guard let xid = transaction.xid, var entry = crosses[xid], entry.status == .held, let cross = terms[xid] else {
            return .forbidden(.allOrNothing, "gives back what is not held (R5)")
        }
        let decider = cross.decidingLeg.chain
        guard let status = FreezeModel.status(of: decider, refund.frozen, evidence: evidence), status.isFrozen else {
            return .forbidden(.allOrNothing, "refunds by a freeze of \(decider) that is not shown (R4)")
        }
        if status.height > 0 {
            guard let header = evidence[Bytes(refund.evidence.block)], header.hash == status.hash, header.chain == decider,
                let shown = StateProofModel.entry(refund.evidence.proof, key: Sodium.hash(.stateCross, xid), root: header.stateRoot)
            else { return .forbidden(.allOrNothing, "does not show the block that \(decider) is frozen at (R4)") }
            if case .present(let value) = shown, value.count > 33, value[33] == CrossModel.Decision.committed.rawValue {
                return .forbidden(.allOrNothing, "refunds by a freeze though \(decider) has committed (R4)")
            }
        }
        entry.status = .refunded
        entry.resolved = height
        write(entry)
        for hold in entry.legs where !credit(hold.debit, hold.amount, of: hold.asset) {
            return .forbidden(.conservation, "pays out more than fits")
        }
        return .outcome(0)
    }
}

/// Freezes of the sub-chains, as the notary chain's blocks tell them.
struct FreezeModel {
    struct Freeze {
        var height: UInt64
        var notaryHeight: UInt64
        var thawedAt: UInt64?
    }

    private var freezes: [String: [Freeze]] = [:]

    /// Reads a final notary block.
    mutating func read(_ block: PBBlock, at height: UInt64, network: Bytes) {
        for data in block.transactions {
            guard let transaction = try? ParsedTransaction(data, chain: AuditNetwork.notaryName, network: network) else { continue }
            switch transaction.kind {
            case .freeze(let item): freezes[item.chain, default: []].append(Freeze(height: item.height, notaryHeight: height))
            case .thaw(let item):
                if let last = freezes[item.chain]?.indices.last { freezes[item.chain]?[last].thawedAt = height }
            case .leave(let item):
                // A frozen chain that leaves stays frozen by the same freeze.
                if let last = freezes[item.chain]?.last, last.thawedAt == nil { continue }
                freezes[item.chain, default: []].append(Freeze(height: item.height, notaryHeight: height))
            default: continue
            }
        }
    }

    /// Why a block counts for nothing; nil when it may count.
    func voidness(_ header: ParsedHeader) -> String? {
        let isVoid = freezes[header.chain, default: []].contains { $0.height < header.height && header.notaryHeight < $0.thawedAt ?? .max }
        return isVoid ? "is about block \(header.height) of \(header.chain), which a freeze has made void (R8)" : nil
    }

    /// Whether a chain was frozen, by the freeze of a notary block, as of another one.
    func isFrozen(_ chain: String, since: UInt64, asOf notaryHeight: UInt64) -> Bool {
        freezes[chain, default: []].contains { $0.notaryHeight == since && since <= notaryHeight && notaryHeight < $0.thawedAt ?? .max }
    }

    /// The notary block of a chain's last thaw as of another one; 0 for none.
    func lastThaw(_ chain: String, asOf notaryHeight: UInt64) -> UInt64 {
        freezes[chain, default: []].compactMap(\.thawedAt).filter { $0 <= notaryHeight }.max() ?? 0
    }

    /// What evidence shows of a chain's status.
    static func status(of chain: String, _ item: PBStateEvidence, evidence: [Bytes: ParsedHeader]) -> StatusModel? {
        guard let header = evidence[Bytes(item.block)], header.chain == AuditNetwork.notaryName,
            case .present(let value)? = StateProofModel.entry(
                item.proof, key: Sodium.hash(.stateFrozen, Array(chain.utf8)), root: header.stateRoot),
            value.count == 81, (1...3).contains(value[32])
        else { return nil }
        func number(_ start: Int) -> UInt64 { value[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        let status = StatusModel(
            chain: chain, isFrozen: value[32] != 2, hasLeft: value[32] == 3, height: number(33), hash: Bytes(value[41..<73]), notaryHeight: number(73))
        return status.encoded == value ? status : nil
    }

    /// What a transaction of a sub-chain's block relies on against the notary chain's word; nil when it is in order.
    func fault(in transaction: ParsedTransaction, of header: ParsedHeader, evidence: [Bytes: ParsedHeader]) -> String? {
        for item in transaction.evidence {
            if let block = evidence[Bytes(item.block)], let fault = voidness(block) { return fault }
        }
        switch transaction.kind {
        case .confirm(let item):
            let thaw = lastThaw(header.chain, asOf: header.notaryHeight)
            let isShown = item.holds.allSatisfy { evidence[Bytes($0.block)]?.notaryHeight ?? 0 >= thaw }
            return isShown ? nil : "decides by a hold whose block does not know of the thaw (R2)"
        case .refund(let item) where item.hasFrozen:
            guard let block = evidence[Bytes(item.frozen.block)], block.height <= header.notaryHeight, item.frozen.proof.value.count == 81 else {
                return "refunds by a freeze that its block cannot know of (R4)"
            }
            let value = Bytes(item.frozen.proof.value)
            let chain = String(decoding: value[..<32].prefix { $0 != 0 }, as: UTF8.self)
            let since = value[73..<81].reduce(0) { $0 << 8 | UInt64($1) }
            return isFrozen(chain, since: since, asOf: header.notaryHeight) ? nil : "refunds by a freeze that has ended (R4)"
        case .adopt(let item):
            let isKnown = evidence[Bytes(item.evidence.block)].map { $0.height <= header.notaryHeight } ?? false
            return isKnown ? nil : "takes in terms by a notary block that its block cannot know of"
        case .heed(let item):
            let isKnown = evidence[Bytes(item.evidence.block)].map { $0.height <= header.notaryHeight } ?? false
            return isKnown ? nil : "takes in a pause by a notary block that its block cannot know of"
        default: return nil
        }
    }
}
