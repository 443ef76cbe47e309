/// What an audit found.
package struct AuditReport: Sendable {
    /// One chain as it was replayed.
    package struct Chain: Sendable, Hashable {
        package var id: String
        /// Last height that was judged.
        package var height: UInt64
        package var blocks: Int
        package var transactions: Int
        /// Nodes whose stores of the chain were read.
        package var nodes: [String]
        /// What accounts own at that height by the auditor's own replay, ascending by account and asset.
        package var balances: [Balance] = []
    }

    /// What an account owns.
    package struct Balance: Sendable, Hashable {
        /// 32 bytes.
        package var account: [UInt8]
        package var asset: String
        package var amount: UInt64
    }

    /// How the cross transactions ended.
    package struct Crosses: Sendable, Hashable {
        package var settled = 0
        package var refunded = 0
        /// Ended before any value was held.
        package var rejected = 0
        /// Value is still held; see `openDetails`.
        package var open = 0
    }

    /// Lower-case hexadecimal, 64 digits.
    package var networkID = ""
    package var chains: [Chain] = []
    package var certificatesChecked = 0
    package var signaturesChecked = 0
    package var crosses = Crosses()
    /// Acknowledged transactions without an outcome yet.
    package var pending = 0
    /// One line for each open cross transaction and each pending one.
    package var openDetails: [String] = []
    /// False as soon as one chain's replay breaks invariant 1 or could not be finished.
    package var conserved = true
    /// By invariant, chain and height.
    package var violations: [Violation] = []
    /// What is no violation but should be known: missing nodes, a network still running.
    package var warnings: [String] = []

    package init() {}

    package var blocks: Int { chains.reduce(0) { $0 + $1.blocks } }

    /// Whether there was anything to judge: an audit of nothing proves nothing.
    package var isEmpty: Bool { blocks == 0 }
}
