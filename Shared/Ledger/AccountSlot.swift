/// An account as the ledger keeps it.
package struct AccountSlot: Sendable {
    /// Number of the block that journalled it last.
    var stamp: UInt64
    /// Belongs to a contract: no transfer may spend from it.
    let isReserve: Bool
    package var account: Account

    package init(stamp: UInt64, isReserve: Bool, account: Account) {
        self.stamp = stamp
        self.isReserve = isReserve
        self.account = account
    }
}
