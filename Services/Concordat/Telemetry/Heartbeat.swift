import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletShell
import Wire

/// A small payment of one's own that goes the whole way again and again, there and back, so that somebody notices when payments do not arrive.
///
/// It pays between two accounts whose keys are here, in turn, so that neither runs empty. It confirms only what it has sent itself.
final class Heartbeat {
    /// What one beat came to.
    struct Beat {
        var id: String
        var from: String
        var to: String
        var outcome: PaymentOutcome
        /// Until the receiver was sure, and until all was settled; nil when it did not come to that.
        var receiverMilliseconds: UInt64?
        var settledMilliseconds: UInt64?

        var arrived: Bool { outcome == .settled }
        /// Why it did not arrive, as a stable code.
        var problem: String { outcome == .open ? "late" : outcome.reason.isEmpty ? outcome.name : outcome.reason }
    }

    private let accounts: Accounts
    /// The two accounts, and what each pays the other.
    private let there: PaymentOrder
    private let back: PaymentOrder
    private let names: (from: String, to: String)
    private let signers: [Signer]
    private let patienceMilliseconds: UInt64
    private var wallet: WalletDriver
    private var agent: AgentDriver
    private var beats = 0

    /// Beats after which wallet and agent are made anew: they remember every payment.
    private static let beatsPerWallet = 500
    /// The smallest amount that comes out even at the rate is looked for up to here.
    private static let amountMaximum: Amount = 10_000
    private static let turnMilliseconds = 20

    /// - Parameter patienceMilliseconds: a beat that has not ended by then has failed.
    init(_ accounts: Accounts, from: String, to: String, patienceMilliseconds: UInt64) throws {
        self.accounts = accounts
        self.patienceMilliseconds = patienceMilliseconds
        names = (from, to)
        let (payer, payee) = (try accounts.signer(from), try accounts.signer(to))
        signers = [payer, payee]
        let deadline = patienceMilliseconds
        func order(_ payer: Signer, _ name: String, _ payee: String, amount: Amount) throws -> PaymentOrder? {
            guard let home = accounts.book[name]?.chain, let chain = accounts.configuration.network.chain(home),
                let asset = chain.genesis.lazy.flatMap(\.balances).first?.asset
            else { return nil }
            guard case .success(let order) = accounts.order(payer: payer, to: payee, asset: asset, amount: amount, deadlineMilliseconds: deadline, memo: "heartbeat"), case .exchange = order.route
            else { return nil }
            return order
        }
        var found: PaymentOrder?
        var amount: Amount = 1
        while found == nil, amount <= Heartbeat.amountMaximum {
            found = try order(payer, from, to, amount: amount)
            amount += 1
        }
        guard let there = found, case .exchange(let contract, let home, _) = there.route,
            let owed = contract.counterAmount(paying: there.amount, on: home), let back = try order(payee, to, from, amount: owed)
        else {
            throw Failure(
                .usage, "no contract exchanges what \(from) and \(to) have at home", "Name two accounts of different chains with --from and --to, such as alice and bob: concordat contract list")
        }
        (self.there, self.back) = (there, back)
        (wallet, agent) = Heartbeat.made(accounts, signers)
    }

    private static func made(_ accounts: Accounts, _ signers: [Signer]) -> (WalletDriver, AgentDriver) {
        var options = Wallet.Options()
        options.crossNonce = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        return (WalletDriver(accounts.configuration, options: options), AgentDriver(accounts.configuration, accounts: signers, rules: [AgentRule(action: .ask)]))
    }

    /// Sends one payment and follows it to its end, or until it is late.
    ///
    /// - Parameter isAborted: asked again and again; ends the wait.
    func beat(isAborted: () -> Bool) throws -> Beat {
        if beats % Heartbeat.beatsPerWallet == 0 {
            (wallet, agent) = Heartbeat.made(accounts, signers)
            try agent.start { _, _, _ in }
        }
        beats += 1
        let key: PaymentKey = beats
        let isBack = beats % 2 == 0
        var beat = Beat(id: "", from: isBack ? names.to : names.from, to: isBack ? names.from : names.to, outcome: .open)
        func take(_ effect: WalletEffect) {
            guard case .ended(key, let outcome, let times) = effect else { return }
            beat.outcome = outcome
            beat.receiverMilliseconds = times.milliseconds(to: \.receiverSure)
            beat.settledMilliseconds = times.milliseconds(to: \.payerSure)
        }
        let end = BusClock.now().monotonicMilliseconds + patienceMilliseconds
        try wallet.apply(.start(key, isBack ? back : there), tell: take)
        while !wallet.isIdle {
            try wallet.turn(atMostMilliseconds: Heartbeat.turnMilliseconds, tell: take)
            var asked: [(notice: LegNotice, account: PublicKey)] = []
            try agent.turn(atMostMilliseconds: Heartbeat.turnMilliseconds) { notice, account, _ in asked.append((notice, account)) }
            // What others pay to these accounts is theirs to confirm.
            for leg in asked where leg.notice.cross.xid == wallet.signed(key)?.xid { try agent.decide(leg.notice, leg.account, .confirm) }
            if isAborted() || BusClock.now().monotonicMilliseconds >= end { try wallet.apply(.giveUp, tell: take) }
        }
        beat.id = wallet.signed(key)?.name.hex ?? ""
        return beat
    }
}
