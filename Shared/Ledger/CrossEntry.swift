import Cryptography
import Wire

/// What became of a cross transaction's holds on this chain.
package enum HoldStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// This chain holds nothing for it.
    case none = 0
    /// Rule R1: value is reserved.
    case held = 1
    /// Rule R3: it went to the credit accounts.
    case settled = 2
    /// Rule R4: it went back to the debit accounts.
    case refunded = 3
    /// Its Open was refused in a block: nothing with this xid is ever held here (faults case 43).
    case rejected = 4
}

/// What this chain, as the deciding one, has decided.
package enum Decision: UInt8, Hashable, Sendable, CaseIterable {
    case none = 0
    /// Rule R2: the deciding leg was executed.
    case committed = 1
    /// The receiver said no.
    case refused = 2
    /// The initiator withdrew.
    case cancelled = 3
}

/// One leg that a chain holds or held.
package struct HeldLeg: Hashable, Sendable {
    /// Position among the transaction's legs.
    package var index: UInt16
    package var debit: PublicKey
    package var credit: PublicKey
    package var asset: AssetID
    package var amount: Amount

    package init(index: UInt16, debit: PublicKey, credit: PublicKey, asset: AssetID, amount: Amount) {
        self.index = index
        self.debit = debit
        self.credit = credit
        self.asset = asset
        self.amount = amount
    }

    /// The legs of `cross` that `chain` holds, in leg order.
    package static func legs(of cross: CrossTransaction, on chain: ChainID) -> [HeldLeg] {
        cross.heldLegs(on: chain).map { index in
            let leg = cross.legs[index]
            return HeldLeg(index: UInt16(index), debit: leg.debit, credit: leg.credit, asset: leg.asset, amount: leg.amount)
        }
    }
}

/// A chain's memory of one cross transaction; it stays for ever, so that a xid serves once (rule R5).
package struct CrossEntry: Hashable, Sendable {
    package let xid: Digest
    package internal(set) var holdStatus: HoldStatus
    package internal(set) var decision: Decision
    /// In the deciding chain's chain time.
    package let deadline: ChainTime
    /// Whose state decides (rules R3 and R4). The xid binds it: it is a hash over the legs.
    package let decidingChain: ChainID
    /// Height of this chain's block that opened the hold or refused to; 0 for none.
    package internal(set) var openedHeight: Height
    /// Height of this chain's block that decided; 0 for none.
    package internal(set) var decidedHeight: Height
    /// Height of this chain's block that settled or refunded; 0 for none.
    package internal(set) var resolvedHeight: Height
    /// What is or was held here; kept after its resolution, empty when nothing ever was.
    package internal(set) var legs: [HeldLeg]

    package init(
        xid: Digest, holdStatus: HoldStatus, decision: Decision, decidingChain: ChainID, deadline: ChainTime, openedHeight: Height = 0,
        decidedHeight: Height = 0, resolvedHeight: Height = 0, legs: [HeldLeg]
    ) {
        self.xid = xid
        self.holdStatus = holdStatus
        self.decision = decision
        self.decidingChain = decidingChain
        self.deadline = deadline
        self.openedHeight = openedHeight
        self.decidedHeight = decidedHeight
        self.resolvedHeight = resolvedHeight
        self.legs = legs
    }

    /// The entry of a transaction that this chain has not seen yet.
    init(_ cross: CrossTransaction) {
        self.init(
            xid: cross.xid, holdStatus: .none, decision: .none, decidingChain: cross.decidingChain, deadline: cross.deadline, legs: [])
    }

    /// Height of the newest block that changed it.
    package var newestHeight: Height { max(openedHeight, decidedHeight, resolvedHeight) }

    /// The exact bytes the state tree commits to: xid 32, hold status u8, decision u8, deciding chain padded to 32, deadline u64,
    /// heights u64 of opening, decision and resolution, count u16, then of each leg its index u16, debit 32, credit 32, asset padded
    /// to 32, amount u64.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote.
    ///
    /// - Returns: nil for anything that `encoded` never writes.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let xid = reader.digest(),
            let holdStatus = reader.number(UInt8.self).flatMap({ HoldStatus(rawValue: $0) }),
            let decision = reader.number(UInt8.self).flatMap({ Decision(rawValue: $0) }),
            let decidingChain = reader.digest()?.paddedName.flatMap({ ChainID($0) }), let deadline = reader.number(UInt64.self),
            let opened = reader.number(UInt64.self), let decided = reader.number(UInt64.self), let resolved = reader.number(UInt64.self),
            let count = reader.number(UInt16.self), Int(count) <= Limits.legs
        else { return nil }
        var legs: [HeldLeg] = []
        for _ in 0..<count {
            guard let leg = HeldLeg(&reader) else { return nil }
            legs.append(leg)
        }
        guard reader.isAtEnd else { return nil }
        self.init(
            xid: xid, holdStatus: holdStatus, decision: decision, decidingChain: decidingChain, deadline: deadline, openedHeight: opened,
            decidedHeight: decided, resolvedHeight: resolved, legs: legs)
    }
}

extension HeldLeg {
    static let byteCount = 2 + 32 + 32 + 32 + 8

    init?(_ reader: inout ValueReader) {
        guard let index = reader.number(UInt16.self), let debit = reader.digest(), let credit = reader.digest(),
            let asset = reader.digest()?.paddedName.flatMap({ AssetID($0) }), let amount = reader.number(UInt64.self)
        else { return nil }
        self.init(index: index, debit: PublicKey(debit), credit: PublicKey(credit), asset: asset, amount: amount)
    }
}

extension CrossEntry: StateValue {
    private static let headByteCount = 32 + 1 + 1 + 32 + 8 + 3 * 8 + 2

    var stateKey: Digest { StateKey.cross(xid) }
    var valueByteCount: Int { CrossEntry.headByteCount + legs.count * HeldLeg.byteCount }

    func write(into writer: inout ValueWriter) {
        writer.put(xid)
        writer.put(holdStatus.rawValue)
        writer.put(decision.rawValue)
        writer.put(decidingChain.text.padded)
        writer.put(deadline)
        writer.put(openedHeight)
        writer.put(decidedHeight)
        writer.put(resolvedHeight)
        writer.put(UInt16(legs.count))
        for leg in legs {
            writer.put(leg.index)
            writer.put(leg.debit.digest)
            writer.put(leg.credit.digest)
            writer.put(leg.asset.text.padded)
            writer.put(leg.amount)
        }
    }
}
