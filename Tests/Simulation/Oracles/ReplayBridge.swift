import Cryptography
import Wire

/// What has left a chain by pegs, or has appeared there, as the oracles compute it (B1 to B5).
struct ReplayBridge: Sendable {
    /// Kind, peg padded, order: what names it in the state tree.
    private(set) var items: [[UInt8]: BridgeItem] = [:]
    /// In the order in which they came.
    private(set) var order: [[UInt8]] = []
    fileprivate(set) var lanes: [String: Amount] = [:]
    /// What pegs have made of assets that genesis did not have.
    fileprivate(set) var issued: [(asset: AssetID, amount: Amount)] = []

    static func name(_ kind: BridgeItem.Kind, _ contract: String, _ order: Digest) -> [UInt8] { [kind.rawValue] + padded(contract) + order.bytes }

    static func padded(_ text: String) -> [UInt8] { Array(text.utf8) + [UInt8](repeating: 0, count: 32 - text.utf8.count) }

    fileprivate mutating func insert(_ item: BridgeItem, _ name: [UInt8]) {
        items[name] = item
        order.append(name)
    }

    fileprivate mutating func issue(_ amount: Amount, of asset: AssetID) {
        if let index = issued.firstIndex(where: { $0.asset == asset }) { issued[index].amount += amount } else { issued.append((asset, amount)) }
    }

    /// Items of a kind, in the order in which they came.
    func all(_ kind: BridgeItem.Kind) -> [BridgeItem] { order.compactMap { items[$0] }.filter { $0.kind == kind } }
}

extension ReplayState {
    /// What of a peg was issued here and has not come back.
    func outstanding(_ contract: Contract) -> Amount {
        (bridge.lanes[contract.id] ?? 0) - (accounts[contract.second.reserve]?.amount(contract.second.asset) ?? 0)
    }

    fileprivate mutating func add(_ item: BridgeItem) {
        let name = ReplayBridge.name(item.kind, item.contract, item.order)
        bridge.insert(item, name)
        let bytes = [item.kind.rawValue] + ReplayContract.name(item.contract, item.version) + item.order.bytes + item.sender.bytes + item.receiver.bytes
            + CertificateOracle.number(item.amount) + CertificateOracle.number(item.height) + CertificateOracle.number(item.time)
        write(bytes, kind: "state-bridge", name: name)
    }

    fileprivate mutating func setLane(_ contract: String, _ amount: Amount) {
        bridge.lanes[contract] = amount
        write(ReplayBridge.padded(contract) + CertificateOracle.number(amount), kind: "state-lane", name: ReplayBridge.padded(contract))
    }

    fileprivate mutating func issue(_ amount: Amount, of asset: AssetID, to account: PublicKey, lane: String) {
        var owner = accounts[account] ?? ReplayAccount()
        _ = owner.move(asset, amount, isDebit: false)
        set(owner, account)
        bridge.issue(amount, of: asset)
        setLane(lane, (bridge.lanes[lane] ?? 0) + amount)
    }
}

extension ReplayOracle {
    /// Terms of a peg that count in a state, and whether they are the newest.
    private func peg(_ id: String, _ version: UInt32, _ state: ReplayState) -> (contract: Contract, isNewest: Bool)? {
        let known = (network.contracts + state.contracts.map(\.terms)).filter { $0.id == id }
        guard let contract = known.first(where: { $0.version == version }), contract.peg != nil else { return nil }
        return (contract, known.allSatisfy { $0.version <= version })
    }

    func isPegAccount(_ key: PublicKey, _ state: ReplayState) -> Bool {
        (network.contracts + state.contracts.map(\.terms)).contains { contract in
            contract.peg != nil && [contract.first, contract.second].contains { $0.chain == state.chain && $0.reserve == key }
        }
    }

    mutating func takeBridge(
        _ transaction: Transaction, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState
    ) throws(ReplayFault) {
        switch transaction.kind {
        case .lock(let order): try take(order, .locked, transaction.id, outcome, in: block, to: &state)
        case .redeem(let order): try take(order, .redeemed, transaction.id, outcome, in: block, to: &state)
        case .issue(let proof): try take(proof, .issued, outcome, in: block, to: &state)
        case .release(let proof): try take(proof, .released, outcome, in: block, to: &state)
        default: break
        }
    }

    private mutating func take(
        _ order: BridgeOrder, _ kind: BridgeItem.Kind, _ id: Digest, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState
    ) throws(ReplayFault) {
        try signed(order.sender, order.signature, kind == .locked ? "lock" : "redeem", order.body)
        guard var sender = state.accounts[order.sender] else { throw ReplayFault(what: "an order by an account that is not there") }
        try demand(sender.mayUse(order.nonce), "nonce \(order.nonce) is used or outside the window")
        var reasons: [Reason] = []
        let found = peg(order.contract, order.version, state)
        let sides = found.map { kind == .locked ? ($0.contract.first, $0.contract.second) : ($0.contract.second, $0.contract.first) }
        if found == nil { reasons.append(.unknownContract) }
        if found?.isNewest == false { reasons.append(.contractSuperseded) }
        if let found, let (own, other) = sides {
            let isWithin = order.amount >= found.contract.minimumAmount && order.amount <= found.contract.maximumAmount
            if own.chain != state.chain || order.receiver == other.reserve || !isWithin { reasons.append(.termsViolated) }
            if sender.amount(own.asset) < order.amount { reasons.append(.insufficientFunds) }
            if kind == .redeemed, own.chain == state.chain, order.amount > state.outstanding(found.contract) { reasons.append(.insufficientFunds) }
        }
        let braked = found.map { brake($0.contract, (order.amount, order.amount), .enters(deadline: nil), state, at: block.header.fields.time) }
        reasons += braked?.reasons ?? []
        if let contract = found?.contract, state.isStopped(contract.id, business(contract)) { reasons.append(.paused) }
        if outcome.rejection == .capReached || outcome.rejection == .paused { counted.add(.refusedByBrake) }
        if let reason = outcome.rejection {
            try demand(reasons.contains(reason), "an order rejected for \(reason.code), which is not so; true are \(reasons.map(\.code))")
        } else {
            try demand(reasons.isEmpty, "an order applied in spite of \(reasons.map(\.code))")
        }
        sender.use(order.nonce)
        state.set(sender, order.sender)
        guard outcome.rejection == nil, let (own, _) = sides else { return }
        pass(braked, &state)
        if let contract = found?.contract, state.watch(contract.id, business(contract)) > 0 { counted.add(.watchedByBrake) }
        try demand(state.move(from: order.sender, to: own.reserve, own.asset, order.amount), "an order does not add up")
        if kind == .locked { state.setLane(order.contract, (state.bridge.lanes[order.contract] ?? 0) + order.amount) }
        state.add(
            BridgeItem(
                kind: kind, contract: order.contract, version: order.version, order: id, sender: order.sender, receiver: order.receiver, amount: order.amount,
                height: block.header.height, time: block.header.fields.time))
        counted.add(kind == .locked ? .locked : .redeemed)
    }

    private mutating func take(
        _ proof: BridgeProof, _ kind: BridgeItem.Kind, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState
    ) throws(ReplayFault) {
        try demand(outcome == .applied, "a proof cannot be rejected")
        guard let (contract, isNewest) = peg(proof.contract, proof.version, state), isNewest, let terms = contract.peg else {
            throw ReplayFault(what: "a proof under terms that do not count")
        }
        let (own, other) = kind == .issued ? (contract.second, contract.first) : (contract.first, contract.second)
        try demand(own.chain == state.chain && proof.origin == other.chain, "a proof on the wrong chain")
        try demand(state.bridge.items[ReplayBridge.name(kind, proof.contract, proof.order)] == nil, "\(proof.order) appears a second time")
        let header = try foreign(proof.evidence.block, of: other.chain, in: block)
        freezes.relied(on: header, in: block.header)
        guard let value = proof.evidence.proof.value, let item = BridgeItem(decoding: value) else { throw ReplayFault(what: "a proof of no order") }
        try demand(
            item.kind == (kind == .issued ? .locked : .redeemed) && item.contract == proof.contract && item.order == proof.order,
            "a proof of another order than it names")
        bridged.append((item, other.chain, state.chain, header))
        let members = kind == .issued ? terms.issuers : terms.releasers
        let payload = ReplayContract.name(item.contract, proof.version) + [item.kind.rawValue] + CertificateOracle.padded(other.chain) + item.order.bytes
            + item.sender.bytes + item.receiver.bytes + CertificateOracle.number(item.amount)
        for attestation in proof.attestations {
            try demand(members.keys.contains(attestation.key), "a proof that a stranger attests")
            try signed(attestation.key, attestation.signature, "attest", payload)
        }
        try demand(Set(proof.attestations.map(\.key)).count >= members.threshold, "a proof that too few attest")
        try demand(!isPegAccount(item.receiver, state), "a proof that pays a peg's account")
        let braked = brake(contract, (item.amount, item.amount), .appears(since: item.time), state, at: block.header.fields.time)
        try demand(!state.isStopped(contract.id, business(contract)), "appears though its peg is paused")
        if state.watch(contract.id, business(contract)) > 0 { counted.add(.watchedByBrake) }
        try demand(braked.reasons.isEmpty, "appears in spite of \(braked.reasons.map(\.code))")
        pass(braked, &state)
        if kind == .issued {
            let returned = state.accounts[own.reserve]?.amount(own.asset) ?? 0
            if item.amount > returned { state.issue(item.amount - returned, of: own.asset, to: own.reserve, lane: contract.id) }
        } else {
            let lane = state.bridge.lanes[contract.id] ?? 0
            try demand(lane >= item.amount, "more is released than is locked")
            state.setLane(contract.id, lane - item.amount)
        }
        if state.accounts[item.receiver] == nil { state.set(ReplayAccount(), item.receiver) }
        try demand(state.move(from: own.reserve, to: item.receiver, own.asset, item.amount), "a proof does not add up")
        var appeared = item
        (appeared.kind, appeared.version, appeared.height, appeared.time) = (kind, proof.version, block.header.height, block.header.fields.time)
        state.add(appeared)
        counted.add(kind == .issued ? .issued : .released)
    }

    /// Invariants of pegs, over both chains: what appears has left the other chain, and custody is what is out and on its way.
    func judgeBridges(at time: UInt64, _ findings: inout Findings) {
        for (item, origin, target, _) in bridged where origin != corrupt && target != corrupt {
            let left = states[origin]?.bridge.items[ReplayBridge.name(item.kind, item.contract, item.order)]
            if left != item { findings.report(.reserves, "\(target) has \(item.amount) by order \(item.order), which \(origin) does not have", at: time) }
        }
        let declared = (states[.notary]?.contracts ?? []).map(\.terms)
        for contract in network.contracts + declared where contract.peg != nil && contract.version == 1 {
            guard let main = states[contract.first.chain], let side = states[contract.second.chain], ![main.chain, side.chain].contains(where: { $0 == corrupt })
            else { continue }
            func onTheWay(_ kind: BridgeItem.Kind, from origin: ReplayState, to target: ReplayState) -> Amount {
                origin.bridge.all(kind).reduce(0) { sum, item in
                    let name = ReplayBridge.name(kind.consumption, item.contract, item.order)
                    return item.contract == contract.id && target.bridge.items[name] == nil ? sum + item.amount : sum
                }
            }
            let custody = main.bridge.lanes[contract.id] ?? 0
            let backed = side.outstanding(contract) + onTheWay(.locked, from: main, to: side) + onTheWay(.redeemed, from: side, to: main)
            if custody != backed { findings.report(.reserves, "\(contract.id): \(custody) in custody, \(backed) out and on the way", at: time) }
        }
    }

    /// Orders that have not appeared although their chains are alive, in sentences.
    package func ordersNotAppeared(but excepted: [ChainID]) -> [String] {
        let declared = (states[.notary]?.contracts ?? []).map(\.terms)
        return (network.contracts + declared).filter { $0.peg != nil && $0.version == 1 }.flatMap { contract -> [String] in
            guard let main = states[contract.first.chain], let side = states[contract.second.chain], !excepted.contains(main.chain), !excepted.contains(side.chain)
            else { return [] }
            return [(BridgeItem.Kind.locked, main, side), (.redeemed, side, main)].flatMap { kind, origin, target in
                origin.bridge.all(kind).filter {
                    $0.contract == contract.id && target.bridge.items[ReplayBridge.name(kind.consumption, $0.contract, $0.order)] == nil
                }.map { "\(kind == .locked ? "locked" : "redeemed") order \($0.order) of \(contract.id) has not appeared on \(target.chain)" }
            }
        }
    }
}
