import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension BuilderRole {
    /// Transactions that a collector has stored (A1, S820). Those of other nodes' collectors are checked: nobody trusts another node.
    mutating func receive(_ accepted: AcceptedTransactions, publisher: String, at now: Moment) -> [RoleEffect] {
        guard let address = RoleAddress(publisher), address.role == .collector, address.chain == chain, address.node == accepted.node,
            tree.chain.nodes.contains(where: { $0.id == address.node })
        else { return [.count(.peerFault, by: 1)] }
        let isOwnNode = address.node == context.address.node
        var effects: [RoleEffect] = []
        for pooled in accepted.transactions {
            guard let transaction = try? Transaction(decoding: pooled.transaction, chain: chain, network: network.id) else {
                effects.append(.count(.peerFault, by: 1))
                continue
            }
            let item = BlockItem(transaction: transaction, foreign: pooled.foreign)
            if pool.isConcluded(transaction) || (pool[transaction.id] != nil && item.foreign.isEmpty) {
                effects.append(.count(.duplicate, by: 1))
            } else if evidenceFault(in: item) != nil {
                effects.append(.count(.peerFault, by: 1))
            } else if isOwnNode {
                effects += addToPool(item)
            } else {
                effects += check(item)
            }
        }
        return effects + build(at: now)
    }

    /// S824, S825: validators tell that a hold may be settled or refunded, and show it.
    mutating func receive(_ notice: LegNotice, publisher: String, at now: Moment) -> [RoleEffect] {
        guard notice.chain == chain, let address = RoleAddress(publisher), address.role == .validator, address.node == notice.notary,
            network.notary.listed.contains(where: { $0.id == address.node })
        else { return [.count(.peerFault, by: 1)] }
        guard notice.purpose != .confirm else { return [] }
        let resolution = Resolution(xid: notice.cross.xid, evidence: notice.evidence[0], frozen: notice.frozen)
        let transaction = Transaction(
            notice.purpose == .settle ? .settle(resolution) : .refund(resolution), chain: chain, network: network.id)
        if pool.isConcluded(transaction) { return [.count(.duplicate, by: 1)] }
        let item = BlockItem(transaction: transaction, foreign: notice.foreign)
        guard !notice.cross.heldLegs(on: chain).isEmpty, transaction.bytes.count <= Limits.transactionBytes, shows(notice),
            evidenceFault(in: item) == nil
        else { return [.count(.peerFault, by: 1)] }
        return addToPool(item) + build(at: now)
    }

    /// Whether a notice's evidence makes its rule true (R3, R4).
    private func shows(_ notice: LegNotice) -> Bool {
        let cross = notice.cross
        var isFrozen = false
        if let frozen = notice.frozen {
            guard
                case .success(let status) = EvidenceCheck.status(of: cross.decidingChain, in: frozen, foreign: ForeignBlocks(notice.foreign)),
                status.isFrozen
            else { return false }
            if status.height == 0 { return notice.evidence[0] == frozen }
            isFrozen = status.hash == notice.evidence[0].block
        }
        guard
            case .success(let finding) = EvidenceCheck.finding(
                about: cross.xid, on: cross.decidingChain, in: notice.evidence[0], foreign: ForeignBlocks(notice.foreign))
        else { return false }
        return switch finding.entry?.decision ?? Decision.none {
        case .committed: notice.purpose == .settle
        case .refused, .cancelled: notice.purpose == .refund
        case .none: notice.purpose == .refund && (isFrozen || finding.header.time > cross.deadline)
        }
    }

    /// What is wrong with a transaction's evidence; nil when every block it names is shown to be final and every path leads to
    /// that block's state.
    private mutating func evidenceFault(in item: BlockItem) -> Reason? {
        let evidence = item.transaction.evidence
        guard item.foreign.allSatisfy({ header in evidence.contains { $0.block == header.hash } }) else { return .evidenceInvalid }
        guard !evidence.isEmpty, let xid = item.transaction.xid else { return nil }
        for header in item.foreign {
            if let reason = checker.fault(in: header) { return reason }
        }
        let foreign = ForeignBlocks(item.foreign)
        for entry in evidence {
            guard let header = foreign[entry.block] else { return .evidenceMissing }
            // What the notary chain says of a chain is judged with the transaction.
            if header.chain == .notary { continue }
            if case .failure(let reason) = EvidenceCheck.finding(about: xid, on: header.chain, in: entry, foreign: foreign) { return reason }
        }
        return nil
    }

    /// A member of a `pos` chain has been shown to break a rule: the chain slashes it for that.
    mutating func accuse(_ evidence: Evidence) -> [RoleEffect] {
        guard tree.chain.engine == .pos, evidence.chain == chain, evidence.kind == .doubleVote || evidence.kind == .doubleCandidate else {
            return []
        }
        guard let offence = try? Offence(evidence) else { return [.count(.peerFault, by: 1)] }
        let transaction = Transaction(.evidence(offence), chain: chain, network: network.id)
        guard transaction.bytes.count <= Limits.transactionBytes, !pool.isConcluded(transaction), pool[transaction.id] == nil,
            !tree.ledger.isRecorded(offence.entry.id)
        else { return [.count(.duplicate, by: 1)] }
        return check(BlockItem(transaction: transaction, foreign: []))
    }

    private mutating func check(_ item: BlockItem) -> [RoleEffect] {
        guard pool.count + checks.count < Limits.builderPool else { return [.count(.overloaded, by: 1)] }
        switch StateCheck.signatureChecks(for: item.transaction, network: network, chain: chain) {
        case .failure: return [.count(.peerFault, by: 1)]
        case .success(let signatures) where signatures.isEmpty: return addToPool(item)
        case .success(let signatures): return checks.add(item, signatures)
        }
    }

    mutating func checked(token: UInt64, _ answers: [Bool], at now: Moment) -> [RoleEffect] {
        guard let (items, more) = checks.checked(token: token, answers) else { return [] }
        var effects: [RoleEffect] = []
        for (item, holds) in items { effects += holds ? addToPool(item) : [.count(.badSignature, by: 1)] }
        return effects + more + build(at: now)
    }

    private mutating func addToPool(_ item: BlockItem) -> [RoleEffect] {
        switch pool.insert(item) {
        case .taken: [.count(.received, by: 1)]
        case .replaced: []
        case .duplicate: [.count(.duplicate, by: 1)]
        case .full: [.count(.overloaded, by: 1)]
        }
    }
}
