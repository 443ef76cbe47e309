import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import WalletShell
import Wire

/// Pays a file and keeps account of what becomes of every line.
final class PaymentRun {
    /// What became of a line.
    struct Result: Encodable {
        var line: Int
        var id: String
        var outcome: String
        var reason: String
        var detail: String
        var transaction: String
        var receiver_milliseconds: UInt64?
        var payer_milliseconds: UInt64?
        /// When the end was learned, Unix milliseconds.
        var ended_milliseconds: UInt64?
    }

    private let accounts: Accounts
    private let driver: WalletDriver
    private var results: [Result] = []
    /// Payment key to position in `results`.
    private var positions: [PaymentKey: Int] = [:]
    private let receiptsFolder: String?
    /// Adds who voted to receipts.
    private let receiptDesk: ReceiptDesk
    private(set) var receipts = 0
    /// Receipts that the disk did not take.
    private(set) var lostReceipts = 0

    /// Deadline of a payment that names none.
    static let deadlineSeconds: UInt64 = 60

    init(_ accounts: Accounts, strategy: CollectorStrategy, copies: Int = 1, concurrency: Int, receiptsFolder: String?) throws {
        self.accounts = accounts
        self.receiptsFolder = receiptsFolder
        var options = Wallet.Options()
        options.strategy = strategy
        options.copies = copies
        options.seed = UInt64(Date().timeIntervalSince1970 * 1000)
        options.concurrency = concurrency
        options.wantsReceipts = receiptsFolder != nil
        options.crossNonce = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        driver = WalletDriver(accounts.configuration, options: options)
        receiptDesk = ReceiptDesk(Inquiry(accounts.configuration))
        if let receiptsFolder {
            try OutputFolder.make(receiptsFolder)
        }
    }

    /// Pays every line of a file; bad lines are refused one by one.
    ///
    /// - Parameter rate: payments begun each second; nil begins all at once.
    /// - Parameter progress: lines ended, and all.
    /// - Returns: a result a line, ascending.
    func pay(
        _ file: PaymentFile, rate: Int? = nil, isAborted: () -> Bool, progress: (_ ended: Int, _ all: Int) -> Void
    ) throws -> [Result] {
        for fault in file.faults {
            results.append(
                Result(
                    line: fault.number, id: fault.id, outcome: "rejected", reason: fault.kind.rawValue,
                    detail: fault.column.isEmpty ? fault.problem : "column \(fault.column): \(fault.problem)", transaction: ""))
        }
        var waiting = try orders(file).makeIterator()
        var next = waiting.next()
        var begun = 0
        let start = Date()
        var pace = ProgressPace()
        while next != nil || !driver.isIdle {
            while let (key, order) = next, rate.map({ Double(begun) <= Date().timeIntervalSince(start) * Double($0) }) ?? true {
                try driver.apply(.start(key, order), tell: take)
                begun += 1
                next = waiting.next()
            }
            try driver.turn(tell: take)
            if isAborted() {
                next = nil
                try driver.apply(.giveUp, tell: take)
            }
            if pace.isDue { pace.say(done: ended, of: results.count, progress) }
        }
        pace.say(done: ended, of: results.count, progress)
        return results.sorted { $0.line < $1.line }
    }

    /// What the good lines order; what cannot be ordered is refused at once.
    private func orders(_ file: PaymentFile) throws -> [(PaymentKey, PaymentOrder)] {
        var orders: [(PaymentKey, PaymentOrder)] = []
        var signers: [String: Signer] = [:]
        for line in file.lines {
            results.append(Result(line: line.number, id: line.id, outcome: "open", reason: "", detail: "", transaction: ""))
            let position = results.count - 1
            do {
                let payer = try signers[line.from] ?? accounts.signer(line.from)
                signers[line.from] = payer
                let order = accounts.order(
                    payer: payer, to: line.to, asset: line.asset, amount: line.amount,
                    deadlineMilliseconds: (line.deadlineSeconds ?? PaymentRun.deadlineSeconds) * 1_000, memo: line.memo)
                switch order {
                case .success(let order):
                    positions[line.number] = position
                    orders.append((line.number, order))
                case .failure(let fault): reject(position, fault.reason.code, fault.problem)
                }
            } catch let failure as Failure {
                reject(position, Reason.unknownPayer.code, failure.problem)
            }
        }
        return orders
    }

    private var ended: Int { results.reduce(0) { $0 + ($1.outcome == "open" ? 0 : 1) } }

    private func reject(_ position: Int, _ reason: String, _ detail: String) {
        results[position].outcome = "rejected"
        results[position].reason = reason
        results[position].detail = detail
    }

    private func take(_ effect: WalletEffect) {
        switch effect {
        case .ended(let key, let outcome, let times):
            guard let position = positions[key] else { return }
            results[position].outcome = outcome.name
            results[position].reason = outcome.reason
            results[position].transaction = driver.signed(key)?.name.hex ?? ""
            results[position].receiver_milliseconds = times.milliseconds(to: \.receiverSure)
            results[position].payer_milliseconds = times.milliseconds(to: \.payerSure)
            results[position].ended_milliseconds = times.payerSure?.wallMilliseconds
        case .receipt(let key, let receipt):
            guard let receiptsFolder, let position = positions[key] else { return }
            do {
                try ReceiptFile.write(receiptDesk.complete(receipt), named: results[position].id, in: receiptsFolder)
                receipts += 1
            } catch {
                lostReceipts += 1
            }
        case .request, .keep, .marked, .answered: return
        }
    }
}

/// When progress is said: at most twice a second while it changes, now and then while it does not.
struct ProgressPace {
    private var lastSaid = Date.distantPast
    private var lastDone = -1

    private static let shortest = 0.5
    private static let longest = 10.0

    var isDue: Bool { Date().timeIntervalSince(lastSaid) >= ProgressPace.shortest }

    mutating func say(done: Int, of all: Int, _ progress: (_ ended: Int, _ all: Int) -> Void) {
        guard done != lastDone || Date().timeIntervalSince(lastSaid) >= ProgressPace.longest else { return }
        lastSaid = Date()
        lastDone = done
        progress(done, all)
    }
}

/// The file of an agent's rules.
enum AgentRulesFile {
    static func read(_ path: String, _ book: AddressBook) throws -> [AgentRule] {
        let text = try TextFile.read(path, byteCountMax: 1 << 20, whenMissing: "Name a file of rules, for example examples/agent.rules.")
        do {
            return try AgentRules.parse(text, account: { book[$0]?.key })
        } catch {
            throw Failure(.configuration, "\(path), line \(error.line): \(error.problem)", error.advice)
        }
    }
}
