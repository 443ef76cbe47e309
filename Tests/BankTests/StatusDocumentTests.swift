import BankCore
import BankShell
import Foundation
import Testing

@Suite struct StatusDocumentTests {
    @Test("a report is written as pain.002.001.10 orders it, and reads back")
    func golden() throws {
        var desk = BankDesk()
        let wrong = BankFixture.instruction(endToEnd: "E2E-2", id: "<InstrId>I-2</InstrId>", amount: "<InstdAmt Ccy=\"JPY\">1</InstdAmt>")
        let message = BankFixture.read(BankFixture.file([BankFixture.instruction(), wrong], sum: "<CtrlSum>101</CtrlSum>"))
        _ = desk.apply(.received(message))
        let first = try #require(desk.report(message.header.fingerprint)?.rows.first?.instruction)
        let payment = try #require(first.payment)
        let question = BankQuestion(.reserve, reference: first.reference, account: payment.debtor, amount: payment.amount, currency: "EUR", endToEndID: "E2E-1")
        _ = desk.apply(.answered(question, .done))
        _ = desk.apply(.signed(reference: first.reference, DeskTests.submitted))
        let report = try #require(desk.report(message.header.fingerprint))
        let second = report.rows[1].instruction.reference
        let document = StatusDocument(report, id: "R-1", created: "2026-11-22T09:31:00.000Z", bic: "EUROBEBBXXX")
        let text = String(decoding: try document.encoded(), as: UTF8.self)
        #expect(text.replacingOccurrences(of: "&apos;", with: "'") == StatusDocumentTests.expected(first.reference, second))
        #expect(try StatusDocument(decoding: Array(text.utf8)) == document)
    }

    /// The golden text, with the references of two instructions.
    private static func expected(_ first: String, _ second: String) -> String {
        """
            <?xml version="1.0" encoding="UTF-8"?>
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">
                <CstmrPmtStsRpt>
                    <GrpHdr>
                        <MsgId>R-1</MsgId>
                        <CreDtTm>2026-11-22T09:31:00.000Z</CreDtTm>
                        <DbtrAgt>
                            <FinInstnId>
                                <BICFI>EUROBEBBXXX</BICFI>
                            </FinInstnId>
                        </DbtrAgt>
                    </GrpHdr>
                    <OrgnlGrpInfAndSts>
                        <OrgnlMsgId>MSG-1</OrgnlMsgId>
                        <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
                        <OrgnlCreDtTm>2026-11-22T09:30:00Z</OrgnlCreDtTm>
                        <OrgnlNbOfTxs>2</OrgnlNbOfTxs>
                        <OrgnlCtrlSum>101</OrgnlCtrlSum>
                        <GrpSts>PART</GrpSts>
                        <NbOfTxsPerSts>
                            <DtldNbOfTxs>1</DtldNbOfTxs>
                            <DtldSts>ACSP</DtldSts>
                        </NbOfTxsPerSts>
                        <NbOfTxsPerSts>
                            <DtldNbOfTxs>1</DtldNbOfTxs>
                            <DtldSts>RJCT</DtldSts>
                        </NbOfTxsPerSts>
                    </OrgnlGrpInfAndSts>
                    <OrgnlPmtInfAndSts>
                        <OrgnlPmtInfId>PMT-1</OrgnlPmtInfId>
                        <PmtInfSts>PART</PmtInfSts>
                        <TxInfAndSts>
                            <StsId>\(first)</StsId>
                            <OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>
                            <TxSts>ACSP</TxSts>
                            <StsRsnInf>
                                <AddtlInf>ledger \(String(repeating: "b", count: 64))</AddtlInf>
                            </StsRsnInf>
                            <AcctSvcrRef>\(first)</AcctSvcrRef>
                            <ClrSysRef>\(String(repeating: "b", count: 32))</ClrSysRef>
                        </TxInfAndSts>
                        <TxInfAndSts>
                            <StsId>\(second)</StsId>
                            <OrgnlInstrId>I-2</OrgnlInstrId>
                            <OrgnlEndToEndId>E2E-2</OrgnlEndToEndId>
                            <TxSts>RJCT</TxSts>
                            <StsRsnInf>
                                <Rsn>
                                    <Cd>AM03</Cd>
                                </Rsn>
                                <AddtlInf>'JPY' cannot be paid here, only USD (line 22, PmtInf[1]/CdtTrfTxInf[2]/Amt/InstdAmt)</AddtlInf>
                            </StsRsnInf>
                            <AcctSvcrRef>\(second)</AcctSvcrRef>
                        </TxInfAndSts>
                    </OrgnlPmtInfAndSts>
                </CstmrPmtStsRpt>
            </Document>

            """
    }

    @Test("other banks' words are written so that every reader can read them")
    func words() throws {
        var desk = BankDesk()
        let message = BankFixture.read(BankFixture.file())
        _ = desk.apply(.received(message))
        let entry = try #require(desk.report(message.header.fingerprint)?.rows.first?.instruction)
        let debtor = try #require(entry.payment?.debtor)
        func question(_ kind: BankQuestion.Kind) -> BankQuestion { BankQuestion(kind, reference: entry.reference, account: debtor, amount: 1, currency: "EUR", endToEndID: "E") }
        _ = desk.apply(.answered(question(.reserve), .done))
        _ = desk.apply(.signed(reference: entry.reference, DeskTests.submitted))
        _ = desk.apply(.ended(reference: entry.reference, .refunded(.refusedByReceiver, words: "a<b>&\u{1}\u{0}\n\u{202E}\u{FFFE}é" + String(repeating: "e\u{301}", count: 300))))
        _ = desk.apply(.answered(question(.release), .done))
        let report = try #require(desk.report(message.header.fingerprint))
        let document = StatusDocument(report, id: "R-3", created: "2026-11-22T09:31:00.000Z", bic: "EUROBEBBXXX")
        let lines = try #require(document.report.batches?.first?.rows?.first?.reasons?.first?.lines)
        #expect(lines.count == BankLimits.narrativeLines && lines.allSatisfy { $0.unicodeScalars.count <= 105 })
        #expect(lines[0].hasPrefix("the creditor's bank refused: a<b>&?????é"))
        let text = String(decoding: try document.encoded(), as: UTF8.self)
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        #expect(try StatusDocument(decoding: document.encoded()) == document)
    }

    @Test("a file that is refused as a whole is answered with what could be read of it, and nothing that no report may hold")
    func refused() throws {
        let long = String(repeating: "x", count: 60)
        for text in [BankFixture.file(messageID: long, created: "yesterday", sum: "<CtrlSum>lots</CtrlSum>"), "no xml at all", BankFixture.file(count: 7)] {
            var desk = BankDesk()
            let message = BankFixture.read(text)
            _ = desk.apply(.received(message))
            let report = try #require(desk.report(message.header.fingerprint))
            #expect(report.status == "RJCT" && report.isFinal)
            let document = StatusDocument(report, id: "R-2", created: "2026-11-22T09:31:00.000Z", bic: "EUROBEBBXXX")
            #expect(document.report.group.id.utf8.count <= 35)
            #expect(document.report.group.created != "yesterday")
            #expect(document.report.group.sum != "lots")
            #expect(!(document.report.group.reasons ?? []).isEmpty)
            let lines = (document.report.group.reasons ?? []).flatMap { $0.lines ?? [] }
            #expect(lines.allSatisfy { (1...105).contains($0.count) })
            #expect(try StatusDocument(decoding: document.encoded()) == document)
        }
    }
}
