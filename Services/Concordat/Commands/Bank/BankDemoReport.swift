import Auditor
import BankCore
import BankShell
import Runtime

/// The report of `concordat bank demo`; fields that it has in common with `concordat demo` have the same names.
struct BankDemoReport: Encodable {
    struct Account: Encodable { var number: String, name: String, balance: String }

    /// A bank's books against its chain, minor units.
    struct Books: Encodable {
        var bank: String, currency: String, customers: UInt64, chain: UInt64, under_way: UInt64
        var accounts: [Account]

        var isEven: Bool { customers == chain && under_way == 0 }
    }

    /// A final pain.002.
    struct Message: Encodable {
        struct Row: Encodable {
            var end_to_end_id: String, amount: String, currency: String, debtor: String, creditor: String, status: String, code: String, reason: String
            var transaction: String
        }
        var bank: String
        var file: String
        var message_id: String
        var status: String
        var instructions: [Row]

        init(bank: String, path: String, document: StatusDocument.Report, desk: BankDesk) {
            self.bank = bank
            file = path
            message_id = document.group.id
            status = document.group.status
            instructions = (document.batches ?? []).flatMap { $0.rows ?? [] }.map { row in
                let known = desk.instruction(row.reference)
                let words = (row.reasons ?? []).flatMap { $0.lines ?? [] }
                return Row(
                    end_to_end_id: row.endToEndID, amount: known?.amountText ?? "", currency: known?.currency ?? "", debtor: known?.debtor ?? "",
                    creditor: known?.creditor ?? "", status: row.status, code: row.reasons?.compactMap(\.code).first?.code ?? "",
                    reason: words.filter { !$0.hasPrefix("ledger ") }.joined(), transaction: String(words.first { $0.hasPrefix("ledger ") }?.dropFirst(7) ?? ""))
            }
        }

        var lines: [String] {
            ["\(bank) bank, \(file): \(status)"]
                + Table.lines(
                    [["END TO END", "AMOUNT", "CCY", "CREDITOR", "STATUS", "CODE", "REASON"]]
                        + instructions.map { row in
                            [row.end_to_end_id, row.amount, row.currency, row.creditor, row.status, row.code, row.reason].map { Console.printable(String($0.prefix(90))) }
                        })
        }

        var csv: [String] {
            func cell(_ text: String) -> String { text.contains { ",\"\n".contains($0) } ? "\"\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : text }
            return instructions.map { row in
                [bank, message_id, row.end_to_end_id, row.amount, row.currency, row.debtor, row.creditor, row.status, row.code, row.reason, row.transaction].map(cell)
                    .joined(separator: ",")
            }
        }
    }

    var network: DemoReport.Shape
    var payments: DemoReport.Payments
    var rejections: [String: Int]
    var messages: [Message]
    var books: [Books]
    var reconciled: Bool
    var audit: DemoReport.Judgement
    var conserved: Bool
    var ready_seconds: Double
    var run_seconds: Double

    init(
        _ configuration: NetworkConfiguration, processes: Int, messages: [Message], audit: AuditReport, books: [Books], readySeconds: Double, runSeconds: Double
    ) {
        network = DemoReport.Shape(configuration, processes: processes)
        let rows = messages.flatMap(\.instructions)
        // What was sent to the chain and came back has a transaction; what was refused before has none.
        let settled = rows.filter { $0.status == "ACSC" }.count
        let refunded = rows.filter { $0.status == "RJCT" && !$0.transaction.isEmpty }.count
        let rejected = rows.filter { $0.status == "RJCT" && $0.transaction.isEmpty }.count
        payments = DemoReport.Payments(
            submitted: rows.count, settled: settled, refunded: refunded, rejected: rejected, open: rows.count - settled - refunded - rejected)
        rejections = [:]
        for row in rows where row.status == "RJCT" { rejections[row.code, default: 0] += 1 }
        self.messages = messages
        self.books = books
        reconciled = books.allSatisfy(\.isEven)
        self.audit = DemoReport.Judgement(blocks: audit.blocks, violations: audit.violations.count)
        conserved = audit.conserved
        ready_seconds = (readySeconds * 100).rounded() / 100
        run_seconds = (runSeconds * 100).rounded() / 100
    }

    var isGood: Bool { payments.open == 0 && payments.settled > 0 && audit.violations == 0 && conserved && reconciled }

    func lines(_ target: String) -> [String] {
        var lines = ["", "payments \(payments.submitted)   settled \(payments.settled)   refunded \(payments.refunded)   rejected \(payments.rejected)   open \(payments.open)"]
        lines += rejections.sorted { $0.key < $1.key }.map { "  \($0.key) \($0.value)" }
        for book in books {
            lines.append("\(book.bank) bank: customers \(book.customers), chain \(book.chain) minor units of \(book.currency): \(book.isEven ? "even" : "NOT EVEN")")
            lines += Table.lines([["  ACCOUNT", "NAME", "BALANCE"]] + book.accounts.map { ["  \($0.number)", $0.name, $0.balance] })
        }
        lines.append("audit: \(audit.blocks) blocks, \(audit.violations) violations, money \(conserved ? "conserved" : "NOT CONSERVED")")
        lines.append("ready in \(ready_seconds) s, all in \(run_seconds) s")
        lines.append("report \(target)/report.json   results \(target)/results.csv   pain.002 files \(target)/*/out/   receipts \(target)/*/receipts/")
        return lines
    }
}
