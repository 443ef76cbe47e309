import BankCore
import BankShell
import Cryptography
import Foundation
import Testing
import Wire

@Suite struct InitiationTests {
    @Test("an amount that is paid is exchanged at the contract's rate, to the unit")
    func equivalent() throws {
        let message = BankFixture.read(BankFixture.file())
        #expect(message.header.refusals.isEmpty)
        #expect(message.header.messageID == "MSG-1")
        let payment = try #require(message.firstPayment, "\(String(describing: message.firstFault))")
        #expect((payment.amount, payment.credited) == (10_000, 11_000))
        #expect(payment.creditor?.text == "4000-1001")
        #expect((payment.contract, payment.contractVersion) == ("eur-usd", 1))
        #expect(payment.payee == BankFixture.key(2).address.text)
    }

    @Test("an amount that is to arrive fixes what is paid")
    func instructed() throws {
        let message = BankFixture.read(BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">55</InstdAmt>")]))
        let payment = try #require(message.firstPayment, "\(String(describing: message.firstFault))")
        #expect((payment.amount, payment.credited) == (5_000, 5_500))
    }

    @Test("references are kept as they were written, and a prefix changes nothing")
    func references() throws {
        let uetr = "5b0f4a3e-6a1c-4f0e-9f57-2d1f0d6a7c11"
        let id = "<InstrId>I &amp; 1</InstrId>"
        let text = BankFixture.file([BankFixture.instruction(endToEnd: "E/2E.7</EndToEndId><UETR>\(uetr)</UETR>", id: id).replacingOccurrences(of: "</UETR></EndToEndId>", with: "</UETR>")])
        let instruction = try #require(BankFixture.read(text).batches.first?.instructions.first)
        #expect(instruction.instructionID == "I & 1")
        #expect(instruction.endToEndID == "E/2E.7")
        #expect(instruction.uetr == uetr)
        let prefixed = BankFixture.file().replacingOccurrences(of: "</", with: "<#").replacingOccurrences(of: "<", with: "<p:").replacingOccurrences(of: "<p:#", with: "</p:")
            .replacingOccurrences(of: "<p:?xml", with: "<?xml").replacingOccurrences(of: "xmlns=", with: "xmlns:p=")
        #expect(BankFixture.read(prefixed).firstPayment == BankFixture.read(BankFixture.file()).firstPayment)
    }

    @Test("an address of a chain is paid, in Prxy or in Othr; a wrong letter of it is told by its position")
    func address() throws {
        let text = BankFixture.key(9).address.text
        for account in ["<Id><Othr><Id>NOTPROVIDED</Id></Othr></Id><Prxy><Id>\(text)</Id></Prxy>", "<Id><Othr><Id>\(text)</Id></Othr></Id>"] {
            let payment = try #require(BankFixture.read(BankFixture.file([BankFixture.instruction(account: account)])).firstPayment)
            #expect(payment.payee == text && payment.creditor == nil)
        }
        var letters = Array(text)
        letters[20] = letters[20] == "q" ? "p" : "q"
        let fault = try #require(BankFixture.read(BankFixture.file([BankFixture.instruction(account: "<Id><Othr><Id>\(String(letters))</Id></Othr></Id>")])).firstFault)
        #expect(fault.code == .creditorAccount)
        #expect(fault.narrative.contains("character 21"), "\(fault.narrative)")
        #expect(fault.place == "PmtInf[1]/CdtTrfTxInf[1]/CdtrAcct/Id/Othr/Id")
        #expect(fault.line == 17)
        let here = BankFixture.instruction(amount: "<InstdAmt Ccy=\"EUR\">1.50</InstdAmt>", agent: "<Othr><Id>euro</Id></Othr>", account: "<Id><Othr><Id>\(text)</Id></Othr></Id>")
        let payment = try #require(BankFixture.read(BankFixture.file([here])).firstPayment)
        #expect((payment.chain, payment.contract, payment.amount) == ("euro", nil, 150))
    }

    /// What is wrong, and the code that says so.
    static let wrong: [(String, String, StatusCode)] = [
        ("zero", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">0.00</InstdAmt>")]), .zeroAmount),
        ("negative", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">-5</InstdAmt>")]), .amount),
        ("exponent", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">1e5</InstdAmt>")]), .amount),
        ("empty amount", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\"></InstdAmt>")]), .amount),
        ("a point alone", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">.</InstdAmt>")]), .amount),
        ("no amount", BankFixture.file([BankFixture.instruction(amount: "")]), .amount),
        ("decimals", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">1.234</InstdAmt>")]), .decimals),
        ("18 digits", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">1234567890123456789</InstdAmt>")]), .amount),
        ("above the contract", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">110000.11</InstdAmt>")]), .amountAboveMaximum),
        ("uneven", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">1.00</InstdAmt>")]), .amount),
        ("no such currency", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"JPY\">100</InstdAmt>")]), .currency),
        ("the payer's currency", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"EUR\">100</InstdAmt>")]), .currency),
        ("no currency", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt>100</InstdAmt>")]), .currency),
        ("unknown bank", BankFixture.file([BankFixture.instruction(agent: "<BICFI>MOONGB22XXX</BICFI>")]), .creditorBank),
        ("no bank", BankFixture.file([BankFixture.instruction(agent: "<Nm>Dollar Bank</Nm>")]), .creditorBank),
        ("own bank", BankFixture.file([BankFixture.instruction(agent: "<BICFI>EUROBEBBXXX</BICFI>")]), .sameInstitution),
        ("no account", BankFixture.file([BankFixture.instruction(account: "<Nm>x</Nm>")]), .creditorAccount),
        ("wrong check digits", BankFixture.file([BankFixture.instruction(account: "<Id><IBAN>DE45500105175407324931</IBAN></Id>")]), .creditorAccount),
        ("no IBAN", BankFixture.file([BankFixture.instruction(account: "<Id><IBAN>4000-1001</IBAN></Id>")]), .creditorAccount),
        ("unknown contract", BankFixture.file([BankFixture.instruction(exchange: "<XchgRateInf><CtrctId>eur-usd@2</CtrctId></XchgRateInf>")]), .currency),
        ("another rate", BankFixture.file([BankFixture.instruction(exchange: "<XchgRateInf><UnitCcy>EUR</UnitCcy><XchgRate>1.2</XchgRate></XchgRateInf>")]), .narrative),
        ("no UETR", BankFixture.file([BankFixture.instruction(endToEnd: "E</EndToEndId><UETR>5B0F4A3E</UETR><!--").replacingOccurrences(of: "<!--</EndToEndId>", with: "")]), .format),
        ("no reference", BankFixture.file([BankFixture.instruction(endToEnd: "")]), .endToEndID),
        ("long reference", BankFixture.file([BankFixture.instruction(endToEnd: String(repeating: "x", count: 36))]), .endToEndID),
        ("tomorrow", BankFixture.file(date: "<Dt>2026-11-23</Dt>"), .futureDate),
        ("no date", BankFixture.file(date: "<Dt>2026-02-30</Dt>"), .invalidDate),
        ("a cheque", BankFixture.file(method: "CHK"), .format),
        ("another bank's file", BankFixture.file(agent: "<BICFI>DOLLUS33XXX</BICFI>"), .debtorBank),
        ("a debtor's IBAN", BankFixture.file(account: "<Id><IBAN>DE45500105175407324931</IBAN></Id>"), .debtorAccount),
        ("a debtor's currency", BankFixture.file(account: "<Id><IBAN>\(BankFixture.debtor)</IBAN></Id><Ccy>USD</Ccy>"), .currency),
        ("count", BankFixture.file(count: 2), .transactionCount),
        ("control sum", BankFixture.file(sum: "<CtrlSum>100.01</CtrlSum>"), .controlSum),
        ("no message id", BankFixture.file(messageID: ""), .format),
        ("odd letters", BankFixture.file(messageID: "Größe"), .characters),
        ("no creation date", BankFixture.file(created: "yesterday"), .format),
        ("a day alone", BankFixture.file(created: "2026-11-22"), .format),
        ("no time of day", BankFixture.file(created: "2026-11-22T24:61:00Z"), .format),
        ("a zone that is none", BankFixture.file(created: "2026-11-22T09:30:00+15:00"), .format),
        ("another version", BankFixture.file(namespace: "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"), .format),
        ("document type", BankFixture.file(head: "<!DOCTYPE x [<!ENTITY a \"b\">]>"), .format),
        ("external entity", BankFixture.file(head: "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">"), .format),
        ("another encoding", BankFixture.file(head: "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"), .format),
        ("processing instruction", BankFixture.file(head: "<?php echo ?>"), .format),
        ("CDATA", BankFixture.file(messageID: "<![CDATA[A]]>"), .format),
        ("unknown element", BankFixture.file([BankFixture.instruction(extra: "<ChqInstr/>")]), .format),
        ("twice", BankFixture.file([BankFixture.instruction(extra: "<CdtrAcct/>")]), .format),
        ("two amounts", BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">55</InstdAmt><EqvtAmt/>")]), .format),
        ("an attribute for an element", BankFixture.file().replacingOccurrences(of: "<PmtId>", with: "<PmtId EndToEndId=\"X\">"), .format),
        ("another namespace", BankFixture.file().replacingOccurrences(of: "<PmtId>", with: "<PmtId xmlns=\"urn:x\">"), .format),
        ("cut off", String(BankFixture.file().dropLast(20)), .format),
        ("crossed tags", BankFixture.file().replacingOccurrences(of: "</PmtInf>", with: "</PmtIng>"), .format),
        ("an unknown entity", BankFixture.file(messageID: "&xxe;"), .format),
        ("nothing", "", .format),
        ("no XML", "id,from,to,amount", .format),
        ("text between elements", BankFixture.file().replacingOccurrences(of: "<PmtMtd>", with: "hello<PmtMtd>"), .format),
    ]

    @Test("each wrong part of a file is refused with its code, and told", arguments: wrong.indices)
    func refused(index: Int) throws {
        let (what, text, code) = InitiationTests.wrong[index]
        let fault = try #require(BankFixture.read(text).firstFault, "\(what) was taken")
        #expect(fault.code == code, "\(what): \(fault.text)")
        #expect(!fault.narrative.isEmpty)
    }

    @Test("times with fractions and zones are times")
    func times() {
        for created in ["2026-11-22T09:30:00", "2026-11-22T09:30:00.5", "2026-11-22T09:30:00.123Z", "2026-11-22T09:30:00-11:30", "2024-02-29T23:59:59+14:00"] {
            #expect(BankFixture.read(BankFixture.file(created: created)).firstFault == nil, "\(created)")
        }
    }

    @Test("an amount that does not come out even is told with those near it that do")
    func uneven() throws {
        let fault = try #require(BankFixture.read(BankFixture.file([BankFixture.instruction(amount: "<InstdAmt Ccy=\"USD\">1.00</InstdAmt>")])).firstFault)
        #expect(fault.narrative.contains("0.99 or 1.10"), "\(fault.narrative)")
    }

    @Test("files that are too large, too deep or too many are refused before they are parsed")
    func bounds() {
        let deep = BankFixture.file([BankFixture.instruction(extra: "<Purp>" + String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100) + "</Purp>")])
        #expect(BankFixture.read(deep).firstFault?.narrative.contains("deep") ?? false)
        let long = BankFixture.file(messageID: String(repeating: "x", count: 3_000))
        #expect(BankFixture.read(long).firstFault?.narrative.contains("longer") ?? false)
        let large = BankFixture.file(head: "<!--" + String(repeating: "x", count: BankLimits.fileBytes) + "-->")
        #expect(BankFixture.read(large).firstFault?.code == .format)
    }

    @Test("ten thousand mutated files are read or refused, and nothing worse")
    func mutations() {
        let original = Array(BankFixture.file([BankFixture.instruction(), BankFixture.instruction(endToEnd: "E2E-2", amount: "<InstdAmt Ccy=\"USD\">55</InstdAmt>")], sum: "<CtrlSum>155</CtrlSum>").utf8)
        var state: UInt64 = 20_022
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var read = 0
        for _ in 0..<10_000 {
            var bytes = original
            for _ in 0...next(3) {
                let place = next(bytes.count)
                switch next(5) {
                case 0: bytes[place] = UInt8(next(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("<>&/\"'=:! 0".utf8)[next(11)], at: place)
                case 3:
                    let end = min(bytes.count, place + next(40))
                    bytes.insert(contentsOf: Array(bytes[place..<end]), at: next(bytes.count))
                default: bytes.removeSubrange(place..<min(bytes.count, place + next(30)))
                }
            }
            let message = InitiationFile.read(bytes, BankFixture.around)
            if message.header.refusals.isEmpty {
                read += 1
                #expect(!message.batches.isEmpty)
                for instruction in message.batches.flatMap(\.instructions) {
                    guard case .success(let payment) = instruction.order else { continue }
                    #expect(BankFixture.contract.counterAmount(paying: payment.amount, on: BankFixture.euro) == payment.credited)
                }
            }
        }
        #expect(read > 100, "mutations of texts leave files readable: \(read)")
    }

    @Test("the example files are read, and what is wrong in them is what they say")
    func examples() throws {
        let data = try Data(contentsOf: BankFixture.root.appendingPathComponent("examples/banks/euro-to-dollar.xml"))
        let message = InitiationFile.read([UInt8](data), BankFixture.around)
        #expect(message.header.refusals.isEmpty, "\(message.header.refusals)")
        let codes = message.batches.flatMap(\.instructions).map { instruction in
            if case .failure(let reason) = instruction.order { reason.code.rawValue } else { "" }
        }
        #expect(codes == ["", "", "", "", "", "", "", "", "AM03", "AM12"])
    }
}
