import Cryptography
import Wire

/// How far a target is stopped on one chain, as the oracles compute it (G-5 to G-7).
struct ReplayPause: Sendable {
    let target: PauseTarget
    var level: UInt8
    var number: UInt64
    var since: Height
    var watched: UInt64 = 0

    /// What names it in state trees.
    static func name(_ target: PauseTarget) -> [UInt8] {
        let nothing = [UInt8](repeating: 0, count: 32)
        return switch target {
        case .chain(let chain): [1] + CertificateOracle.padded(chain) + nothing
        case .contract(let id): [2] + ReplayBridge.padded(id) + nothing
        case .asset(let chain, let asset): [3] + CertificateOracle.padded(chain) + ReplayEntry.padded(asset)
        }
    }

    var bytes: [UInt8] {
        ReplayPause.name(target) + [level] + CertificateOracle.number(number) + CertificateOracle.number(since) + CertificateOracle.number(watched)
    }

    /// Whether it is about business under a contract with these sides.
    func concerns(_ contract: String, _ sides: [(chain: ChainID, asset: AssetID)]) -> Bool {
        switch target {
        case .chain(let chain): sides.contains { $0.chain == chain }
        case .contract(let id): id == contract
        case .asset(let chain, let asset): sides.contains { $0.chain == chain && $0.asset == asset }
        }
    }
}

extension ReplayState {
    fileprivate mutating func set(_ pause: ReplayPause) {
        pauses.removeAll { $0.target == pause.target }
        pauses.append(pause)
        write(pause.bytes, kind: "state-pause", name: ReplayPause.name(pause.target))
    }

    /// Whether new business is stopped here.
    func isStopped(_ contract: String, _ sides: [(chain: ChainID, asset: AssetID)]) -> Bool {
        pauses.contains { $0.level == 2 && $0.concerns(contract, sides) }
    }

    /// Counts business that passes and is only watched; how often.
    mutating func watch(_ contract: String, _ sides: [(chain: ChainID, asset: AssetID)]) -> Int {
        let watching = pauses.filter { $0.level == 1 && $0.concerns(contract, sides) }
        for var pause in watching {
            pause.watched += 1
            set(pause)
        }
        return watching.count
    }
}

extension ReplayOracle {
    func business(_ cross: CrossTransaction) -> [(chain: ChainID, asset: AssetID)] { cross.legs.map { ($0.chain, $0.asset) } }

    func business(_ contract: Contract) -> [(chain: ChainID, asset: AssetID)] { [contract.first, contract.second].map { ($0.chain, $0.asset) } }

    /// Notaries stop new business with something, or let it go on.
    mutating func pause(_ pause: Pause, in header: BlockHeader, to state: inout ReplayState) throws(ReplayFault) {
        try demand(state.chain == .notary, "pauses elsewhere than on the notary chain")
        let before = state.pauses.first { $0.target == pause.change.target }
        let (level, number) = (pause.change.level.rawValue, pause.change.number)
        if case .chain(let chain) = pause.change.target { try demand(state.statuses[chain]?.hasLeft != true, "pauses or resumes what has left") }
        try demand(number == (before?.number ?? 0) + 1, "change \(number) of \(pause.change.target.text) after \(before?.number ?? 0)")
        try demand(level != before?.level ?? 0, "changes nothing")
        let notaries = election.notaries(of: election.epoch(ofSlot: header.slot)) ?? []
        let signers = Set(pause.consents.map(\.key))
        try demand(signers.isSubset(of: notaries) && signers.count == pause.consents.count, "consents of strangers")
        try demand(signers.count >= (level > before?.level ?? 0 ? (notaries.count - 1) / 3 + 1 : 2 * notaries.count / 3 + 1), "too few consents")
        let payload = ReplayPause.name(pause.change.target) + [level] + CertificateOracle.number(number)
        for item in pause.consents { try signed(item.key, item.signature, "pause", payload) }
        changed.append(ReplayPause(target: pause.change.target, level: level, number: number, since: header.height))
        state.set(changed[changed.count - 1])
        counted.add(level == 0 ? .resumed : .paused)
    }

    /// New business with something stops without a change of its own.
    mutating func stop(_ pause: ReplayPause, _ state: inout ReplayState) {
        changed.append(pause)
        state.set(pause)
    }

    /// A sub-chain takes in what the notary chain says; whether it does is looked at in the end.
    mutating func heed(_ heed: Heed, in block: ObservedBlock, to state: inout ReplayState) throws(ReplayFault) {
        let before = state.pauses.first { $0.target == heed.target }
        try demand(state.chain != .notary && heed.number > before?.number ?? 0, "takes in an old change of \(heed.target.text)")
        let header = try foreign(heed.evidence.block, of: .notary, in: block)
        try demand(header.height <= block.header.fields.notaryHeight, "takes in a pause by a notary block that its block does not know of")
        let name = ReplayPause.name(heed.target)
        guard let value = heed.evidence.proof.value, value.count == 90, Array(value[..<65]) == name else { throw ReplayFault(what: "takes in what is no pause") }
        func number(_ start: Int) -> UInt64 { value[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        try demand(number(66) == heed.number, "takes in another change than it names")
        var pause = ReplayPause(target: heed.target, level: value[65], number: heed.number, since: number(74))
        heeded.append((pause, state.chain, header.height))
        pause.watched = before?.watched ?? 0
        state.set(pause)
        counted.add(.heeded)
    }

    /// No chain has a pause that the notary chain never had.
    func judgeHeeded(at time: UInt64, _ findings: inout Findings) {
        for (pause, chain, height) in heeded {
            let isTrue = changed.contains { $0.target == pause.target && $0.number == pause.number && $0.level == pause.level && $0.since == pause.since }
            if isTrue, pause.since <= height { continue }
            findings.report(.replay, "\(chain) has change \(pause.number) of \(pause.target.text), which the notary chain did not make", at: time)
        }
    }

    /// Changes that the notary chain has made and a chain has not taken in, in sentences.
    package func pausesNotTaken(but excepted: [ChainID]) -> [String] {
        (states[.notary]?.pauses ?? []).flatMap { pause in
            network.chains.map(\.id).filter { !excepted.contains($0) }.compactMap { chain in
                let known = states[chain]?.pauses.first { $0.target == pause.target }?.number ?? 0
                return known == pause.number ? nil : "\(chain) has change \(known) instead of \(pause.number) of \(pause.target.text)"
            }
        }
    }
}
