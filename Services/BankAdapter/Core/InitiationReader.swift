import Cryptography
import Wire

/// Makes of a parsed pain.001 what is to be paid: every text is checked once, here (parse, don't validate).
package struct InitiationReader {
    /// What a file is read against.
    package struct Surroundings {
        package var profile: BankProfile
        /// Sub-chains of the network.
        package var chains: [ChainID]
        /// Contracts of the network, first choice first.
        package var contracts: [Contract]
        package var today: CalendarDate

        package init(profile: BankProfile, chains: [ChainID], contracts: [Contract], today: CalendarDate) {
            self.profile = profile
            self.chains = chains
            self.contracts = contracts
            self.today = today
        }
    }

    package static let messageName = "pain.001.001.09"
    package static let namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    /// What stands for no reference.
    package static let notProvided = "NOTPROVIDED"

    let around: Surroundings
    let outline: ElementOutline
    var profile: BankProfile { around.profile }

    package init(_ around: Surroundings, outline: ElementOutline) {
        self.around = around
        self.outline = outline
    }

    func fault(_ code: StatusCode, _ narrative: String, _ place: String) -> StatusReason {
        StatusReason(code, narrative, place: place, line: line(of: place))
    }

    /// The line of a place, or of what is around it where it is missing.
    private func line(of place: String) -> Int? {
        var place = place[...]
        while true {
            if let line = outline.line(of: String(place)) { return line }
            guard let cut = place.lastIndex(of: "/") else { return nil }
            place = place[..<cut]
        }
    }

    /// Reads a file.
    ///
    /// - Parameter fingerprint: the hash of its bytes, hexadecimal.
    package func read(_ document: RawDocument, fingerprint: String) -> PaymentMessage {
        let raw = document.initiation
        var header = MessageHeader(
            fingerprint: fingerprint, messageID: raw.header.messageID ?? "", messageName: InitiationReader.messageName, created: raw.header.created,
            count: raw.header.count, controlSum: raw.header.controlSum)
        do {
            try check(raw)
            let batches = try readBatches(raw.batches ?? [])
            return PaymentMessage(header: header, batches: batches)
        } catch {
            header.refusals = [error]
            return PaymentMessage(refused: InitiationReader.presentable(header))
        }
    }

    /// What may stand in a report: of a header that is refused, nothing that the schema of reports would not take.
    package static func presentable(_ header: MessageHeader) -> MessageHeader {
        var header = header
        if !isIdentifier(header.messageID) { header.messageID = notProvided }
        if let created = header.created, !CalendarDate.isDateTime(created) || created.utf8.count > BankLimits.identifierBytes { header.created = nil }
        if let count = header.count, !isCount(count) { header.count = nil }
        if let sum = header.controlSum, DecimalAmount.control(sum) == nil { header.controlSum = nil }
        return header
    }

    static func isIdentifier(_ text: String) -> Bool {
        (1...BankLimits.identifierBytes).contains(text.utf8.count) && text.utf8.allSatisfy { (32..<127).contains($0) }
    }

    private static func isCount(_ text: String) -> Bool { (1...15).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) } }

    // MARK: the whole

    /// What is wrong with a file as a whole.
    private func check(_ raw: RawInitiation) throws(StatusReason) {
        _ = try identifier(raw.header.messageID, "GrpHdr/MsgId", .format)
        guard let created = raw.header.created, CalendarDate.isDateTime(created), created.utf8.count <= BankLimits.identifierBytes else {
            throw fault(.format, "'\(DecimalAmount.shown(raw.header.created ?? ""))' is no date with a time, such as 2026-11-22T09:30:00Z", "GrpHdr/CreDtTm")
        }
        let batches = raw.batches ?? []
        guard !batches.isEmpty else { throw fault(.format, "there is no PmtInf", "GrpHdr") }
        let instructions = batches.flatMap { $0.instructions ?? [] }
        guard instructions.count <= BankLimits.fileInstructions else {
            throw fault(.format, "\(instructions.count) instructions are more than \(BankLimits.fileInstructions); split the file", "GrpHdr/NbOfTxs")
        }
        guard let count = raw.header.count else { throw fault(.transactionCount, "NbOfTxs is missing", "GrpHdr/NbOfTxs") }
        try check(count: count, controlSum: raw.header.controlSum, of: instructions, "GrpHdr")
    }

    private func check(count: String?, controlSum: String?, of instructions: [RawInstruction], _ place: String) throws(StatusReason) {
        if let count {
            guard InitiationReader.isCount(count), Int(count) == instructions.count else {
                throw fault(.transactionCount, "NbOfTxs says \(DecimalAmount.shown(count)), and there are \(instructions.count) instructions", "\(place)/NbOfTxs")
            }
        }
        guard let controlSum else { return }
        let amounts = instructions.map { ($0.amount?.instructed ?? $0.amount?.equivalent?.amount).flatMap { DecimalAmount.control($0.text) } ?? 0 }
        guard DecimalAmount.control(controlSum) == amounts.reduce(0, +) else {
            throw fault(.controlSum, "CtrlSum says \(DecimalAmount.shown(controlSum)), which is not the sum of the amounts", "\(place)/CtrlSum")
        }
    }

    func identifier(_ text: String?, _ place: String, _ code: StatusCode) throws(StatusReason) -> String {
        guard let text, !text.isEmpty else { throw fault(code, "\(place.split(separator: "/").last ?? "") is missing", place) }
        guard text.utf8.count <= BankLimits.identifierBytes else { throw fault(code, "it is longer than \(BankLimits.identifierBytes) characters", place) }
        guard InitiationReader.isIdentifier(text) else { throw fault(.characters, "'\(DecimalAmount.shown(text))' has characters other than letters, digits and signs", place) }
        return text
    }

    private func readBatches(_ raw: [RawBatch]) throws(StatusReason) -> [PaymentBatch] {
        var batches: [PaymentBatch] = []
        var ids: Set<String> = []
        for (index, batch) in raw.enumerated() {
            let place = "PmtInf[\(index + 1)]"
            let id = try identifier(batch.id, "\(place)/PmtInfId", .format)
            guard ids.insert(id).inserted else { throw fault(.format, "\(id) names two PmtInf", "\(place)/PmtInfId") }
            guard let instructions = batch.instructions, !instructions.isEmpty else { throw fault(.format, "there is no CdtTrfTxInf", place) }
            try check(count: batch.count, controlSum: batch.controlSum, of: instructions, place)
            let debtor = readDebtor(batch, place)
            batches.append(
                PaymentBatch(
                    id: id,
                    instructions: try instructions.enumerated().mapChecked { (item) throws(StatusReason) in
                        try readInstruction(item.element, debtor, batch, "\(place)/CdtTrfTxInf[\(item.offset + 1)]")
                    }))
        }
        return batches
    }

    // MARK: one debtor

    /// Who pays; a fault here is every instruction's of the batch.
    private func readDebtor(_ batch: RawBatch, _ place: String) -> Result<AccountNumber, StatusReason> {
        do throws(StatusReason) {
            guard batch.method == "TRF" else { throw fault(.format, "PmtMtd must be TRF: only transfers are made", "\(place)/PmtMtd") }
            guard let text = batch.executionDate?.date ?? batch.executionDate?.time, let date = CalendarDate(text) else {
                throw fault(.invalidDate, "ReqdExctnDt is missing or no date", "\(place)/ReqdExctnDt")
            }
            guard date <= around.today else {
                throw fault(.futureDate, "\(date) is in the future (today is \(around.today)); hand in a new file on that day", "\(place)/ReqdExctnDt")
            }
            if let agent = batch.debtorAgent, let name = agent.institution?.bic ?? agent.institution?.other?.id, name != InitiationReader.notProvided,
                !names(name, profile.bic, profile.chain)
            {
                throw fault(.debtorBank, "this is \(profile.bic), not \(DecimalAmount.shown(name))", "\(place)/DbtrAgt/FinInstnId")
            }
            if let currency = batch.debtorAccount?.currency, currency != profile.currency.code {
                throw fault(.currency, "accounts here are in \(profile.currency.code), not \(DecimalAmount.shown(currency))", "\(place)/DbtrAcct/Ccy")
            }
            return .success(try account(batch.debtorAccount, "\(place)/DbtrAcct", .debtorAccount))
        } catch {
            return .failure(error)
        }
    }

    /// Whether a text names a bank: by its BIC (8 or 11 characters) or its chain.
    func names(_ text: String, _ bic: String, _ chain: ChainID) -> Bool {
        text == bic || text == chain.description || (bic.hasSuffix("XXX") && text == bic.dropLast(3)) || "\(bic)XXX" == text
    }

    func account(_ raw: RawAccount?, _ place: String, _ code: StatusCode) throws(StatusReason) -> AccountNumber {
        do throws(StatusReason) {
            if let iban = raw?.id?.iban { return try AccountNumber(iban: iban, code: code) }
            guard let other = raw?.id?.other?.id, !other.isEmpty else { throw StatusReason(code, "there is no account") }
            return try AccountNumber(other: other, code: code)
        } catch {
            throw fault(error.code, error.narrative, "\(place)/Id")
        }
    }
}

extension Sequence {
    /// `map` that throws one type.
    func mapChecked<Item, Fault: Error>(_ body: (Element) throws(Fault) -> Item) throws(Fault) -> [Item] {
        var items: [Item] = []
        for element in self { items.append(try body(element)) }
        return items
    }
}
