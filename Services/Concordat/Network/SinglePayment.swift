import Crypto
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

/// What recorders saw of a transaction, as a table.
enum TraceTable {
    enum Found {
        case found(Trace)
        /// Recorders answer, and none has seen it.
        case unknown
        /// No recorder answers.
        case silent
    }

    /// Asks one recorder after another until one has seen it.
    static func fetch(_ id: Digest, _ inquiry: Inquiry) throws -> Found {
        var answered = false
        for node in inquiry.configuration.network.notary.nodes {
            let service = Service.name(.recorder, chain: .notary, node: node.id)
            switch try inquiry.ask([(service, .trace(id))])[0] {
            case .trace(let trace)? where !trace.steps.isEmpty: return .found(trace)
            case nil, .failure(.notReady, _)?: continue
            default: answered = true
            }
        }
        return answered ? .unknown : .silent
    }

    /// - Parameter marks: the wallet's own steps, first.
    static func lines(_ trace: Trace, marks: [(mark: PaymentMark, wallMilliseconds: UInt64)]) -> [String] {
        var steps = trace.steps
        for mark in marks {
            let (step, what): (String, String)
            switch mark.mark {
            case .signed: (step, what) = ("S810", "payer's device made and signed it")
            case .accepted: (step, what) = ("S820", "a collector has checked and stored it")
            default: continue
            }
            steps.append(Trace.Step(step: step, what: what, source: "wallet", chain: "", height: 0, time: mark.wallMilliseconds))
        }
        steps.sort { ($0.time, $0.step) < ($1.time, $1.step) }
        guard let first = steps.first?.time else { return [] }
        var rows = [["STEP", "AT", "WHAT", "CHAIN", "BLOCK", "BY"]]
        for step in steps {
            rows.append([
                step.step, "+\(step.time - first) ms", step.what, step.chain, step.height > 0 ? "\(step.height)" : "", step.source,
            ])
        }
        return Table.lines(rows)
    }
}
