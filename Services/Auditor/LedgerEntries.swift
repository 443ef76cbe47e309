/// An account as the auditor replays it.
struct AccountModel: Equatable, Sendable {
    var key: Bytes
    var nonceBase: UInt64 = 0
    /// Nonces from the base up that are used, as offsets.
    var used: Set<UInt64> = []
    /// Never zero.
    var balances: [String: UInt64] = [:]
    /// Whether a Register of this account has had its answer.
    var isRegistrationAnswered = false

    /// key 32 | registered u8 | nonce base u64 | nonce bits 4×u64 | count u16 | (asset padded 32 | amount u64)* ascending by asset.
    var encoded: Bytes {
        var words: [UInt64] = [0, 0, 0, 0]
        for offset in used { words[Int(offset / 64)] |= 1 << (offset % 64) }
        let assets = balances.keys.sorted()
        return key + [isRegistrationAnswered ? 1 : 0] + Layout.number(nonceBase) + words.flatMap { Layout.number($0) } + Layout.number(UInt16(assets.count))
            + assets.flatMap { Layout.padded($0) + Layout.number(balances[$0] ?? 0) }
    }

    /// Uses a nonce.
    /// - Returns: false when it is used already or outside the window.
    mutating func use(_ nonce: UInt64) -> Bool {
        guard nonce >= nonceBase, nonce - nonceBase < AuditLimits.nonceWindow, used.insert(nonce - nonceBase).inserted else { return false }
        while used.contains(0) {
            nonceBase += 1
            used = Set(used.compactMap { $0 == 0 ? nil : $0 - 1 })
        }
        return true
    }
}

/// One leg that a chain holds or held.
struct HoldModel: Equatable, Sendable {
    var index: UInt16
    var debit: Bytes
    var credit: Bytes
    var asset: String
    var amount: UInt64

    var encoded: Bytes { Layout.number(index) + debit + credit + Layout.padded(asset) + Layout.number(amount) }
}

/// A chain's memory of one cross transaction.
struct CrossModel: Equatable, Sendable {
    enum Status: UInt8 {
        case none, held, settled, refunded, rejected
    }

    enum Decision: UInt8 {
        case none, committed, refused, cancelled
    }

    var xid: Bytes
    var status = Status.none
    var decision = Decision.none
    /// Chain of the deciding leg.
    var decider: String
    var deadline: UInt64
    /// Heights of the blocks that opened, decided and resolved it here; 0 for none.
    var opened: UInt64 = 0
    var decided: UInt64 = 0
    var resolved: UInt64 = 0
    var legs: [HoldModel] = []

    /// xid 32 | hold status u8 | decision u8 | deciding chain 32 | deadline u64 | heights 3×u64 | count u16 | legs.
    var encoded: Bytes {
        let head = xid + [status.rawValue, decision.rawValue] + Layout.padded(decider)
        return head + [deadline, opened, decided, resolved].flatMap { Layout.number($0) } + Layout.number(UInt16(legs.count))
            + legs.flatMap(\.encoded)
    }

    init(_ cross: ParsedCross) {
        xid = cross.xid
        decider = cross.decidingLeg.chain
        deadline = cross.body.deadlineMilliseconds
    }

    /// Reads an entry's bytes; nil for anything that `encoded` never gives. The legs are compared as bytes by `encoded`.
    init?(_ bytes: Bytes, legs: [HoldModel]) {
        guard bytes.count >= 100, let status = Status(rawValue: bytes[32]), let decision = Decision(rawValue: bytes[33]) else { return nil }
        xid = Bytes(bytes[..<32])
        self.status = status
        self.decision = decision
        decider = String(decoding: bytes[34..<66].prefix { $0 != 0 }, as: UTF8.self)
        let numbers = (0..<4).map { place in bytes[66 + place * 8..<74 + place * 8].reduce(0) { $0 << 8 | UInt64($1) } }
        (deadline, opened, decided, resolved) = (numbers[0], numbers[1], numbers[2], numbers[3])
        self.legs = legs
        guard encoded == bytes else { return nil }
    }

    /// The legs of a cross transaction that `chain` holds, in leg order.
    static func holds(of cross: ParsedCross, on chain: String) -> [HoldModel] {
        guard chain != cross.decidingLeg.chain else { return [] }
        return cross.legs.enumerated().filter { $0.element.chain == chain }.map {
            HoldModel(
                index: UInt16($0.offset), debit: Bytes($0.element.debit), credit: Bytes($0.element.credit), asset: $0.element.asset,
                amount: $0.element.amount)
        }
    }
}

/// Whether the notary chain has frozen a sub-chain, and where (R8).
struct StatusModel: Equatable, Sendable {
    var chain: String
    var isFrozen: Bool
    /// It is frozen for good.
    var hasLeft = false
    var height: UInt64
    var hash: Bytes
    /// Notary block that froze or thawed it.
    var notaryHeight: UInt64

    /// chain padded 32 | u8 1 frozen, 2 thawed, 3 left | height u64 | hash 32 | notary height u64.
    var encoded: Bytes {
        Layout.padded(chain) + [hasLeft ? 3 : isFrozen ? 1 : 2] + Layout.number(height) + hash + Layout.number(notaryHeight)
    }
}

/// The newest block of a sub-chain that the notary chain has recorded.
struct HeadModel: Equatable, Sendable {
    var chain: String
    var height: UInt64
    var hash: Bytes
    var time: UInt64

    /// chain padded 32 | height u64 | hash 32 | time u64.
    var encoded: Bytes { Layout.padded(chain) + Layout.number(height) + hash + Layout.number(time) }
}
