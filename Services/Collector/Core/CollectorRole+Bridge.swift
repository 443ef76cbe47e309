import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// Attestations of orders that are to appear on a chain, as members hand them in, until there are enough (B3, B5).
///
/// Nothing is stored: members say it again until what they attest has appeared.
struct GatheredAttestations: Sendable {
    private struct Entry: Sendable {
        var proof: BridgeProof
        var final: FinalHeader
    }

    private var entries: OrderedDictionary<[UInt8], Entry> = [:]

    /// Orders waited for at once; the oldest go first, and are attested again.
    static let maximum = 4_096

    /// Takes what members show; the newer evidence stays.
    ///
    /// - Returns: the proof with all attestations so far, and its block.
    mutating func add(_ proof: BridgeProof, _ final: FinalHeader) -> (proof: BridgeProof, final: FinalHeader) {
        let name = NodeName.padded(proof.contract) + proof.order.bytes
        var entry = entries[name] ?? Entry(proof: proof, final: final)
        // Members of an older version attest no longer.
        if entry.proof.version != proof.version { entry = Entry(proof: proof, final: final) }
        let known = entry.proof.attestations
        let newest = entry.final.header.height < final.header.height ? (proof, final) : (entry.proof, entry.final)
        let more = proof.attestations.filter { item in !known.contains { $0.key == item.key } }
        entry.proof = BridgeProof(
            contract: proof.contract, version: proof.version, origin: proof.origin, order: proof.order, evidence: newest.0.evidence,
            attestations: known + more)
        entry.final = newest.1
        if entries.count >= GatheredAttestations.maximum, entries[name] == nil { entries.removeFirst() }
        entries[name] = entry
        return (entry.proof, entry.final)
    }

    /// What it was about has appeared, or may not.
    mutating func forget(_ contract: String, _ order: Digest) { entries[NodeName.padded(contract) + order.bytes] = nil }
}

/// Pegs (B1 to B5): what clients and members ask of a chain's node, and how proofs come together.
extension CollectorRole {
    /// How a peg stands at the newest final block.
    func view(of query: BridgeQuery) -> BridgeView {
        let ledger = tree.ledger
        let version = ledger.newestVersion(of: query.contract)
        var items: [BridgeItem]
        if query.orders.isEmpty {
            // After a snapshot they do not lie in the order of their blocks.
            items = ledger.bridgeItems.filter {
                $0.kind == query.kind && $0.contract == query.contract && ($0.height, $0.order) > (query.fromHeight, query.afterOrder)
            }
                .sorted { ($0.height, $0.order) < ($1.height, $1.order) }
        } else {
            items = query.orders.compactMap { ledger.item(query.kind, of: query.contract, order: $0) }
        }
        items = Array(items.prefix(Limits.bridgeItemsPerAnswer))
        let side = version.flatMap { ledger.contract(query.contract, version: $0)?.second }.flatMap { $0.chain == chain ? $0 : nil }
        let returned = side.flatMap { ledger.account($0.reserve)?.balances.amount(of: $0.asset) } ?? 0
        return BridgeView(version: version, height: tree.finalHeight, lane: ledger.laneAmount(of: query.contract), returned: returned, items: items)
    }

    /// Shows an order, or what it became, at the newest final block.
    func show(_ query: BridgeProofQuery) -> Response {
        guard let newestFinal else { return .failure(.notReady, detail: "this chain has no final block yet") }
        return .bridgeShown(newestFinal, tree.ledger.proofOfBridge(query.kind, of: query.contract, order: query.order))
    }

    /// Members attest an order that is to appear here. With the last one that it takes, the proof goes to the builders.
    mutating func attest(_ proof: BridgeProof, _ final: FinalHeader, token: UInt64, at now: Moment) -> [RoleEffect] {
        func refuse(_ reason: Reason, _ detail: String) -> [RoleEffect] { [.count(.refused, by: 1), .reply(token: token, .failure(reason, detail: detail))] }
        let ledger = tree.ledger
        guard let newest = ledger.newestVersion(of: proof.contract), let contract = ledger.contract(proof.contract, version: newest), let peg = contract.peg else {
            return refuse(.unknownContract, "\(chain) knows no peg \(proof.contract)")
        }
        guard proof.version == newest else { return refuse(.superseded, "version \(newest) of \(proof.contract) counts here") }
        let isIssue = contract.second.chain == chain
        let ordered: BridgeItem.Kind = isIssue ? .locked : .redeemed
        guard isIssue || contract.first.chain == chain, proof.origin == (isIssue ? contract.first.chain : contract.second.chain) else {
            return refuse(.wrongChain, "\(proof.contract) does not lead from \(proof.origin) to \(chain)")
        }
        let members = peg.members(for: ordered)
        if ledger.item(ordered.consumption, of: proof.contract, order: proof.order) != nil {
            gathered.forget(proof.contract, proof.order)
            return [.count(.duplicate, by: 1), .reply(token: token, .attested(have: members.threshold, threshold: members.threshold))]
        }
        guard proof.evidence.block == final.hash, checker.fault(in: final) == nil else {
            return [.count(.badSignature, by: 1)] + refuse(.evidenceInvalid, "the block is not shown to be final")
        }
        let item: BridgeItem
        switch EvidenceCheck.order(ordered, of: proof.contract, proof.order, on: proof.origin, in: proof.evidence, foreign: ForeignBlocks([final])) {
        case .failure(let reason): return refuse(reason, "that block does not show the order")
        case .success(let found): item = found
        }
        guard !proof.attestations.isEmpty, proof.attestations.allSatisfy({ members.keys.contains($0.key) }) else {
            return refuse(.notAllowed, "only members of \(proof.contract) attest")
        }
        guard proof.attestations.allSatisfy({ context.verify($0.check(item, on: proof.origin, version: proof.version, network: network.id)) }) else {
            return [.count(.badSignature, by: 1)] + refuse(.badSignature, "an attestation does not hold")
        }
        let (whole, block) = gathered.add(proof, final)
        let reply: RoleEffect = .reply(token: token, .attested(have: whole.attestations.count, threshold: members.threshold))
        guard whole.attestations.count >= members.threshold else { return [.count(.received, by: 1), reply] }
        let transaction = Transaction(isIssue ? .issue(whole) : .release(whole), chain: chain, network: network.id)
        var dropped: [RoleEffect] = []
        // The block that an older copy relies on may have come to nothing, if its chain is corrupt: newer evidence takes its place.
        if let older = pending[transaction.id], let relied = older.item.foreign.first, relied.header.height < block.header.height {
            _ = pending.remove(transaction.id)
            dropped.append(.persist([.delete(.accepted, key: older.key)]))
        }
        guard standing(of: transaction.id) == nil, pending.count + checks.count < Limits.collectorPending else { return [.count(.duplicate, by: 1), reply] }
        return [reply] + dropped + accept([Submission(item: BlockItem(transaction: transaction, foreign: [block]), tokens: [])], at: now)
    }
}
