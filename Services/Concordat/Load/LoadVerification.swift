import Auditor
import Chain
import Cryptography
import Determinism
import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletDesk
import Wire

/// Looks payments up again when a run is over.
struct LoadVerification {
    enum Way: String { case ledger, sample, none }

    let way: Way
    let configuration: NetworkConfiguration
    let folder: NetworkFolder
    /// Begun before the first payment; nil unless the ledgers are read again.
    let reader: LedgerReader?
    /// Unix milliseconds of the start of the run.
    let startMilliseconds: UInt64

    private static let recordSeconds = 15.0
    private static let sampleSize = 100

    /// - Parameter say: told what is being done.
    func run(_ payments: inout [LoadPayment], seed: UInt64, say: (String) -> Void) throws -> LoadReport.Verification {
        var verification = LoadReport.Verification(way: way.rawValue)
        switch way {
        case .none: break
        case .sample: try sample(payments, seed, &verification, say)
        case .ledger:
            say("reading the ledgers again")
            verification.unread_chains = try reread(payments).map(\.description)
            if let reader, verification.unread_chains.isEmpty {
                verification.ledger = LedgerVerdict.judge(&payments, reader.reading, startMilliseconds: startMilliseconds)
            }
            // Of stores that cannot be read nothing can be said, least of all about money.
            if verification.unread_chains.isEmpty, FileManager.default.fileExists(atPath: "\(folder.path)/data") { audit(&verification, say) }
        }
        return verification
    }

    /// Reads on until the notary chain has recorded what is final, or has had the time for it.
    private func reread(_ payments: [LoadPayment]) throws -> [ChainID] {
        guard let reader else { return [] }
        let end = Date().addingTimeInterval(LoadVerification.recordSeconds)
        while true {
            let unread = try reader.read()
            let isComplete = payments.allSatisfy { reader.reading.isComplete($0) }
            if !unread.isEmpty || isComplete || Date() >= end { return unread }
            usleep(300_000)
        }
    }

    /// The auditor replays everything from genesis, by rules of its own.
    private func audit(_ verification: inout LoadReport.Verification, _ say: (String) -> Void) {
        do {
            let report = try Audit.run(folder: folder.path) { say("audit: \($0)") }
            guard !report.isEmpty else { return }
            verification.supply_conserved = report.conserved
            verification.violations = report.violations.count
            for violation in report.violations.prefix(5) { say("audit: \(violation)") }
        } catch {
            say("no audit: \(error)")
        }
    }

    /// Some payments are drawn; a recorder's receipt of each has to hold, and to show the end that the payer was told.
    private func sample(_ payments: [LoadPayment], _ seed: UInt64, _ verification: inout LoadReport.Verification, _ say: (String) -> Void) throws {
        let ended = payments.filter { $0.outcome == .settled }
        say("asking for receipts of \(min(ended.count, LoadVerification.sampleSize)) payments")
        var random = SeededRandom(seed: seed)
        var proven = 0
        let desk = ReceiptDesk(Inquiry(configuration))
        let drawn = ended.shuffled(using: &random).prefix(LoadVerification.sampleSize)
        for payment in drawn {
            guard let name = payment.xid ?? payment.id, let (_, finding) = try desk.fetch(name) else { continue }
            switch finding.ending {
            case .applied, .settled: proven += 1
            case .rejected, .refunded, .open: continue
            }
        }
        verification.sampled = drawn.count
        verification.proven = proven
    }
}
