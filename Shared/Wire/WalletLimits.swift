/// Every bound of wallets and of the files they read. What lies beyond one is refused with a reason.
package enum WalletLimits {
    /// Bytes of a payments file.
    package static let fileBytes = 64 << 20
    /// Lines of a payments file, the header apart.
    package static let fileLines = 200_000
    /// Bytes of one line of a payments file.
    package static let lineBytes = 4_096
    /// Bytes of a payment's id in a file.
    package static let paymentIDBytes = 64
    /// Payments that a wallet drives at once; the others wait their turn.
    package static let concurrency = 10_000
    /// Requests a wallet has under way at once; the next wait.
    package static let requests = 48
    /// Rules of one agent.
    package static let agentRules = 10_000
    /// Legs an agent has under way at once; a collector tells the others again.
    package static let agentLegs = 20_000
    /// Times a wallet takes a fresh nonce because another device used its own.
    package static let nonceRenewals = 16
    /// Times a wallet asks for the receipt of an ended payment.
    package static let receiptAttempts = 30
    /// Times a wallet asks what became of a payment that may have used its nonce before it gives the payment up as rejected.
    package static let nonceInquiries = 12
    /// Collectors that may refuse a payment which another one may have taken, before a refusal can be its end.
    package static let refusals = 3
}

/// Every time span of wallets, in milliseconds.
package enum WalletTiming {
    /// How long a wallet waits for the answer to a request before it turns to another collector.
    package static let requestMilliseconds: UInt64 = 4_000
    /// First and longest wait before a payment is handed in again that nobody took.
    package static let retryMilliseconds: UInt64 = 250
    package static let retryLongestMilliseconds: UInt64 = 4_000
    /// First and longest wait between two questions about a payment. News is pushed as well; these are for what got lost.
    package static let pollMilliseconds: UInt64 = 1_500
    package static let pollLongestMilliseconds: UInt64 = 8_000
    /// How old what a wallet knows of a chain's time may be when it sets a deadline.
    package static let chainTimeMilliseconds: UInt64 = 2_000
    /// A chain whose time is further behind the clock than this has been stopped: the clock is then the better guess.
    package static let staleChainMilliseconds: UInt64 = 30_000
    /// A payment's deadline, past the deciding chain's time, unless the payer sets one.
    package static let deadlineMilliseconds: UInt64 = 60_000
    /// First and longest wait between two questions for a receipt that is not complete yet.
    package static let receiptMilliseconds: UInt64 = 500
    package static let receiptLongestMilliseconds: UInt64 = 4_000
    /// A device asks again to be told of its legs and results this often: collectors forget when they restart.
    package static let watchMilliseconds: UInt64 = 15_000
    /// How long a collector that did not answer is passed over.
    package static let collectorRestMilliseconds: UInt64 = 5_000
}
