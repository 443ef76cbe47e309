import Cryptography
import OrderedCollections
import Wire

/// A fact that reaches a bank's desk.
package enum BankInput: Sendable {
    /// A payment file was read, for the first time or again.
    case received(PaymentMessage)
    /// The existing system answered a question.
    case answered(BankQuestion, BankAnswer)
    /// A payment was signed and will be handed in next, once this has been kept.
    case signed(reference: String, SubmittedPayment)
    /// A payment ended.
    case ended(reference: String, PaymentEnd)
    /// Somebody pays a customer of this bank: the chain asks for consent.
    case offered(CreditEntry)
    /// What the chain says of an offered credit.
    case decided(xid: String, isCommitted: Bool)
    /// A report is on disk.
    case reported(message: String, MessageEntry.Reported)
}

/// How a payment ended on the chains.
package enum PaymentEnd: Hashable, Sendable {
    case settled
    /// What was held came back; the words are the receiver's, where they are known.
    case refunded(Reason, words: String?)
    /// Nothing moved.
    case rejected(Reason)
}

/// An order of a bank's desk to its shell, carried out in list order.
package enum BankEffect: Hashable, Sendable {
    /// On disk before anything that follows.
    case keep([JournalEntry])
    /// Asked until it is answered.
    case ask(BankQuestion)
    /// Signed and handed in.
    case pay(InstructionEntry)
    /// Handed in again, byte for byte.
    case resume(reference: String, SubmittedPayment)
    /// The answer to an offered credit; words tell why not.
    case consent(xid: String, refusal: String?)
    /// What becomes of a credit is to be found out.
    case follow(CreditEntry)
    /// A report is to be written.
    case report(message: String, MessageEntry.Reported)
}

/// What a bank's adapter decides (A19): takes instructions from files to their end, and incoming payments to customers' accounts, each exactly
/// once, through any number of restarts.
package struct BankDesk: Sendable {
    private(set) var messages: OrderedDictionary<String, MessageEntry> = [:]
    private(set) var instructions: OrderedDictionary<String, InstructionEntry> = [:]
    private(set) var credits: OrderedDictionary<String, CreditEntry> = [:]
    /// `MsgId` to fingerprint, of files that were taken.
    private var messageIDs: [String: String] = [:]
    /// What must not be paid twice, to the reference that it belongs to.
    private var used: [String: String] = [:]
    /// Instructions of a file that have not ended, by its fingerprint.
    private var openOf: [String: Int] = [:]
    package private(set) var openInstructionCount = 0
    package private(set) var openCreditCount = 0

    /// - Parameter entries: what a journal holds, oldest first.
    package init(_ entries: [JournalEntry] = []) {
        for entry in entries { take(entry) }
    }

    package var entryCount: Int { messages.count + instructions.count + credits.count }
    /// In the order in which they came.
    package var allMessages: [MessageEntry] { Array(messages.values) }
    package var allInstructions: [InstructionEntry] { Array(instructions.values) }
    package var allCredits: [CreditEntry] { Array(credits.values) }
    /// A file, by its fingerprint.
    package func message(_ fingerprint: String) -> MessageEntry? { messages[fingerprint] }
    /// An instruction, by its reference.
    package func instruction(_ reference: String) -> InstructionEntry? { instructions[reference] }

    /// Whether all of a file has its end, and the report of it is written.
    package func isReported(_ fingerprint: String) -> Bool { messages[fingerprint]?.reported == .final }

    private mutating func take(_ entry: JournalEntry) {
        switch entry {
        case .message(let entry):
            messages[entry.header.fingerprint] = entry
            if entry.header.refusals.isEmpty { messageIDs[entry.header.messageID] = entry.header.fingerprint }
        case .instruction(let entry):
            let change = (entry.stage.isFinal ? 0 : 1) - (instructions[entry.reference].map { $0.stage.isFinal ? 0 : 1 } ?? 0)
            openInstructionCount += change
            openOf[entry.message, default: 0] += change
            instructions[entry.reference] = entry
            for name in BankDesk.names(entry) {
                // What came to nothing may be tried again under its name.
                if entry.hasFailed { if used[name] == entry.reference { used[name] = nil } } else if used[name] == nil { used[name] = entry.reference }
            }
        case .credit(let entry):
            openCreditCount += (entry.stage.isFinal ? 0 : 1) - (credits[entry.xid].map { $0.stage.isFinal ? 0 : 1 } ?? 0)
            credits[entry.xid] = entry
        }
    }

    /// What of an instruction must be its own.
    private static func names(_ entry: InstructionEntry) -> [String] {
        var names = entry.uetr.map { ["uetr/\($0)"] } ?? []
        if entry.endToEndID != InitiationReader.notProvided { names.append("e2e/\(entry.debtor)|\(entry.endToEndID)") }
        return names
    }

    /// What a start has to go on with.
    package func start() -> [BankEffect] {
        var effects: [BankEffect] = []
        for entry in instructions.values { effects += next(entry) }
        for entry in credits.values where !entry.stage.isFinal { effects += next(entry) }
        for entry in messages.values { effects += reports(entry) }
        return effects
    }

    package mutating func apply(_ input: BankInput) -> [BankEffect] {
        switch input {
        case .received(let message): return received(message)
        case .answered(let question, let answer): return answered(question, answer)
        case .signed(let reference, let payment): return step(reference) { stage in
            switch stage {
            // Signed anew: only what can never be in a block as it was is signed again.
            case .reserved, .submitted: .submitted(payment)
            default: nil
            }
        }
        case .ended(let reference, let end): return ended(reference, end)
        case .offered(let credit): return offered(credit)
        case .decided(let xid, let isCommitted): return decided(xid, isCommitted)
        case .reported(let message, let reported):
            guard var entry = messages[message], entry.reported < reported else { return [] }
            entry.reported = reported
            take(.message(entry))
            return [.keep([.message(entry)])]
        }
    }

    // MARK: files

    private mutating func received(_ message: PaymentMessage) -> [BankEffect] {
        let header = message.header
        // The same bytes again: answered as things stand, and nothing else.
        if let known = messages[header.fingerprint] { return [.report(message: header.fingerprint, isEnded(known) ? .final : .interim)] }
        var entry = MessageEntry(header: header, instructions: [], reported: .nothing, number: messages.count)
        if header.refusals.isEmpty, messageIDs[header.messageID] != nil {
            entry.header.refusals = [StatusReason(.duplicateMessage, "another file had the MsgId \(header.messageID) already; nothing of this one is paid", place: "GrpHdr/MsgId")]
        }
        var kept: [JournalEntry] = []
        if entry.header.refusals.isEmpty {
            for batch in message.batches {
                for instruction in batch.instructions {
                    let item = newEntry(instruction, batch.id, header.fingerprint, position: entry.instructions.count)
                    entry.instructions.append(item.reference)
                    take(.instruction(item))
                    kept.append(.instruction(item))
                }
            }
        }
        take(.message(entry))
        // One transaction: a file is in the journal with all its instructions, or not at all.
        return [.keep([.message(entry)] + kept)] + reports(entry) + entry.instructions.flatMap { instructions[$0].map(next) ?? [] }
    }

    private func newEntry(_ instruction: PaymentInstruction, _ batch: String, _ fingerprint: String, position: Int) -> InstructionEntry {
        let hash = Blake2b.hash(Array("bank instruction \(fingerprint) \(position)".utf8))
        var entry = InstructionEntry(
            reference: String(hash.hex.prefix(32)), message: fingerprint, batch: batch, instructionID: instruction.instructionID,
            endToEndID: instruction.endToEndID, uetr: instruction.uetr, amountText: instruction.amountText, currency: instruction.currency,
            debtor: instruction.debtor, creditor: instruction.creditor, payment: nil, stage: .received)
        switch instruction.order {
        case .failure(let reason): entry.stage = .refused(reason)
        case .success(let payment):
            if let uetr = entry.uetr, used["uetr/\(uetr)"] != nil {
                entry.stage = .refused(StatusReason(.duplicateTransaction, "the UETR \(uetr) was used already; it is not paid again"))
            } else if entry.endToEndID != InitiationReader.notProvided, used["e2e/\(entry.debtor)|\(entry.endToEndID)"] != nil {
                entry.stage = .refused(StatusReason(.duplicateEndToEnd, "\(entry.debtor) has used the EndToEndId \(entry.endToEndID) already; it is not paid again"))
            } else {
                entry.payment = payment
            }
        }
        return entry
    }

    func isEnded(_ entry: MessageEntry) -> Bool { openOf[entry.header.fingerprint, default: 0] == 0 }

    /// Reports that are due and not written.
    private func reports(_ entry: MessageEntry) -> [BankEffect] {
        if isEnded(entry) { return entry.reported == .final ? [] : [.report(message: entry.header.fingerprint, .final)] }
        return entry.reported == .nothing ? [.report(message: entry.header.fingerprint, .interim)] : []
    }

    // MARK: instructions

    /// What has to happen next for an instruction, whether it has just come there or is found there at a start.
    private func next(_ entry: InstructionEntry) -> [BankEffect] {
        guard let payment = entry.payment else { return [] }
        func question(_ kind: BankQuestion.Kind) -> BankEffect {
            .ask(BankQuestion(kind, reference: entry.reference, account: payment.debtor, amount: payment.amount, currency: payment.currency, endToEndID: entry.endToEndID))
        }
        switch entry.stage {
        case .received: return [question(.reserve)]
        case .reserved: return [.pay(entry)]
        case .submitted(let submitted): return [.resume(reference: entry.reference, submitted)]
        case .paid: return [question(.settle)]
        case .returning: return [question(.release)]
        case .refused, .settled, .rejected: return []
        }
    }

    /// Moves an instruction on, if it is where the fact belongs; keeps it, and says what is next.
    private mutating func step(_ reference: String, _ change: (InstructionEntry.Stage) -> InstructionEntry.Stage?) -> [BankEffect] {
        guard var entry = instructions[reference], let stage = change(entry.stage) else { return [] }
        entry.stage = stage
        take(.instruction(entry))
        var effects: [BankEffect] = [.keep([.instruction(entry)])]
        // What was signed is on its way already.
        if case .submitted = stage { return effects }
        effects += next(entry)
        if stage.isFinal, let message = messages[entry.message] { effects += reports(message) }
        return effects
    }

    private mutating func answered(_ question: BankQuestion, _ answer: BankAnswer) -> [BankEffect] {
        switch question.kind {
        case .reserve:
            return step(question.reference) { stage in
                guard stage == .received else { return nil }
                switch answer {
                case .done: return .reserved
                case .refused(let refusal, let words): return .refused(StatusReason(refusal.code(isDebtor: true), words))
                }
            }
        case .settle:
            return step(question.reference) { if case .paid(let payment) = $0 { .settled(payment.withoutBytes) } else { nil } }
        case .release:
            return step(question.reference) { if case .returning(let reason, let payment) = $0 { .rejected(reason, payment?.withoutBytes) } else { nil } }
        case .mayCredit, .credit: return answeredCredit(question, answer)
        }
    }

    private mutating func ended(_ reference: String, _ end: PaymentEnd) -> [BankEffect] {
        step(reference) { stage in
            let submitted: SubmittedPayment?
            switch stage {
            case .submitted(let payment): submitted = payment
            case .reserved: submitted = nil
            default: return nil
            }
            switch end {
            case .settled: return submitted.map { .paid($0) }
            case .refunded(let reason, let words): return .returning(StatusReason(refunded: reason, words: words), submitted)
            case .rejected(let reason): return .returning(StatusReason(reason), submitted)
            }
        }
    }

    // MARK: credits

    private func next(_ entry: CreditEntry) -> [BankEffect] {
        func question(_ kind: BankQuestion.Kind, _ account: AccountNumber) -> BankEffect {
            .ask(BankQuestion(kind, reference: entry.xid, account: account, amount: entry.amount, currency: entry.currency, endToEndID: entry.endToEndID))
        }
        guard let account = entry.account else { return [] }
        switch entry.stage {
        case .asked: return [question(.mayCredit, account)]
        case .accepted: return [.consent(xid: entry.xid, refusal: nil), .follow(entry)]
        case .declined(let reason): return [.consent(xid: entry.xid, refusal: BankDesk.words(of: reason))]
        case .committed: return [question(.credit, account)]
        case .credited, .lapsed: return []
        }
    }

    /// What the payer's bank is told: ISO's code, then words.
    private static func words(of reason: StatusReason) -> String {
        String(decoding: "\(reason.code.rawValue) \(reason.narrative)".utf8.prefix(Limits.memoBytes).filter { $0 < 128 }, as: UTF8.self)
    }

    private mutating func move(_ xid: String, to stage: CreditEntry.Stage) -> [BankEffect] {
        guard var entry = credits[xid] else { return [] }
        entry.stage = stage
        take(.credit(entry))
        return [.keep([.credit(entry)])] + next(entry)
    }

    private mutating func offered(_ credit: CreditEntry) -> [BankEffect] {
        if let known = credits[credit.xid] {
            switch known.stage {
            // Asked again by the chain: the answer is the one that was given.
            case .accepted: return [.consent(xid: known.xid, refusal: nil)]
            case .declined(let reason): return [.consent(xid: known.xid, refusal: BankDesk.words(of: reason))]
            case .asked, .committed, .credited, .lapsed: return []
            }
        }
        // Back-pressure: the chain asks again.
        guard openCreditCount < BankLimits.openCredits, entryCount < BankLimits.journalEntries else { return [] }
        take(.credit(credit))
        if case .declined(let reason) = credit.stage { return [.keep([.credit(credit)]), .consent(xid: credit.xid, refusal: BankDesk.words(of: reason))] }
        return [.keep([.credit(credit)])] + next(credit)
    }

    private mutating func answeredCredit(_ question: BankQuestion, _ answer: BankAnswer) -> [BankEffect] {
        guard let entry = credits[question.reference] else { return [] }
        switch (question.kind, entry.stage, answer) {
        case (.mayCredit, .asked, .done): return move(entry.xid, to: .accepted)
        case (.mayCredit, .asked, .refused(let refusal, let words)): return move(entry.xid, to: .declined(StatusReason(refusal.code(isDebtor: false), words)))
        case (.credit, .committed, .done): return move(entry.xid, to: .credited)
        default: return []
        }
    }

    private mutating func decided(_ xid: String, _ isCommitted: Bool) -> [BankEffect] {
        guard let entry = credits[xid], entry.stage == .accepted else { return [] }
        return move(xid, to: isCommitted ? .committed : .lapsed)
    }
}
