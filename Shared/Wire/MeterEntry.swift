import Cryptography

/// What has passed one way under a contract on one chain, as a token bucket that fills in chain time, and what brakes in log-only mode would
/// have refused there.
package struct Meter: Hashable, Sendable {
    /// Of what has passed, so much has not come back with time. It may exceed a cap: what must not be lost passes on credit.
    package var used: Amount = 0
    /// What has come back beyond whole units: amount × milliseconds below the window.
    package var remainder: UInt64 = 0
    /// Chain time at which the two were so; 0 before anything passed.
    package var time: ChainTime = 0
    /// Payments that a cap in log-only mode would have refused or put off.
    package var overCap: UInt64 = 0
    /// Payments that a delay in log-only mode would have refused or put off.
    package var early: UInt64 = 0

    package init() {}

    /// What is used at a later time, as far as a cap gives it back: `cap.amount` a window, rounded down, nothing lost by asking often.
    package func refilled(at now: ChainTime, under cap: SideBrakes.Cap) -> (used: Amount, remainder: UInt64) {
        // Another version's window may have been longer.
        let rest = min(remainder, cap.windowMilliseconds - 1)
        guard used > 0 else { return (0, 0) }
        guard now > time else { return (used, rest) }
        let product = cap.amount.multipliedFullWidth(by: now - time)
        let (low, carry) = product.low.addingReportingOverflow(rest)
        let high = product.high + (carry ? 1 : 0)
        // Beyond 64 bits it is more than was ever used.
        guard high < cap.windowMilliseconds else { return (0, 0) }
        let (back, left) = cap.windowMilliseconds.dividingFullWidth((high, low))
        return back < used ? (used - back, left) : (0, 0)
    }

    /// Whether so much more fits under a cap.
    package func hasRoom(for amount: Amount, at now: ChainTime, under cap: SideBrakes.Cap) -> Bool {
        let (sum, overflow) = refilled(at: now, under: cap).used.addingReportingOverflow(amount)
        return !overflow && sum <= cap.amount
    }

    /// Whether a cap is not used up: then what must not be lost passes, however much it is.
    package func isOpen(at now: ChainTime, under cap: SideBrakes.Cap) -> Bool { refilled(at: now, under: cap).used < cap.amount }

    /// Lets so much pass; beyond 64 bits it counts as the most that they hold.
    package mutating func take(_ amount: Amount, at now: ChainTime, under cap: SideBrakes.Cap) {
        (used, remainder) = refilled(at: now, under: cap)
        let (sum, overflow) = used.addingReportingOverflow(amount)
        used = overflow ? .max : sum
        time = max(time, now)
    }

    /// Milliseconds until what is used has come down to `amount`; 0 when it has, nil when that lies beyond 64 bits.
    package func milliseconds(until amount: Amount, at now: ChainTime, under cap: SideBrakes.Cap) -> UInt64? {
        let (used, remainder) = refilled(at: now, under: cap)
        guard used > amount else { return 0 }
        let product = (used - amount).multipliedFullWidth(by: cap.windowMilliseconds)
        let (low, borrow) = product.low.subtractingReportingOverflow(remainder)
        let high = product.high - (borrow ? 1 : 0)
        guard high < cap.amount else { return nil }
        let (quotient, rest) = cap.amount.dividingFullWidth((high, low))
        return rest == 0 ? quotient : quotient == .max ? nil : quotient + 1
    }
}

/// What has passed under a contract, all its versions together, in one asset on one chain.
package struct MeterEntry: Hashable, Sendable {
    package var contract: String
    package var asset: AssetID
    /// Into its reserve: by Open, Lock, Redeem.
    package var paidIn = Meter()
    /// Out of its reserve: by Confirm, Issue, Release.
    package var paidOut = Meter()

    package init(contract: String, asset: AssetID) {
        self.contract = contract
        self.asset = asset
    }

    /// What names it in the state tree: contract padded 32, asset padded 32.
    package var name: [UInt8] { MeterEntry.name(contract, asset) }

    /// - Precondition: the contract has the form of a name.
    package static func name(_ contract: String, _ asset: AssetID) -> [UInt8] { NodeName.padded(contract) + asset.text.padded.bytes }

    /// Bytes of each.
    package static let byteCount = 2 * 32 + 2 * 40

    /// The exact bytes the state tree commits to: contract padded 32, asset padded 32, then in and out: used u64, remainder u64, time u64,
    /// over cap u64, early u64.
    package var encoded: [UInt8] {
        name + [paidIn, paidOut].flatMap { [$0.used, $0.remainder, $0.time, $0.overCap, $0.early].flatMap(\.bigEndianBytes) }
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == MeterEntry.byteCount, let contract = Digest(bytes[..<32])?.paddedName, ContractName.isValid(contract),
            let asset = Digest(bytes[32..<64])?.paddedName.flatMap({ AssetID($0) })
        else { return nil }
        func number(_ place: Int) -> UInt64 { bytes[64 + place * 8..<72 + place * 8].reduce(0) { $0 << 8 | UInt64($1) } }
        func meter(_ place: Int) -> Meter {
            var meter = Meter()
            (meter.used, meter.remainder, meter.time) = (number(place), number(place + 1), number(place + 2))
            (meter.overCap, meter.early) = (number(place + 3), number(place + 4))
            return meter
        }
        self.init(contract: contract, asset: asset)
        paidIn = meter(0)
        paidOut = meter(5)
    }
}
