import ArgumentParser
import Chain
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Receipts: what proves to anybody, offline, what became of a transaction.
struct ReceiptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Get the proof of what became of a transaction, and verify one without any network.",
        discussion: """
            Example:
              concordat receipt get 5ed463e92a18ce0ce72ff68542912b1bdb0c5af773c17a22f3de7809b5d65df4 --out payment.receipt
              concordat receipt verify payment.receipt --network network.yaml
            """,
        subcommands: [Get.self, Verify.self])

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a receipt from the notaries' recorders, verify it, and write it to a file.",
            discussion: """
                Example:
                  concordat receipt get 5ed463e92a18ce0ce72ff68542912b1bdb0c5af773c17a22f3de7809b5d65df4 --out payment.receipt
                Exit codes: 0 written, and it shows the end; 2 written, and the transaction has not ended or is not recorded everywhere yet; 1 nobody knows
                the transaction, or what the recorders show does not hold; 69 no recorder answers.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "Transaction id or xid, 64 hexadecimal digits.")
        var id: String
        @Option(help: "The file to write. (default: ID.receipt)")
        var out: String?

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let digest = try TransactionName.read(id)
            try Inquiry.requireReachable(configuration, folder)
            guard let (receipt, finding) = try ReceiptDesk(Inquiry(configuration)).fetch(digest) else {
                throw Failure(.failed, "no recorder of this network knows \(id)", "Check the digits. What is not in a final block yet has no receipt: concordat trace \(id)")
            }
            let path = out ?? "\(digest.hex).receipt"
            try ReceiptFile.write(receipt, to: path)
            try ReceiptReport(path, receipt, finding).tell([finding], common)
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify receipts by the network's description alone; no node is asked.",
            discussion: """
                Example:
                  concordat receipt verify payment.receipt --network network.yaml
                Whoever sent the network.yaml decides what is believed: get it from someone you trust.
                With --headers, a file that concordat headers has written, every record must also be in that notary chain.
                Exit codes: 0 all hold and show the end; 2 all hold, and one shows no end or is not recorded everywhere yet; 1 one does not hold.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "Files that receipt get, pay --out or demo have written.")
        var files: [String]
        @Option(help: "The network's description. (default: network.yaml of --data)")
        var network: String?
        @Option(help: "Notary headers kept by concordat headers.")
        var headers: String?

        func run() throws {
            let path = try network ?? common.folder.networkFile
            let description = try NetworkFile.read(path).network
            let kept = try headers.map { try HeaderDownload.read($0, chain: .notary, network: description) }
            if files.count == 1, let file = files.first {
                let receipt = try ReceiptFile.read(file)
                let finding = try Verify.verify(receipt, file, description, kept)
                return try ReceiptReport(file, receipt, finding).tell([finding], common)
            }
            var reports: [ReceiptReport] = []
            var findings: [ReceiptVerifier.Finding] = []
            for file in files {
                do {
                    let receipt = try ReceiptFile.read(file)
                    let finding = try Verify.verify(receipt, file, description, kept)
                    reports.append(ReceiptReport(file, receipt, finding))
                    findings.append(finding)
                } catch {
                    reports.append(ReceiptReport(file, fault: Failure(error).problem))
                }
            }
            let holding = findings.count
            defer { common.say("\(holding) of \(files.count) receipts hold.") }
            if holding < files.count {
                ReceiptReport.show(reports, common)
                throw ExitCode(Failure.Code.failed.rawValue)
            }
            try ReceiptReport.tell(reports, findings, common)
        }

        private static func verify(
            _ receipt: Receipt, _ file: String, _ network: Network, _ kept: LightClient?
        ) throws -> ReceiptVerifier.Finding {
            var verifier = ReceiptVerifier(network: network)
            do throws(ReceiptVerifier.Fault) {
                let finding = try verifier.verify(receipt)
                if let kept, let number = receipt.parts.firstIndex(where: { $0.record.map { !kept.contains($0.final.header) } ?? false }) {
                    throw .recordInvalid(part: number)
                }
                return finding
            } catch {
                throw Failure(
                    .failed, "\(file) does not hold: \(error.text)",
                    "Do not rely on it. Was it made in the network that the description names? Get it again: concordat receipt get \(receipt.id.hex)")
            }
        }
    }
}

/// What a receipt that holds shows, for people and machines.
struct ReceiptReport: Encodable {
    struct Part: Encodable {
        var chain: String, what: String, outcome: String, height: UInt64, time_milliseconds: UInt64
        /// Notary block that records it.
        var recorded_in_notary_height: UInt64?
    }
    var file: String
    var holds: Bool
    /// Why it does not hold, a clause that names the file.
    var fault: String?
    var id: String?
    var ending: String?
    var reason: String?
    /// What the receiver said when it refused.
    var said: String?
    var recorded = false
    var parts: [Part] = []

    init(_ file: String, fault: String) {
        self.file = file
        self.fault = fault
        holds = false
    }

    init(_ file: String, _ receipt: Receipt, _ finding: ReceiptVerifier.Finding) {
        self.file = file
        holds = true
        id = receipt.id.hex
        ending = finding.ending.name
        switch finding.ending {
        case .rejected(let why): reason = why.code
        case .refunded(let cause):
            reason = cause.code
            if case .refused(let words) = cause, !words.isEmpty { said = words }
        case .applied, .settled, .open: break
        }
        recorded = finding.isRecorded
        parts = finding.parts.map { part in
            Part(
                chain: part.chain.description, what: ReceiptReport.words[part.kind] ?? "transaction", outcome: part.outcome.rejection?.code ?? "applied",
                height: part.height, time_milliseconds: part.time, recorded_in_notary_height: part.recordedAt)
        }
    }

    /// By kind number.
    private static let words: [UInt8: String] = [
        1: "register", 2: "transfer", 3: "open", 4: "confirm", 5: "refuse", 6: "cancel", 7: "settle", 8: "refund", 10: "evidence", 13: "bond", 14: "unbond",
    ]

    func tell(_ findings: [ReceiptVerifier.Finding], _ common: CommonOptions) throws { try ReceiptReport.tell([self], findings, common) }

    /// Prints reports; ends with 2 when one of them shows no end, or is not recorded everywhere.
    static func tell(_ reports: [ReceiptReport], _ findings: [ReceiptVerifier.Finding], _ common: CommonOptions) throws {
        show(reports, common)
        if findings.contains(where: { $0.ending == .open || !$0.isRecorded }) { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    static func show(_ reports: [ReceiptReport], _ common: CommonOptions) {
        if common.json { return Console.print(reports.count == 1 ? JSONText.line(reports[0]) : JSONText.line(reports)) }
        for report in reports { report.tellPeople(isAlone: reports.count == 1) }
    }

    private func tellPeople(isAlone: Bool) {
        if let fault { return Console.print(fault) }
        let ended = ending ?? ""
        let words = said.map { " (\"\(Console.printable($0))\")" } ?? ""
        let end = (reason.map { "\(ended): \($0)" } ?? ended) + words
        let state = recorded ? "recorded by the notaries" : "NOT RECORDED everywhere yet"
        guard isAlone else { return Console.print("\(file)  \(end), \(state)") }
        let rows = parts.map { part in
            [
                part.chain, part.what, part.outcome, "\(part.height)", ClockText.of(part.time_milliseconds),
                part.recorded_in_notary_height.map { "\($0)" } ?? "-",
            ]
        }
        for line in Table.lines([["CHAIN", "WHAT", "OUTCOME", "BLOCK", "TIME", "NOTARY BLOCK"]] + rows) { Console.print(line) }
        Console.print("\(file) holds: \(end), \(state)")
    }
}
