import BankCore
import BankShell
import Cryptography
import Foundation
import Wire

/// Two banks, a contract between them, and the parts of a payment file.
enum BankFixture {
    static func key(_ byte: UInt8) -> PublicKey { PublicKey(Blake2b.hash([byte])) }

    static let euro = ChainID("euro")!
    static let dollar = ChainID("dollar")!
    static let eur = BankCurrency(code: "EUR", asset: AssetID("EUR")!, digits: 2)
    static let usd = BankCurrency(code: "USD", asset: AssetID("USD")!, digits: 2)
    static let debtor = "DE44500105175407324931"

    static let profile = BankProfile(
        name: "Euro Bank", bic: "EUROBEBBXXX", chain: euro, account: key(1), currency: eur,
        partners: [BankPartner(bic: "DOLLUS33XXX", chain: dollar, account: key(2), currency: usd)], contract: "eur-usd", deadlineMilliseconds: 60_000)

    static let contract = Contract(
        id: "eur-usd", version: 1, first: ContractSide(chain: euro, asset: eur.asset, reserve: key(3)),
        second: ContractSide(chain: dollar, asset: usd.asset, reserve: key(4)), rateNumerator: 11, rateDenominator: 10, minimumAmount: 10,
        maximumAmount: 10_000_000, deadlineMaximumMilliseconds: 600_000)

    static let around = InitiationReader.Surroundings(profile: profile, chains: [dollar, euro], contracts: [contract], today: CalendarDate("2026-11-22")!)

    /// An instruction that can be paid, with one part of it written otherwise.
    static func instruction(
        endToEnd: String = "E2E-1", id: String = "", amount: String = "<EqvtAmt><Amt Ccy=\"EUR\">100.00</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>",
        exchange: String = "", agent: String = "<BICFI>DOLLUS33XXX</BICFI>", account: String = "<Id><Othr><Id>4000-1001</Id></Othr></Id>", extra: String = ""
    ) -> String {
        """
              <CdtTrfTxInf>
                <PmtId>\(id)<EndToEndId>\(endToEnd)</EndToEndId></PmtId>
                <Amt>\(amount)</Amt>
                \(exchange)
                <CdtrAgt><FinInstnId>\(agent)</FinInstnId></CdtrAgt>
                <CdtrAcct>\(account)</CdtrAcct>
                \(extra)
              </CdtTrfTxInf>

        """
    }

    /// A file of one batch, with one part of it written otherwise.
    static func file(
        _ instructions: [String] = [instruction()], head: String = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        namespace: String = InitiationReader.namespace, messageID: String = "MSG-1", created: String = "2026-11-22T09:30:00Z", count: Int? = nil,
        sum: String = "", method: String = "TRF", date: String = "<Dt>2026-11-22</Dt>", account: String = "<Id><IBAN>\(debtor)</IBAN></Id>",
        agent: String = "<BICFI>EUROBEBBXXX</BICFI>", batchID: String = "PMT-1"
    ) -> String {
        """
        \(head)
        <Document xmlns="\(namespace)">
          <CstmrCdtTrfInitn>
            <GrpHdr><MsgId>\(messageID)</MsgId><CreDtTm>\(created)</CreDtTm><NbOfTxs>\(count ?? instructions.count)</NbOfTxs>\(sum)<InitgPty><Nm>Somebody</Nm></InitgPty></GrpHdr>
            <PmtInf>
              <PmtInfId>\(batchID)</PmtInfId>
              <PmtMtd>\(method)</PmtMtd>
              <ReqdExctnDt>\(date)</ReqdExctnDt>
              <Dbtr><Nm>Anna Weber</Nm></Dbtr>
              <DbtrAcct>\(account)</DbtrAcct>
              <DbtrAgt><FinInstnId>\(agent)</FinInstnId></DbtrAgt>
        \(instructions.joined())    </PmtInf>
          </CstmrCdtTrfInitn>
        </Document>
        """
    }

    static func read(_ text: String) -> PaymentMessage { InitiationFile.read(Array(text.utf8), around) }

    /// The project's folder.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func folder() throws -> String {
        let path = NSTemporaryDirectory() + "concordat-bank-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

extension PaymentMessage {
    /// Whatever stands in the way of the first instruction: of the file, or its own.
    var firstFault: StatusReason? {
        if let refusal = header.refusals.first { return refusal }
        if case .failure(let reason)? = batches.first?.instructions.first?.order { return reason }
        return nil
    }

    var firstPayment: BankPayment? { try? batches.first?.instructions.first?.order.get() }
}
