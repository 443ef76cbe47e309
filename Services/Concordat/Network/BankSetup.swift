import BankCore
import BankShell
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Options of the commands of banks.
struct BankSetup {
    let file: BankFile
    let configuration: NetworkConfiguration
    let accounts: Accounts
    /// Journal, lock and the included ledger.
    let state: String

    /// Reads a bank's file against a network's folder.
    ///
    /// - Parameter state: where the adapter keeps what it must not forget; nil for `banks/CHAIN` in the network's folder.
    init(_ folder: NetworkFolder, bank path: String, state: String?, passphrase: String?) throws {
        configuration = try NetworkFile.read(folder.networkFile)
        accounts = try Accounts(folder, configuration, passphrase: passphrase)
        file = try BankFile.read(path, configuration.network, accounts.book)
        self.state = state ?? "\(folder.path)/banks/\(file.profile.chain)"
    }

    func folders(inbox: String?, outbox: String) -> BankAdapter.Folders { BankAdapter.Folders(inbox: inbox, outbox: outbox, state: state) }

    /// Contracts of the network's description and those that were deployed, newest version first.
    func contracts() throws -> [Contract] {
        let declared = try ContractDesk(Inquiry(configuration)).all().map(\.terms.contract)
        return configuration.network.contracts + declared.sorted { ($0.id, $1.version) < ($1.id, $0.version) }
    }

    /// The included ledger; nil where a closed system is attached.
    func customers() throws -> CustomerLedger? {
        guard case .included(let path) = file.system else { return nil }
        return try CustomerLedger("\(state)/customers.sqlite", currency: file.profile.currency.code, accounts: try CustomerFile.read(path))
    }

    private func system() throws -> any BankSystem {
        switch file.system {
        case .included:
            guard let ledger = try customers() else { preconditionFailure("an included ledger has a file of accounts") }
            return ledger
        case .folder(let path): return try FolderSystem(path)
        }
    }

    func adapter(_ folders: BankAdapter.Folders, receipts: String?, tell: @escaping (BankAdapter.Event) -> Void) throws -> BankAdapter {
        for folder in [folders.inbox, folders.outbox, folders.state, receipts].compactMap({ $0 }) { try OutputFolder.make(folder) }
        let desk = ReceiptDesk(Inquiry(configuration))
        return try BankAdapter(
            file.profile, configuration: configuration, signer: try accounts.signer(file.accountName), folders: folders, system: try system(),
            contracts: contracts,
            tell: { event in
                if case .receipt(let reference, let receipt) = event, let receipts {
                    do {
                        try ReceiptFile.write(desk.complete(receipt), named: reference, in: receipts)
                    } catch {
                        tell(.trouble("the receipt \(reference) cannot be written: \(error)"))
                    }
                }
                tell(event)
            })
    }
}

/// Reports of payment files as people read them.
enum BankTable {
    /// One instruction of a report, for machines.
    struct Row: Encodable {
        var end_to_end_id: String, amount: String, currency: String, debtor: String, creditor: String, status: String, code: String, reason: String
        var line: Int?
        var reference: String, ledger: String?
    }

    /// One file.
    struct Message: Encodable {
        var message_id: String, status: String, final: Bool, refusals: [String], instructions: [Row]
    }

    static func message(_ report: StatusReport) -> Message {
        Message(
            message_id: report.header.messageID, status: report.status, final: report.isFinal, refusals: report.header.refusals.map(\.text),
            instructions: report.rows.map { row in
                let item = row.instruction
                return Row(
                    end_to_end_id: item.endToEndID, amount: item.amountText, currency: item.currency, debtor: item.debtor, creditor: item.creditor,
                    status: row.status, code: row.reason?.code.rawValue ?? "", reason: row.reason?.narrative ?? "", line: row.reason?.line,
                    reference: item.reference, ledger: row.submitted?.name)
            })
    }

    static func lines(_ message: Message) -> [String] {
        var lines = ["\(Console.printable(message.message_id))  \(message.status)\(message.final ? "" : "  (not ended yet)")"]
        lines += message.refusals.map { "  \(Console.printable($0))" }
        guard !message.instructions.isEmpty else { return lines }
        let rows = message.instructions.map { row in
            [row.end_to_end_id, row.amount, row.currency, row.debtor, row.creditor, row.status, row.code, row.line.map { "line \($0): \(row.reason)" } ?? row.reason]
                .map { Console.printable($0) }
        }
        return lines + Table.lines([["  END TO END", "AMOUNT", "CCY", "DEBTOR", "CREDITOR", "STATUS", "CODE", "REASON"]] + rows.map { ["  \($0[0])"] + $0.dropFirst() })
    }
}
