import BankCore
import Cryptography
import DequeModule
import Determinism
import Foundation
import OrderedCollections
import Runtime
import WalletCore
import WalletShell
import Wire

/// Joins a bank's existing system to its chain (A19): payment files come in from a folder, reports go out to another, incoming payments are
/// credited to customers. One thread owns it; it can be killed at any moment and started again.
package final class BankAdapter {
    /// Where an adapter finds and leaves things.
    package struct Folders: Hashable, Sendable {
        /// Payment files; nil where they are handed over one by one.
        package var inbox: String?
        package var outbox: String
        /// Journal, lock, the included ledger.
        package var state: String

        package init(inbox: String?, outbox: String, state: String) {
            self.inbox = inbox
            self.outbox = outbox
            self.state = state
        }

        package var journal: String { "\(state)/journal.sqlite" }
        package var lock: String { "\(state)/adapter.lock" }
        package var customers: String { "\(state)/customers.sqlite" }
    }

    /// What an adapter tells people.
    package enum Event {
        case took(file: String, instructions: Int, refusals: [StatusReason])
        case reported(path: String, status: String)
        case credited(CreditEntry)
        case receipt(reference: String, Receipt)
        case trouble(String)
    }

    let profile: BankProfile
    private let configuration: NetworkConfiguration
    private let signer: Signer
    private let folders: Folders
    private let journal: BankJournal
    private let system: any BankSystem
    private let contractSource: () throws -> [Contract]
    private let tell: (Event) -> Void
    package private(set) var desk: BankDesk
    private let wallet: WalletDriver
    private let agent: AgentDriver
    private let watch: CreditWatch
    private let lock: FolderLock
    private var contracts: [Contract] = []
    private var questions: OrderedDictionary<String, BankQuestion> = [:]
    private var questionsDue: UInt64 = 0
    private var effects: Deque<BankEffect> = []
    /// What was signed and is not on disk yet; nothing of it has left.
    private var unsynced: [JournalEntry] = []
    /// Payments to be begun or gone on with.
    private var starts: [WalletInput] = []
    private var keys: [PaymentKey: String] = [:]
    private var lastKey = 0
    private var offers: [String: LegNotice] = [:]
    /// Payments that were refused by their receiver, while the receipt that holds the words is fetched.
    private var unexplained: OrderedDictionary<String, (reason: Reason, until: UInt64)> = [:]
    /// Payments whose contract the network does not show at the moment.
    private var unpaid: [InstructionEntry] = []
    private var dueReports: OrderedDictionary<String, MessageEntry.Reported> = [:]
    private var retryDue: UInt64 = 0
    private var inbox: InboxFolder?

    private static let explanationMilliseconds: UInt64 = 60_000
    private static let retryMilliseconds: UInt64 = 1_000
    private static let waitMilliseconds = 10
    /// Questions to the existing system in one round, so that the network is not kept waiting.
    private static let questionsAtOnce = 200

    /// Opens everything and goes on where the last run ended.
    ///
    /// - Parameter contracts: asks the network for the contracts it has; may throw when it is not there.
    package init(
        _ profile: BankProfile, configuration: NetworkConfiguration, signer: Signer, folders: Folders, system: any BankSystem,
        contracts: @escaping () throws -> [Contract], tell: @escaping (Event) -> Void
    ) throws {
        self.profile = profile
        self.configuration = configuration
        self.signer = signer
        self.folders = folders
        self.system = system
        contractSource = contracts
        self.tell = tell
        guard let chain = configuration.network.chain(profile.chain) else { throw BankFault("there is no chain \(profile.chain)", "Correct the bank's file.") }
        do {
            lock = try FolderLock(folders.lock)
        } catch {
            switch error {
            case .held(let processID): throw BankFault("an adapter runs in \(folders.state) already (process \(processID))", "Stop it first: two would pay twice.")
            case .system(let reason): throw BankFault("\(folders.lock) cannot be taken: \(reason)", "Check the owner and mode of the folder.")
            }
        }
        journal = try BankJournal(folders.journal)
        desk = BankDesk(try journal.entries())
        var options = Wallet.Options()
        options.crossNonce = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        options.wantsReceipts = true
        options.concurrency = BankLimits.paymentsAtOnce
        wallet = WalletDriver(configuration, options: options)
        agent = AgentDriver(configuration, accounts: [signer], rules: [AgentRule(action: .ask)])
        watch = CreditWatch(configuration, chain: chain)
        inbox = try folders.inbox.map { try InboxFolder($0) }
        self.contracts = configuration.network.contracts
    }

    /// Begins: asks what stands open, watches for incoming payments.
    package func start() throws {
        refreshContracts()
        try agent.start(answered: { [self] in take($0, $1, $2) })
        effects += desk.start()
        try settleEffects()
    }

    /// One round of everything; waits a few milliseconds at most.
    package func turn() throws {
        for file in try inbox?.arrived() ?? [] { try take(file) }
        try wallet.turn(atMostMilliseconds: BankAdapter.waitMilliseconds, beforeRequests: sync) { [self] in try take($0) }
        try agent.turn(atMostMilliseconds: BankAdapter.waitMilliseconds) { [self] in take($0, $1, $2) }
        try watch.turn { [self] xid, isCommitted in effects += desk.apply(.decided(xid: xid, isCommitted: isCommitted)) }
        try settleEffects()
        askSystem()
        try retry()
        try settleEffects()
    }

    /// Takes a file of the inbox; one that cannot be taken is left there until somebody changes it, and keeps no other waiting.
    private func take(_ file: String) throws {
        let bytes: [UInt8]
        do {
            guard desk.entryCount < BankLimits.journalEntries else { throw BankFault("the journal is full", "") }
            bytes = try inbox?.read(file) ?? []
        } catch {
            tell(.trouble("\((error as? BankFault)?.problem ?? "\(error)"): \(file) is left where it is"))
            inbox?.leave(file)
            return
        }
        try receive(bytes, named: file)
        try inbox?.done(file)
    }

    /// Takes a payment file in.
    ///
    /// - Returns: its fingerprint.
    @discardableResult
    package func receive(_ bytes: [UInt8], named name: String) throws -> String {
        refreshContracts()
        let message = InitiationFile.read(bytes, surroundings)
        let reasons = message.header.refusals
        tell(.took(file: name, instructions: message.batches.reduce(0) { $0 + $1.instructions.count }, refusals: reasons))
        effects += desk.apply(.received(message))
        try settleEffects()
        return message.header.fingerprint
    }

    /// What files are read against now.
    private var surroundings: InitiationReader.Surroundings {
        InitiationReader.Surroundings(profile: profile, chains: configuration.network.chains.map(\.id), contracts: contracts, today: BankClock.today)
    }

    private func refreshContracts() {
        guard let found = try? contractSource() else { return }
        contracts = found
    }

    // MARK: effects

    /// Carries out what the desk ordered, in order; what that leads to goes behind it. All that is to be kept is kept first, in one commit: that
    /// is never too early, and one sync serves many.
    private func settleEffects() throws {
        while !effects.isEmpty {
            let ordered = effects
            effects.removeAll()
            let entries = ordered.flatMap { effect -> [JournalEntry] in if case .keep(let entries) = effect { entries } else { [] } }
            if !entries.isEmpty { try keep(entries) }
            for effect in ordered { try carryOut(effect) }
            guard !starts.isEmpty else { continue }
            let inputs = starts
            starts = []
            try wallet.apply(inputs, beforeRequests: sync) { [self] in try take($0) }
        }
    }

    private func carryOut(_ effect: BankEffect) throws {
        switch effect {
        case .keep: break
        case .ask(let question): questions[BankAdapter.key(of: question)] = question
        case .pay(let entry): pay(entry)
        case .resume(let reference, let submitted): resume(reference, submitted)
        case .consent(let xid, let refusal):
            guard let notice = offers.removeValue(forKey: xid) else { return }
            try agent.decide(notice, profile.account, refusal.map { .refuse($0) } ?? .confirm)
        case .follow(let credit): watch.add(credit)
        case .report(let message, let kind): report(message, kind)
        }
    }

    private func keep(_ entries: [JournalEntry]) throws {
        // Signed before: it must not come after, and replace, what has become of it.
        try journal.keep(unsynced + entries)
        unsynced = []
        for case .credit(let credit) in entries where credit.stage == .credited { tell(.credited(credit)) }
    }

    /// What was signed is on disk when this returns.
    private func sync() throws { if !unsynced.isEmpty { try keep([]) } }

    private func pay(_ entry: InstructionEntry) {
        guard let payment = entry.payment, let chain = ChainID(payment.chain), let payee = try? Address(payment.payee).publicKey else {
            preconditionFailure("what is paid was checked when it was read")
        }
        var route = PaymentOrder.Route.transfer(chain: profile.chain)
        var deadline = profile.deadlineMilliseconds
        if let id = payment.contract {
            guard let contract = contracts.first(where: { $0.id == id && $0.version == payment.contractVersion }) else { return unpaid.append(entry) }
            route = .exchange(contract, from: profile.chain, to: chain)
            // The paying chain's clock measures what the deciding chain's sets: a little less than the most.
            deadline = min(deadline, contract.deadlineMaximumMilliseconds / 10 * 9)
        }
        let memo = payment.creditor.map { CreditNote(account: $0, reference: entry.reference, endToEndID: entry.endToEndID).memo }
        let order = PaymentOrder(
            route: route, payer: signer, payee: payee, asset: profile.currency.asset, amount: payment.amount, deadlineMilliseconds: deadline,
            memo: memo ?? entry.endToEndID)
        starts.append(.start(newKey(entry.reference), order))
    }

    private func resume(_ reference: String, _ submitted: SubmittedPayment) {
        guard let chain = ChainID(submitted.chain), let deciding = ChainID(submitted.decidingChain), let id = BankAdapter.digest(submitted.id) else {
            preconditionFailure("the journal holds what was signed")
        }
        let signed = SignedPayment(chain: chain, decidingChain: deciding, bytes: submitted.bytes, id: id, xid: submitted.xid.flatMap { BankAdapter.digest($0) })
        starts.append(.resume(newKey(reference), signed))
    }

    private static func digest(_ hex: String) -> Digest? { Hexadecimal.decode(hex).flatMap { Digest($0) } }

    private func newKey(_ reference: String) -> PaymentKey {
        lastKey += 1
        keys[lastKey] = reference
        return lastKey
    }

    // MARK: news

    private func take(_ effect: WalletEffect) throws {
        switch effect {
        case .keep(let key, let signed):
            guard let reference = keys[key] else { return }
            let submitted = SubmittedPayment(
                chain: signed.chain.description, decidingChain: signed.decidingChain.description, bytes: signed.bytes, id: signed.id.hex, xid: signed.xid?.hex)
            // Before anything leaves: the wallet sends nothing until `sync` has returned.
            for effect in desk.apply(.signed(reference: reference, submitted)) {
                if case .keep(let entries) = effect { unsynced += entries } else { effects.append(effect) }
            }
        case .ended(let key, let outcome, _):
            guard let reference = keys[key] else { return }
            switch outcome {
            case .settled: effects += desk.apply(.ended(reference: reference, .settled))
            case .rejected(let reason): effects += desk.apply(.ended(reference: reference, .rejected(reason)))
            case .refunded(let cause):
                guard let reason = Reason(code: cause.rawValue) else { preconditionFailure("refunds have reasons of the wire") }
                guard reason == .refusedByReceiver else { return effects += desk.apply(.ended(reference: reference, .refunded(reason, words: nil))) }
                unexplained[reference] = (reason, BusClock.now().monotonicMilliseconds + BankAdapter.explanationMilliseconds)
            case .open: return
            }
        case .receipt(let key, let receipt):
            guard let reference = keys[key] else { return }
            tell(.receipt(reference: reference, receipt))
            explain(reference, words: refusal(in: receipt))
        case .request, .marked, .answered: return
        }
    }

    private func explain(_ reference: String, words: String?) {
        guard let (reason, _) = unexplained.removeValue(forKey: reference) else { return }
        effects += desk.apply(.ended(reference: reference, .refunded(reason, words: words)))
    }

    /// The words of the receiver's refusal.
    private func refusal(in receipt: Receipt) -> String? {
        for part in receipt.parts {
            if case .refuse(let refuse)? = (try? Transaction(decoding: part.transaction, chain: part.chain, network: configuration.network.id))?.kind { return refuse.reason }
        }
        return nil
    }

    /// Somebody pays the bank's account on its chain.
    private func take(_ notice: LegNotice, _ account: PublicKey, _ action: AgentRule.Action) {
        guard action == .ask else { return }
        let leg = notice.cross.leg(for: account)
        let note = CreditNote(memo: notice.cross.memo)
        var credit = CreditEntry(
            xid: notice.cross.xid.hex, account: note?.account, amount: leg.amount, currency: profile.currency.code, endToEndID: note?.endToEndID ?? "",
            deadline: notice.cross.deadline)
        if leg.chain != profile.chain || leg.asset != profile.currency.asset {
            credit.stage = .declined(StatusReason(.currency, "this bank takes \(profile.currency.asset) on \(profile.chain) only"))
        } else if note == nil {
            credit.stage = .declined(StatusReason(.creditorAccount, "the memo names no account"))
        }
        offers[credit.xid] = notice
        effects += desk.apply(.offered(credit))
    }

    private func askSystem() {
        guard !questions.isEmpty, BusClock.now().monotonicMilliseconds >= questionsDue else { return }
        let batch = Array(questions.values.prefix(BankAdapter.questionsAtOnce))
        if let system = system as? any BatchBankSystem {
            do {
                let answers = try system.answers(batch)
                for (question, answer) in zip(batch, answers) {
                    questions[BankAdapter.key(of: question)] = nil
                    effects += desk.apply(.answered(question, answer))
                }
            } catch {
                failed(error)
            }
            return
        }
        for question in batch {
            let key = BankAdapter.key(of: question)
            do {
                questions[key] = nil
                guard let answer = try system.answer(question) else {
                    // Behind all others.
                    questions[key] = question
                    continue
                }
                effects += desk.apply(.answered(question, answer))
            } catch {
                questions[key] = question
                return failed(error)
            }
        }
    }

    private func failed(_ error: any Error) {
        tell(.trouble("the bank's system: \((error as? BankFault)?.problem ?? "\(error)")"))
        questionsDue = BusClock.now().monotonicMilliseconds + BankAdapter.retryMilliseconds
    }

    private static func key(of question: BankQuestion) -> String { "\(question.kind.rawValue)/\(question.reference)" }

    /// What could not be done is tried again.
    private func retry() throws {
        let now = BusClock.now().monotonicMilliseconds
        for (reference, item) in unexplained where item.until <= now { explain(reference, words: nil) }
        guard now >= retryDue else { return }
        retryDue = now + BankAdapter.retryMilliseconds
        for (message, kind) in dueReports { report(message, kind) }
        guard !unpaid.isEmpty else { return }
        refreshContracts()
        let entries = unpaid
        unpaid = []
        for entry in entries { pay(entry) }
        // The loop that carries effects out begins them.
        effects.append(.keep([]))
    }

    // MARK: reports

    private func report(_ fingerprint: String, _ kind: MessageEntry.Reported) {
        guard let report = desk.report(fingerprint) else { return }
        let path = "\(folders.outbox)/\(BankAdapter.reportName(report.header, kind))"
        do {
            let now = BusClock.now().wallMilliseconds
            let id = "\(fingerprint.prefix(12))-\(kind == .final ? "F" : "I")-\(String(now, radix: 36))"
            let document = StatusDocument(report, id: id, created: BankClock.text(now), bic: profile.bic)
            try OutboxFile.write(try document.encoded(), to: path)
            dueReports[fingerprint] = nil
            tell(.reported(path: path, status: report.status))
            effects += desk.apply(.reported(message: fingerprint, kind))
        } catch {
            if dueReports.updateValue(kind, forKey: fingerprint) == nil { tell(.trouble((error as? BankFault)?.problem ?? "\(error)")) }
        }
    }

    /// Name of a report's file: of its message's id, of eight digits that tell files of one id apart, and of what it is.
    package static func reportName(_ header: MessageHeader, _ kind: MessageEntry.Reported) -> String {
        let id = String(header.messageID.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" })
        return "pain002-\(id)-\(header.fingerprint.prefix(8))-\(kind == .final ? "final" : "interim").xml"
    }
}
