import Foundation
import Schema

/// How far new business with something is stopped, in the auditor's own words (docs/protocol.md, G-5 to G-7).
struct PauseModel: Sendable, Equatable {
    /// kind u8 (1 chain, 2 contract, 3 asset) | chain or contract 32 | asset 32.
    var name: Bytes
    /// 0 open, 1 observed, 2 paused.
    var level: UInt8
    var number: UInt64
    var notaryHeight: UInt64
    /// What passed though it would have been stopped.
    var observed: UInt64 = 0

    var encoded: Bytes { name + [level] + Layout.number(number) + Layout.number(notaryHeight) + Layout.number(observed) }

    /// Nil for other bytes.
    init?(_ bytes: Bytes) {
        guard bytes.count == 90, (1...3).contains(bytes[0]), bytes[65] <= 2 else { return nil }
        func read(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        (name, level, number, notaryHeight, observed) = (Bytes(bytes[..<65]), bytes[65], read(66), read(74), read(82))
    }

    init(name: Bytes, level: UInt8, number: UInt64, notaryHeight: UInt64) {
        (self.name, self.level, self.number, self.notaryHeight) = (name, level, number, notaryHeight)
    }

    /// Names a chain as a target.
    static func name(ofChain chain: String) -> Bytes { [1] + Layout.padded(chain) + Layout.padded("") }

    /// Names a target; nil for what names none.
    static func name(_ target: PBPauseTarget) -> Bytes? {
        switch (target.chain.isEmpty, target.contract.isEmpty, target.asset.isEmpty) {
        case (false, true, true) where Layout.isChainName(target.chain): return [1] + Layout.padded(target.chain) + Layout.padded("")
        case (true, false, true) where Layout.isChainName(target.contract): return [2] + Layout.padded(target.contract) + Layout.padded("")
        case (false, true, false) where Layout.isChainName(target.chain) && Layout.isAssetName(target.asset):
            return [3] + Layout.padded(target.chain) + Layout.padded(target.asset)
        default: return nil
        }
    }

    /// Whether it is about something with these sides, under this contract.
    func concerns(_ contract: String, _ sides: [(chain: String, asset: String)]) -> Bool {
        switch name[0] {
        case 1: sides.contains { Layout.padded($0.chain) == Bytes(name[1..<33]) }
        case 2: Layout.padded(contract) == Bytes(name[1..<33])
        default: sides.contains { Layout.padded($0.chain) + Layout.padded($0.asset) == Bytes(name[1...]) }
        }
    }
}

extension LedgerModel {
    /// Notaries stop new business with something, or let it go on.
    mutating func applyPause(_ pause: PBPause) -> RuleResult {
        guard let name = PauseModel.name(pause.target), isThere(pause.target) else { return .forbidden(.replay, "pauses what the network does not have (G-5)") }
        let before = pauses[name]
        guard pause.number == (before?.number ?? 0) + 1, let level = UInt8(exactly: pause.level), level <= 2, level != before?.level ?? 0 else {
            return .forbidden(.replay, "is no next change of its target (G-5)")
        }
        guard before != nil || pauses.count < AuditLimits.pauseTargets else { return .forbidden(.replay, "pauses more than may be") }
        let voters = stakes.electorate(of: slot) ?? []
        let places = pause.consents.map { consent in voters.firstIndex { $0.key == Bytes(consent.key) } ?? -1 }
        let needed = level > before?.level ?? 0 ? (voters.count - 1) / 3 + 1 : 2 * voters.count / 3 + 1
        guard places.count >= needed, places.first ?? 0 >= 0, zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return .forbidden(.certificates, "changes a pause with too few consents (G-5)")
        }
        write(PauseModel(name: name, level: level, number: pause.number, notaryHeight: height))
        return .outcome(0)
    }

    private func isThere(_ target: PBPauseTarget) -> Bool {
        if target.contract.isEmpty { return network.chains.contains { $0.id == target.chain } && statuses[target.chain]?.hasLeft != true }
        return target.contract == "agreement" || newestVersion(of: target.contract) != nil
    }

    /// A sub-chain takes in what the notary chain's state shows.
    mutating func applyHeed(_ heed: PBHeed, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        guard let name = PauseModel.name(heed.target), heed.number > pauses[name]?.number ?? 0 else {
            return .forbidden(.replay, "takes in a pause that is older than what the chain has (G-6)")
        }
        guard let header = evidence[Bytes(heed.evidence.block)], header.chain == AuditNetwork.notaryName,
            case .present(let value)? = StateProofModel.entry(heed.evidence.proof, key: Sodium.hash(.statePause, name), root: header.stateRoot),
            var entry = PauseModel(value), entry.name == name, entry.number == heed.number
        else { return .forbidden(.replay, "takes in a pause that the notary chain is not shown to have (G-6)") }
        entry.observed = pauses[name]?.observed ?? 0
        write(entry)
        return .outcome(0)
    }

    /// Whether new business under a contract, with these sides, is stopped here.
    func isStopped(_ contract: String, _ sides: [(chain: String, asset: String)]) -> Bool {
        pauses.values.contains { $0.level == 2 && $0.concerns(contract, sides) }
    }

    /// Counts what passes and is only watched.
    mutating func watch(_ contract: String, _ sides: [(chain: String, asset: String)]) {
        for entry in pauses.values where entry.level == 1 && entry.concerns(contract, sides) {
            var counted = entry
            counted.observed += 1
            write(counted)
        }
    }

    /// What a pause may be about in a cross transaction.
    func business(_ cross: ParsedCross) -> [(chain: String, asset: String)] { cross.legs.map { ($0.chain, $0.asset) } }

    /// What it may be about in a peg.
    func business(_ contract: AuditContract) -> [(chain: String, asset: String)] { contract.sides.map { ($0.chain, $0.asset) } }
}
