import Cryptography
import Determinism
import Wire

/// Pegs (B1 to B5): value that is locked on a main chain stands on a side chain, once, and what comes back there is paid out, once.
///
/// Two things have to be shown before value appears: the other chain's state, as of a final block, and that enough members of the peg attest
/// it. Members alone cannot make value, and nobody can without them.
extension LedgerState {
    /// Takes value from its owner on one chain of a peg, to appear on the other.
    ///
    /// Like a transfer it uses the nonce up, whatever the answer. Reasons are found in this order: wrongChain, unknownPayer, notAllowed,
    /// nonceUsed, nonceOutsideWindow (all invalid), unknownContract, contractSuperseded, termsViolated, paused, insufficientFunds, capReached.
    mutating func applyBridgeOrder(_ order: BridgeOrder, _ kind: BridgeItem.Kind, id: Digest, at block: OpenBlock) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        guard let sender = place(of: order.sender) else { return .invalid(.unknownPayer) }
        guard !slots[sender].isReserve, !pegAccounts.contains(order.sender), order.amount > 0 else { return .invalid(.notAllowed) }
        switch slots[sender].account.nonces.refusal(of: order.nonce) {
        case .used: return .invalid(.nonceUsed)
        case .outside: return .invalid(.nonceOutsideWindow)
        case nil: break
        }
        touch(sender)
        slots[sender].account.nonces.use(order.nonce)
        guard let contract = terms(order.contract, version: order.version), contract.peg != nil else { return .rejected(.unknownContract) }
        guard newestVersion(of: order.contract) == order.version else { return .rejected(.contractSuperseded) }
        let (own, other) = kind == .locked ? (contract.first, contract.second) : (contract.second, contract.first)
        guard own.chain == chain, order.receiver != other.reserve, (contract.minimumAmount...contract.maximumAmount).contains(order.amount) else {
            return .rejected(.termsViolated)
        }
        if let reason = pauseFault(contract) { return .rejected(reason) }
        guard slots[sender].account.balances.amount(of: own.asset) >= order.amount, let reserve = place(of: own.reserve) else {
            return .rejected(.insufficientFunds)
        }
        if kind == .redeemed {
            // Nothing comes back that was not issued under this peg: its release is always covered.
            let returned = slots[reserve].account.balances.amount(of: own.asset)
            let issued = laneAmount(of: order.contract)
            guard returned <= issued, order.amount <= issued - returned else { return .rejected(.insufficientFunds) }
        }
        let passage = passage(.paidIn, of: order.amount, under: contract)
        if let reason = capFault(passage, at: block) { return .rejected(reason) }
        countObserved { $0.concerns(contract) }
        pass(passage, isEarly: { _ in false }, at: block)
        debit(sender, order.amount, of: own.asset)
        credit(reserve, order.amount, of: own.asset)
        if kind == .locked { changeLane(of: order.contract, by: order.amount, isAdded: true) }
        insert(
            BridgeItem(
                kind: kind, contract: order.contract, version: order.version, order: id, sender: order.sender, receiver: order.receiver,
                amount: order.amount, height: block.height, time: block.time))
        return .applied
    }

    /// Value appears that has left the other chain of a peg. Always applied, or no part of a block.
    ///
    /// Reasons are found in this order: wrongChain on the notary chain; unknownContract; superseded when a newer version stands here;
    /// wrongChain when the value does not go to this chain, or comes from another than the peg's; duplicateTransaction when it has appeared;
    /// those of the evidence (`EvidenceCheck.order`); missingAuthorization for too few
    /// attestations, one by no member or a second one of a member; notAllowed when the receiver is a peg's own account;
    /// reserveShort when more would be released than is locked; termsViolated when more would be issued than 64 bits hold; tooManyAssets;
    /// paused, delayed and capReached while the brakes put it off.
    mutating func applyBridgeProof(_ proof: BridgeProof, _ kind: BridgeItem.Kind, at block: OpenBlock, foreign: ForeignBlocks) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        guard let contract = terms(proof.contract, version: proof.version), let peg = contract.peg else { return .invalid(.unknownContract) }
        guard newestVersion(of: proof.contract) == proof.version else { return .invalid(.superseded) }
        let (own, other) = kind == .issued ? (contract.second, contract.first) : (contract.first, contract.second)
        guard own.chain == chain, proof.origin == other.chain else { return .invalid(.wrongChain) }
        let ordered: BridgeItem.Kind = kind == .issued ? .locked : .redeemed
        guard item(kind, of: proof.contract, order: proof.order) == nil else { return .invalid(.duplicateTransaction) }
        let item: BridgeItem
        switch EvidenceCheck.order(ordered, of: proof.contract, proof.order, on: other.chain, in: proof.evidence, foreign: foreign) {
        case .failure(let reason): return .invalid(reason)
        case .success(let found): item = found
        }
        if let reason = fault(in: proof.attestations, by: peg.members(for: ordered)) { return .invalid(reason) }
        if let reason = fault(in: item, kind, own) { return .invalid(reason) }
        let passage = passage(.appears, of: item.amount, under: contract)
        if let reason = pauseFault(contract) ?? delayFault(passage, since: item.time, at: block) ?? capFault(passage, at: block) {
            return .invalid(reason)
        }
        countObserved { $0.concerns(contract) }
        pass(passage, isEarly: { LedgerState.elapsed(since: item.time, at: block) < $0 }, at: block)
        var appeared = item
        (appeared.kind, appeared.version, appeared.height, appeared.time) = (kind, proof.version, block.height, block.time)
        if kind == .issued { makeWrapped(item.amount, own, of: proof.contract) } else { changeLane(of: proof.contract, by: item.amount, isAdded: false) }
        guard let reserve = place(of: own.reserve) else { preconditionFailure("a peg's account has been checked") }
        let known = place(of: item.receiver)
        if known == nil { insert(Account(key: item.receiver)) }
        debit(reserve, item.amount, of: own.asset)
        credit(known ?? slots.count - 1, item.amount, of: own.asset)
        insert(appeared)
        return .applied
    }

    /// What is wrong with a proof's attestations; their signatures are the caller's business.
    private func fault(in attestations: [BridgeAttestation], by members: PegTerms.Members) -> Reason? {
#if PLANTED_BUGS
        if PlantedBug.bridgeUnattested.isPlanted { return nil }
#endif
        let keys = attestations.map(\.key)
        // One reason for all: another copy with the same id may be attested rightly.
        let isByMembers = keys.allSatisfy { members.keys.contains($0) } && zip(keys, keys.dropFirst()).allSatisfy { $0.digest < $1.digest }
        return isByMembers && keys.count >= members.threshold ? nil : .missingAuthorization
    }

    /// Why an order cannot be paid on this side.
    private func fault(in item: BridgeItem, _ kind: BridgeItem.Kind, _ own: ContractSide) -> Reason? {
        guard !pegAccounts.contains(item.receiver), let reserve = place(of: own.reserve) else { return .notAllowed }
        let inReserve = slots[reserve].account.balances.amount(of: own.asset)
        if kind == .released {
            guard laneAmount(of: item.contract) >= item.amount, inReserve >= item.amount else { return .reserveShort }
        } else if item.amount > inReserve {
            guard !laneAmount(of: item.contract).addingReportingOverflow(item.amount - inReserve).overflow, hasRoomInTotal(item.amount, own.asset) else {
                return .termsViolated
            }
        }
        if let place = place(of: item.receiver), !hasRoom(place, for: own.asset) { return .tooManyAssets }
        return nil
    }

    private func hasRoomInTotal(_ amount: Amount, _ asset: AssetID) -> Bool {
        guard let total = totals.first(where: { $0.asset == asset }) else { return true }
        let (sum, overflow) = total.supply.addingReportingOverflow(total.issued)
        return !overflow && !sum.addingReportingOverflow(amount).overflow
    }

    /// Puts into the return account what it lacks: what came back earlier is issued again first.
    private mutating func makeWrapped(_ amount: Amount, _ own: ContractSide, of contract: String) {
        guard let reserve = place(of: own.reserve) else { preconditionFailure("a peg's account has been checked") }
        let returned = slots[reserve].account.balances.amount(of: own.asset)
        guard amount > returned else { return }
        countIssued(amount - returned, of: own.asset)
        credit(reserve, amount - returned, of: own.asset)
        changeLane(of: contract, by: amount - returned, isAdded: true)
    }

    /// Counts what appears of an asset although genesis did not have it.
    private mutating func countIssued(_ amount: Amount, of asset: AssetID) {
        let place = totals.firstIndex { $0.asset >= asset } ?? totals.count
        if place == totals.count || totals[place].asset != asset {
            totals.insert(AssetTotal(asset: asset, supply: 0, balances: 0, holds: 0), at: place)
        }
        totals[place].issued += amount
    }

    // MARK: entries

    /// The newest version of a contract that counts here; nil when there is none.
    package func newestVersion(of id: String) -> UInt32? {
        let described = network.contracts.lazy.filter { $0.id == id }.map(\.version).max()
        let declared = contracts.lazy.filter { $0.terms.contract.id == id }.map(\.terms.contract.version).max()
        return [described, declared].compactMap { $0 }.max()
    }

    /// What the chain keeps of an order, or of what it became here, with the effects of the open block.
    package func item(_ kind: BridgeItem.Kind, of contract: String, order: Digest) -> BridgeItem? {
        bridgeIndex[StateKey.bridge(kind, contract, order)].map { bridgeItems[Int($0)] }
    }

    /// How much has crossed a peg and not come back, as this chain knows it (`LaneEntry`), with the effects of the open block.
    package func laneAmount(of contract: String) -> Amount { lanes.first { $0.contract == contract }?.amount ?? 0 }

    private mutating func insert(_ item: BridgeItem) {
        bridgeIndex[item.stateKey] = Int32(bridgeItems.count)
        bridgeItems.append(item)
    }

    private mutating func changeLane(of contract: String, by amount: Amount, isAdded: Bool) {
        let place = lanes.firstIndex { $0.contract >= contract } ?? lanes.count
        if place == lanes.count || lanes[place].contract != contract { lanes.insert(LaneEntry(contract: contract, amount: 0), at: place) }
        if isAdded { lanes[place].amount += amount } else { lanes[place].amount -= amount }
    }

    /// Accounts of pegs on this chain, which nothing but their own rules may pay.
    func pegReserves() -> [PublicKey] {
        (network.contracts + contracts.map(\.terms.contract)).filter { $0.peg != nil }.compactMap { $0.side(of: chain)?.reserve }
    }

    /// Takes bridge items back, down to `count` of them.
    mutating func removeBridgeItems(downTo count: Int) {
        while bridgeItems.count > count { bridgeIndex[bridgeItems.removeLast().stateKey] = nil }
    }

    /// The leaves of lanes in which two states differ, with their values in the second.
    func laneChanges(from old: [LaneEntry], to new: [LaneEntry]) -> [StateTree.Change] {
        guard old != new else { return [] }
        return old.filter { entry in !new.contains { $0.contract == entry.contract } }.map { (key: $0.stateKey, value: nil) }
            + new.filter { !old.contains($0) }.map { (key: $0.stateKey, value: $0.valueHash) }
    }
}

extension BridgeItem {
    var stateKey: Digest { StateKey.bridge(kind, contract, order) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}

extension LaneEntry {
    var stateKey: Digest { StateKey.lane(contract) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}

extension EvidenceCheck {
    /// The order that `evidence` shows of a peg on `chain`.
    ///
    /// - Returns: reasons as of `finding`; notReady when that state does not have it.
    package static func order(
        _ kind: BridgeItem.Kind, of contract: String, _ order: Digest, on chain: ChainID, in evidence: StateEvidence, foreign: ForeignBlocks
    ) -> Result<BridgeItem, Reason> {
        guard let header = foreign[evidence.block] else { return .failure(.evidenceMissing) }
#if PLANTED_BUGS
        let isUnchecked = PlantedBug.bridgeUnproven.isPlanted
#else
        let isUnchecked = false
#endif
        guard header.chain == chain, isUnchecked || root(of: evidence.proof, for: StateKey.bridge(kind, contract, order)) == header.stateRoot else {
            return .failure(.evidenceInvalid)
        }
        guard let value = evidence.proof.value else { return .failure(.notReady) }
        guard let item = BridgeItem(decoding: value), item.kind == kind, item.contract == contract, item.order == order, item.height <= header.height, item.time <= header.time
        else { return .failure(.evidenceInvalid) }
        return .success(item)
    }
}
