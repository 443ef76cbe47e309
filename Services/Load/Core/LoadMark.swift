/// Marks whose time is taken of each payment, counted from when it was to be sent.
package enum LoadMark: String, CaseIterable, Sendable, Codable {
    /// A collector has stored it (S820).
    case accepted
    /// The payer's value is held, of a cross payment.
    case held
    /// The receiver is sure: the transfer, the deciding leg or the lock is final.
    case final
    /// The payer is sure: the hold of a cross payment is settled.
    case settled
    /// What was locked or redeemed has appeared on the other chain of its peg, by that block's own time.
    case issued
    /// The notary chain has recorded the block that made it final, by that notary block's own time.
    case recorded

    /// Position among all marks.
    package var position: Int {
        switch self {
        case .accepted: 0
        case .held: 1
        case .final: 2
        case .settled: 3
        case .issued: 4
        case .recorded: 5
        }
    }
}

/// What a payment of a load run is.
package enum LoadKind: String, CaseIterable, Sendable, Codable {
    /// Within one chain.
    case transfer
    /// From one chain to another through an exchange contract.
    case cross
    /// Over a peg: locked here and issued there.
    case bridge
    /// Back over a peg: burned there, and paid out of custody here.
    case redeem

    /// Whether value is to appear on another chain after it.
    package var crossesPeg: Bool { self == .bridge || self == .redeem }
}
