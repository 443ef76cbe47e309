import BankCore
import BankShell
import Cryptography
import Wire

extension Door {
    /// What a bank's adapter reads: payment files of its customers, memos of whoever pays it.
    static let banks: [Door] = [
        Door("payment-message", longest: 8_192, takeMessage),
        Door("credit-note") { bytes in
            guard let text = String(validating: bytes, as: UTF8.self), let note = CreditNote(memo: text) else { return false }
            try demand(CreditNote(memo: note.memo) == note && note.memo == text, "a memo written anew is another one")
            return true
        },
    ]

    private static func key(_ byte: UInt8) -> PublicKey { PublicKey(Blake2b.hash([byte])) }

    private static let around: InitiationReader.Surroundings = {
        guard let euro = ChainID("euro"), let dollar = ChainID("dollar"), let eur = AssetID("EUR"), let usd = AssetID("USD"), let today = CalendarDate("2026-11-22")
        else { preconditionFailure("these are names") }
        let partner = BankPartner(bic: "DOLLUS33XXX", chain: dollar, account: key(2), currency: BankCurrency(code: "USD", asset: usd, digits: 2))
        let profile = BankProfile(
            name: "Euro Bank", bic: "EUROBEBBXXX", chain: euro, account: key(1), currency: BankCurrency(code: "EUR", asset: eur, digits: 2), partners: [partner],
            contract: nil, deadlineMilliseconds: 60_000)
        let contract = Contract(
            id: "eur-usd", version: 1, first: ContractSide(chain: euro, asset: eur, reserve: key(3)), second: ContractSide(chain: dollar, asset: usd, reserve: key(4)),
            rateNumerator: 11, rateDenominator: 10, minimumAmount: 10, maximumAmount: 1_000_000_000, deadlineMaximumMilliseconds: 600_000)
        return InitiationReader.Surroundings(profile: profile, chains: [dollar, euro], contracts: [contract], today: today)
    }()

    /// Whatever a file holds, its report can be written and read, names each instruction once, and what is to be paid is even.
    private static func takeMessage(_ bytes: [UInt8]) throws -> Bool {
        let message = InitiationFile.read(bytes, around)
        var desk = BankDesk()
        _ = desk.apply(.received(message))
        guard let report = desk.report(message.header.fingerprint) else { throw Broken("a file has no report") }
        let document = StatusDocument(report, id: "R", created: "2026-11-22T00:00:00.000Z", bic: "EUROBEBBXXX")
        let again = try StatusDocument(decoding: document.encoded()).report
        try demand((again.batches ?? []).flatMap { $0.rows ?? [] }.map(\.reference) == report.rows.map(\.instruction.reference), "a report written and read is another one")
        try demand((again.group.reasons ?? []).flatMap { $0.lines ?? [] }.allSatisfy { $0.unicodeScalars.count <= BankLimits.narrativeCharacters }, "words longer than a report has room for")
        for case .success(let payment) in message.batches.flatMap({ $0.instructions.map(\.order) }) {
            guard payment.contract != nil else { continue }
            try demand(around.contracts[0].counterAmount(paying: payment.amount, on: around.profile.chain) == payment.credited, "an uneven exchange was taken")
        }
        return message.header.refusals.isEmpty
    }
}

extension Seeds {
    mutating func addBanks() {
        let instruction = """
            <CdtTrfTxInf><PmtId><EndToEndId>E-1</EndToEndId></PmtId><Amt><EqvtAmt><Amt Ccy="EUR">100.00</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt></Amt>\
            <CdtrAgt><FinInstnId><BICFI>DOLLUS33XXX</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><Othr><Id>4000-1001</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
            """
        let other = instruction.replacing("E-1", with: "E-2").replacing("<EqvtAmt><Amt Ccy=\"EUR\">100.00</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>", with: "<InstdAmt Ccy=\"USD\">55</InstdAmt>")
        func file(_ instructions: [String]) -> String {
            """
            <?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr><MsgId>M</MsgId>\
            <CreDtTm>2026-01-05T08:30:00Z</CreDtTm><NbOfTxs>\(instructions.count)</NbOfTxs><InitgPty/></GrpHdr><PmtInf><PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd>\
            <ReqdExctnDt><Dt>2026-01-05</Dt></ReqdExctnDt><Dbtr/><DbtrAcct><Id><Othr><Id>C-1</Id></Othr></Id></DbtrAcct>\(instructions.joined())</PmtInf></CstmrCdtTrfInitn></Document>
            """
        }
        for text in [file([instruction]), file([instruction, other]), file([instruction]).replacing("<CdtrAcct>", with: "<!-- c --><CdtrAcct>")] { add("payment-message", Array(text.utf8)) }
        for memo in ["bank1|4000-1001|0123456789abcdef|E-1", "bank1|DE44500105175407324931|r|a|b", "rent"] { add("credit-note", Array(memo.utf8)) }
    }
}
