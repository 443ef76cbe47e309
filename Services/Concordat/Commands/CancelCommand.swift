import ArgumentParser
import Chain
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Withdraws a payment that the receiver has not confirmed yet (R4).
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Withdraw a payment across chains, as long as the receiver's side has not been executed.",
        discussion: """
            Example:
              concordat cancel 5ed463e92a18ce0ce72ff68542912b1bdb0c5af773c17a22f3de7809b5d65df4
            Only the payer can, with its key in the folder's wallets. What was held returns to it.
            Exit codes: 0 withdrawn, and what was held is back; 1 too late, not the payer's, or unknown; 2 withdrawn, and not back yet; 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Argument(help: "The payment's xid, 64 hexadecimal digits, as send and pay print it.")
    var xid: String
    @Option(help: "Seconds to wait until what was held is back. (default: 60)")
    var seconds: Int?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let name = try TransactionName.read(xid)
        let wait = try Setting.number(seconds, "seconds", default: 60, in: 0...86_400)
        let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        try Inquiry.requireReachable(configuration, folder)
        let inquiry = Inquiry(configuration)
        let desk = ReceiptDesk(inquiry)
        let cross = try held(name, desk, configuration.network)
        guard let entry = accounts.book.entries.first(where: { $0.key == cross.initiator }) else {
            throw Failure(.failed, "the payer of \(xid) is no account of this folder", "Only the payer can withdraw a payment: use the folder that holds its key.")
        }
        try withdraw(cross, by: try accounts.signer(entry.name), inquiry)
        common.say("withdrawn on \(cross.decidingChain); waiting until what was held is back")
        try follow(name, desk, until: Date().addingTimeInterval(Double(wait)))
    }

    /// The payment, as a block that holds its value shows it.
    private func held(_ xid: Digest, _ desk: ReceiptDesk, _ network: Network) throws -> CrossTransaction {
        guard let (receipt, finding) = try desk.fetch(xid) else {
            throw Failure(
                .failed, "no recorder of this network knows \(xid.hex)",
                "Check the digits. What is not in a final block yet cannot be withdrawn: try again in a moment.")
        }
        for part in receipt.parts {
            guard let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: network.id) else { continue }
            if case .confirm = transaction.kind {
                throw Failure(.failed, "too late: the receiver's side is executed", "The payment settles. See concordat trace \(xid.hex)")
            }
        }
        for part in receipt.parts {
            guard let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: network.id) else { continue }
            if case .open(let cross) = transaction.kind, finding.ending == .open { return cross }
        }
        let end = finding.ending == .open ? "it is no payment across chains" : "it has ended: \(finding.ending.name)"
        throw Failure(.failed, "\(xid.hex) cannot be withdrawn: \(end)", "See concordat receipt get \(xid.hex)")
    }

    private func withdraw(_ cross: CrossTransaction, by signer: Signer, _ inquiry: Inquiry) throws {
        guard let refusal = try inquiry.withdraw(cross, by: signer) else { return }
        if refusal.reason == .alreadyDecided {
            throw Failure(.failed, "too late: the receiver has answered already", "See concordat trace \(cross.xid.hex)")
        }
        throw Failure(.failed, "the collectors of \(cross.decidingChain) refuse: \(refusal.reason.code) \(refusal.detail)", "docs/protocol.md, section 6, says what that means.")
    }

    private func follow(_ xid: Digest, _ desk: ReceiptDesk, until end: Date) throws {
        struct Report: Encodable { var xid: String, outcome: String, reason: String? }
        while true {
            let finding = try desk.fetch(xid)?.finding
            if let finding, finding.ending != .open {
                var reason: String?
                if case .refunded(let cause) = finding.ending { reason = cause.code }
                let report = Report(xid: xid.hex, outcome: finding.ending.name, reason: reason)
                if common.json { Console.print(JSONText.line(report)) } else { Console.print("\(finding.ending.name)\(reason.map { ": \($0)" } ?? "")") }
                guard case .refunded = finding.ending else { throw ExitCode(Failure.Code.failed.rawValue) }
                return
            }
            guard Date() < end else {
                if common.json { Console.print(JSONText.line(Report(xid: xid.hex, outcome: "open", reason: nil))) } else { Console.print("open") }
                throw ExitCode(Failure.Code.degraded.rawValue)
            }
            usleep(CancelCommand.pauseMicroseconds)
        }
    }

    private static let pauseMicroseconds: UInt32 = 200_000
}
