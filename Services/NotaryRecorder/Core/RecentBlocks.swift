import DequeModule
import Wire

/// Decoded blocks of the archive that questions are likely to need: the newest ones, and those read last. Most receipts are asked
/// for right after the block that ends them, and many lie in one block.
struct RecentBlocks: Sendable {
    private var kept: [PendingAnswers.Need: FinalBlock] = [:]
    private var order: Deque<PendingAnswers.Need> = []
    private var transactionCount = 0

    /// Blocks kept at once.
    static let maximum = 512
    /// Transactions in the blocks kept at once.
    static let transactionsMaximum = 32_768

    subscript(need: PendingAnswers.Need) -> FinalBlock? { kept[need] }

    mutating func insert(_ item: FinalBlock, at need: PendingAnswers.Need) {
        transactionCount += item.block.transactions.count
        if let before = kept.updateValue(item, forKey: need) {
            transactionCount -= before.block.transactions.count
        } else {
            order.append(need)
        }
        while order.count > 1, order.count > RecentBlocks.maximum || transactionCount > RecentBlocks.transactionsMaximum {
            guard let oldest = kept.removeValue(forKey: order.removeFirst()) else { preconditionFailure("what is in order is kept") }
            transactionCount -= oldest.block.transactions.count
        }
    }
}
