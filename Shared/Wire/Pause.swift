import Cryptography
import Schema

/// What new business may be stopped with (G-5).
package enum PauseTarget: Hashable, Sendable {
    /// Every cross transaction with a leg on the chain, and every peg to or from it.
    case chain(ChainID)
    /// Everything under a contract, all its versions; `agreement` stands for all that is under none.
    case contract(String)
    /// Every leg of the asset on that chain, and every peg that has it on a side.
    case asset(ChainID, AssetID)

    init(_ message: PBPauseTarget, _ field: String) throws(WireFault) {
        switch (message.chain.isEmpty, message.contract.isEmpty, message.asset.isEmpty) {
        case (false, true, true): self = .chain(try Field.subChain(message.chain, field))
        case (true, false, true):
            guard ChainID(message.contract) != nil else { throw WireFault(.invalid, field) }
            self = .contract(message.contract)
        case (false, true, false): self = .asset(try Field.subChain(message.chain, field), try Field.asset(message.asset, field))
        default: throw WireFault(.invalid, field)
        }
    }

    var message: PBPauseTarget {
        var message = PBPauseTarget()
        switch self {
        case .chain(let chain): message.chain = chain.description
        case .contract(let id): message.contract = id
        case .asset(let chain, let asset):
            message.chain = chain.description
            message.asset = asset.description
        }
        return message
    }

    /// Bytes of each.
    package static let byteCount = 1 + 2 * 32

    /// What names it: kind u8 (1 chain, 2 contract, 3 asset), chain or contract padded 32, asset padded 32 (zeros for none).
    ///
    /// - Precondition: a contract has the form of a name.
    package var name: [UInt8] {
        switch self {
        case .chain(let chain): [1] + chain.text.padded.bytes + Digest.zero.bytes
        case .contract(let id): [2] + NodeName.padded(id) + Digest.zero.bytes
        case .asset(let chain, let asset): [3] + chain.text.padded.bytes + asset.text.padded.bytes
        }
    }

    /// Reads what `name` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == PauseTarget.byteCount, let name = NodeName.read(bytes[1..<33]), let rest = Digest(bytes[33...]) else { return nil }
        switch (bytes[0], rest == .zero) {
        case (1, true):
            guard let chain = ChainID(name), chain != .notary else { return nil }
            self = .chain(chain)
        case (2, true): self = .contract(name)
        case (3, false):
            guard let chain = ChainID(name), chain != .notary, let asset = rest.paddedName.flatMap({ AssetID($0) }) else { return nil }
            self = .asset(chain, asset)
        default: return nil
        }
    }

    /// For people: `chain beta`, `contract vault`, `asset alpha/X`.
    package var text: String {
        switch self {
        case .chain(let chain): "chain \(chain)"
        case .contract(let id): "contract \(id)"
        case .asset(let chain, let asset): "asset \(chain)/\(asset)"
        }
    }

    /// Whether a cross transaction has to do with it.
    package func concerns(_ cross: CrossTransaction) -> Bool {
        switch self {
        case .chain(let chain): cross.legs.contains { $0.chain == chain }
        case .contract(let id): cross.contract == id
        case .asset(let chain, let asset): cross.legs.contains { $0.chain == chain && $0.asset == asset }
        }
    }

    /// Whether a peg has to do with it.
    package func concerns(_ peg: Contract) -> Bool {
        let sides = [peg.first, peg.second]
        return switch self {
        case .chain(let chain): sides.contains { $0.chain == chain }
        case .contract(let id): peg.id == id
        case .asset(let chain, let asset): sides.contains { $0.chain == chain && $0.asset == asset }
        }
    }
}

/// How far a target is stopped. What stops more takes few notaries' consents, what stops less a quorum's.
package enum PauseLevel: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    case open = 0
    /// Log-only: nothing is stopped, and what would be is counted.
    case observed = 1
    case paused = 2

    package static func < (left: PauseLevel, right: PauseLevel) -> Bool { left.rawValue < right.rawValue }

    /// For people and logs.
    package var word: String {
        switch self {
        case .open: "resume"
        case .observed: "watch"
        case .paused: "pause"
        }
    }

    init(_ number: UInt32, _ field: String) throws(WireFault) {
        guard let byte = UInt8(exactly: number), let level = PauseLevel(rawValue: byte) else { throw WireFault(.invalid, field) }
        self = level
    }
}

/// A change of how far a target is stopped, as notaries consent to it.
package struct PauseChange: Hashable, Sendable {
    package var target: PauseTarget
    package var level: PauseLevel
    /// One above that of the target's change before, from 1: a consent serves once, and an old change never comes after a newer one.
    package var number: UInt64

    package init(target: PauseTarget, level: PauseLevel, number: UInt64) {
        self.target = target
        self.level = level
        self.number = number
    }

    init(_ target: PBPauseTarget, _ level: UInt32, _ number: UInt64, _ field: String) throws(WireFault) {
        self.target = try PauseTarget(target, field)
        self.level = try PauseLevel(level, field)
        guard number > 0 else { throw WireFault(.invalid, field) }
        self.number = number
    }

    /// The signed payload, and what names the change among transactions: target's name, level u8, number u64.
    package var payload: [UInt8] { target.name + [level.rawValue] + number.bigEndianBytes }

    /// What has to hold for a consent to be a notary's.
    package func check(_ authorization: Authorization, network: Digest) -> SignatureCheck {
        SignatureCheck(key: authorization.key, signature: authorization.signature, message: Domain.pause.preimage(network: network, payload))
    }
}

/// The notary chain stops new business with a target, or lets it go on (G-5).
package struct Pause: Hashable, Sendable {
    package var change: PauseChange
    /// By notaries, in network order: more than may lie to stop more, a quorum to stop less.
    package var consents: [Authorization]

    package init(change: PauseChange, consents: [Authorization]) {
        self.change = change
        self.consents = consents
    }

    init(_ message: PBPause) throws(WireFault) {
        try Field.present(message.hasTarget, "Pause.target")
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "Pause.consents")
        change = try PauseChange(message.target, message.level, message.number, "Pause.target")
        consents = try mapChecked(message.consents) { item throws(WireFault) in try Authorization(item, "Pause.consents") }
    }

    var message: PBPause {
        var message = PBPause()
        message.target = change.target.message
        message.level = UInt32(change.level.rawValue)
        message.number = change.number
        message.consents = consents.map(\.message)
        return message
    }

    /// Names what it uses up: the target's change of that number.
    package var name: [UInt8] { change.target.name + change.number.bigEndianBytes }

    /// What has to hold for the consents to be the notaries'.
    package func checks(network: Digest) -> [SignatureCheck] { consents.map { change.check($0, network: network) } }
}

/// A sub-chain takes in how far a target is stopped, as the notary chain has it.
package struct Heed: Hashable, Sendable {
    package var target: PauseTarget
    /// Of the change.
    package var number: UInt64
    /// The target's entry in the notary chain's state.
    package var evidence: StateEvidence

    package init(target: PauseTarget, number: UInt64, evidence: StateEvidence) {
        self.target = target
        self.number = number
        self.evidence = evidence
    }

    init(_ message: PBHeed) throws(WireFault) {
        try Field.present(message.hasTarget && message.hasEvidence, "Heed.target")
        target = try PauseTarget(message.target, "Heed.target")
        number = message.number
        evidence = try StateEvidence(message.evidence)
    }

    var message: PBHeed {
        var message = PBHeed()
        message.target = target.message
        message.number = number
        message.evidence = evidence.message
        return message
    }

    /// Names it among a chain's transactions: target's name, number u64.
    package var name: [UInt8] { target.name + number.bigEndianBytes }
}

/// What a state keeps of a target whose business was ever stopped.
package struct PauseEntry: Hashable, Sendable {
    package var target: PauseTarget
    package var level: PauseLevel
    package var number: UInt64
    /// Of the notary block that changed it last.
    package var notaryHeight: Height
    /// On a sub-chain: what passed while it was only observed, and would have been stopped.
    package var observed: UInt64

    package init(target: PauseTarget, level: PauseLevel, number: UInt64, notaryHeight: Height, observed: UInt64 = 0) {
        self.target = target
        self.level = level
        self.number = number
        self.notaryHeight = notaryHeight
        self.observed = observed
    }

    /// Bytes of each.
    package static let byteCount = PauseTarget.byteCount + 1 + 3 * 8

    /// The exact bytes the state tree commits to: target's name 65, level u8, number u64, notary height u64, observed u64.
    package var encoded: [UInt8] {
        target.name + [level.rawValue] + number.bigEndianBytes + notaryHeight.bigEndianBytes + observed.bigEndianBytes
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == PauseEntry.byteCount, let target = PauseTarget(decoding: Array(bytes[..<PauseTarget.byteCount])),
            let level = PauseLevel(rawValue: bytes[PauseTarget.byteCount])
        else { return nil }
        func number(_ place: Int) -> UInt64 {
            let start = PauseTarget.byteCount + 1 + place * 8
            return bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(target: target, level: level, number: number(0), notaryHeight: number(1), observed: number(2))
        guard self.number > 0 else { return nil }
    }
}
