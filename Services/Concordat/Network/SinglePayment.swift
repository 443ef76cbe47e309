import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletShell
import Wire

/// One payment, followed to its end, with what recorders saw of it on the way.
final class SinglePayment {
    struct Ended {
        var outcome: PaymentOutcome
        var times: PaymentTimes
        var signed: SignedPayment?
        var receipt: Receipt?
        /// Marks the wallet itself passed, Unix milliseconds.
        var marks: [(mark: PaymentMark, wallMilliseconds: UInt64)]
    }

    private let driver: WalletDriver
    private let key: PaymentKey = 1

    init(_ accounts: Accounts) {
        var options = Wallet.Options()
        options.wantsReceipts = true
        options.sendsAgain = true
        options.crossNonce = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        driver = WalletDriver(accounts.configuration, options: options)
    }

    /// - Parameter isAborted: asked again and again; what has not ended is then given up as open.
    /// - Parameter until: the mark at which to stop following; nil for the end.
    func pay(_ order: PaymentOrder, until: PaymentMark? = nil, isAborted: () -> Bool) throws -> Ended {
        var ended = Ended(outcome: .open, times: PaymentTimes(started: BusClock.now()), signed: nil, receipt: nil, marks: [])
        func take(_ effect: WalletEffect) {
            switch effect {
            case .marked(_, let mark): ended.marks.append((mark, BusClock.now().wallMilliseconds))
            case .ended(_, let outcome, let times):
                ended.outcome = outcome
                ended.times = times
            case .receipt(_, let receipt): ended.receipt = receipt
            case .request, .keep, .answered: return
            }
        }
        try driver.apply(.start(key, order), tell: take)
        while !driver.isIdle {
            try driver.turn(tell: take)
            if let until, ended.marks.contains(where: { $0.mark == until }) { break }
            if isAborted() { try driver.apply(.giveUp, tell: take) }
        }
        ended.signed = driver.signed(key)
        return ended
    }
}
