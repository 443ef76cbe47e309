/// An account as the auditor replays it.
struct AccountModel: Equatable, Sendable {
    var key: Bytes
    var nonceBase: UInt64 = 0
    /// Nonces from the base up that are used, as offsets.
    var used: Set<UInt64> = []
    /// Never zero.
    var balances: [String: UInt64] = [:]
    /// Whether a Register of this account has had its answer; no part of the bytes.
    var isRegistrationAnswered = false

    /// key 32 | nonce base u64 | nonce bits 4×u64 | count u16 | (asset padded 32 | amount u64)* ascending by asset.
    var encoded: Bytes {
        var words: [UInt64] = [0, 0, 0, 0]
        for offset in used { words[Int(offset / 64)] |= 1 << (offset % 64) }
        let assets = balances.keys.sorted()
        return key + Layout.number(nonceBase) + words.flatMap { Layout.number($0) } + Layout.number(UInt16(assets.count))
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
    var deadline: UInt64
    var legs: [HoldModel] = []

    /// xid 32 | hold status u8 | decision u8 | deadline u64 | count u16 | legs.
    var encoded: Bytes {
        xid + [status.rawValue, decision.rawValue] + Layout.number(deadline) + Layout.number(UInt16(legs.count))
            + legs.flatMap(\.encoded)
    }

    init(xid: Bytes, deadline: UInt64) {
        self.xid = xid
        self.deadline = deadline
    }

    /// Reads an entry's bytes; nil for anything that `encoded` never gives. The legs are compared as bytes by `encoded`.
    init?(_ bytes: Bytes, legs: [HoldModel]) {
        guard bytes.count >= 44, let status = Status(rawValue: bytes[32]), let decision = Decision(rawValue: bytes[33]) else { return nil }
        xid = Bytes(bytes[..<32])
        self.status = status
        self.decision = decision
        deadline = bytes[34..<42].reduce(0) { $0 << 8 | UInt64($1) }
        self.legs = legs
        guard encoded == bytes else { return nil }
    }

    /// The legs of a cross transaction that `chain` holds, in leg order.
    static func holds(of cross: ParsedCross, on chain: String) -> [HoldModel] {
        cross.legs.enumerated().dropLast().filter { $0.element.chain == chain }.map {
            HoldModel(
                index: UInt16($0.offset), debit: Bytes($0.element.debit), credit: Bytes($0.element.credit), asset: $0.element.asset,
                amount: $0.element.amount)
        }
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
