import Wire

/// A file of payments: comma-separated values as RFC 4180 has them, one payment a line, with a header.
///
/// Columns: `id,from,to,asset,amount,deadline_seconds,memo`. A bad line is told with its place; the others still count.
package struct PaymentFile: Sendable {
    /// One payment as written.
    package struct Line: Hashable, Sendable {
        /// From 1; the header is line 1.
        package var number: Int
        package var id: String
        package var from: String
        /// A name or an address, and `@chain` when it is not the payee's home chain.
        package var to: String
        package var asset: AssetID
        /// Minor units.
        package var amount: Amount
        /// Nil when the line leaves it open.
        package var deadlineSeconds: UInt64?
        package var memo: String
    }

    /// What is wrong with a line, where, and what to do.
    package struct Fault: Hashable, Sendable {
        /// What can be wrong with a line.
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            case malformed
            case duplicate = "duplicate_line"
        }
        package var number: Int
        package var column: String
        package var id: String
        package var kind: Kind
        package var problem: String
    }

    package static let columns = ["id", "from", "to", "asset", "amount", "deadline_seconds", "memo"]

    package private(set) var lines: [Line] = []
    package private(set) var faults: [Fault] = []

    /// - Throws: nothing; a file that is none at all is one fault in line 1.
    package init(_ bytes: [UInt8]) { read(bytes) }

    private mutating func read(_ bytes: [UInt8]) {
        guard bytes.count <= WalletLimits.fileBytes else { return refuse("the file is larger than \(WalletLimits.fileBytes) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { return refuse("the file is not UTF-8 text") }
        var rows = PaymentFile.rows(text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text)
        guard !rows.isEmpty else { return refuse("the file is empty; its first line names the columns: \(PaymentFile.columns.joined(separator: ","))") }
        let header = rows.removeFirst()
        guard header.cells == PaymentFile.columns else {
            return refuse("the first line must name the columns: \(PaymentFile.columns.joined(separator: ","))")
        }
        guard rows.count <= WalletLimits.fileLines else { return refuse("more than \(WalletLimits.fileLines) lines; split the file") }
        var firstUse: [String: Int] = [:]
        for row in rows { take(row, &firstUse) }
    }

    private mutating func refuse(_ problem: String) {
        faults.append(Fault(number: 1, column: "", id: "", kind: .malformed, problem: problem))
    }

    private mutating func take(_ row: Row, _ firstUse: inout [String: Int]) {
        let id = row.cells.first ?? ""
        func fail(_ column: String, _ kind: Fault.Kind, _ problem: String) {
            faults.append(Fault(number: row.number, column: column, id: id, kind: kind, problem: problem))
        }
        if let problem = row.problem { return fail("", .malformed, problem) }
        guard row.cells.count == PaymentFile.columns.count else {
            return fail("", .malformed, "\(row.cells.count) columns instead of \(PaymentFile.columns.count)")
        }
        guard !id.isEmpty, id.utf8.count <= WalletLimits.paymentIDBytes else {
            return fail("id", .malformed, "an id of 1 to \(WalletLimits.paymentIDBytes) bytes is needed")
        }
        if let first = firstUse[id] { return fail("id", .duplicate, "line \(first) has the id \(id) already; nothing is paid twice") }
        firstUse[id] = row.number
        guard !row.cells[1].isEmpty else { return fail("from", .malformed, "it names nobody") }
        guard !row.cells[2].isEmpty else { return fail("to", .malformed, "it names nobody") }
        guard let asset = AssetID(row.cells[3]) else { return fail("asset", .malformed, "'\(row.cells[3])' is no asset name") }
        guard let amount = UInt64(row.cells[4]), amount > 0 else {
            return fail("amount", .malformed, "'\(row.cells[4])' is no whole number above zero (minor units)")
        }
        var deadline: UInt64?
        if !row.cells[5].isEmpty {
            guard let seconds = UInt64(row.cells[5]), (1...86_400).contains(seconds) else {
                return fail("deadline_seconds", .malformed, "'\(row.cells[5])' is no number of seconds from 1 to 86400")
            }
            deadline = seconds
        }
        guard row.cells[6].utf8.count <= Limits.memoBytes else { return fail("memo", .malformed, "it is longer than \(Limits.memoBytes) bytes") }
        lines.append(
            Line(
                number: row.number, id: id, from: row.cells[1], to: row.cells[2], asset: asset, amount: amount, deadlineSeconds: deadline,
                memo: row.cells[6]))
    }

    private struct Row {
        var number: Int
        var cells: [String]
        var problem: String?
    }

    /// Splits text into rows of cells. A quoted cell may hold commas, doubled quotes and line breaks.
    private static func rows(_ text: String) -> [Row] {
        var rows: [Row] = []
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        var wasQuoted = false
        var problem: String?
        var line = 1
        var start = 1
        func finish() {
            cells.append(cell)
            if cells != [""] || problem != nil { rows.append(Row(number: start, cells: cells, problem: problem)) }
            (cells, cell, wasQuoted, problem) = ([], "", false, nil)
        }
        var characters = Substring(text)
        while let character = characters.popFirst() {
            let isBreak = character == "\n" || character == "\r\n" || character == "\r"
            if isBreak { line += 1 }
            switch character {
            case "\"" where isQuoted:
                if characters.first == "\"" {
                    cell.append(characters.removeFirst())
                } else {
                    isQuoted = false
                }
            case _ where isQuoted: cell.append(character)
            case "\"" where cell.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case "\"": problem = "a quote in the middle of a cell; put the cell in quotes and double the ones inside"
            case ",":
                cells.append(cell)
                (cell, wasQuoted) = ("", false)
            case _ where isBreak:
                finish()
                start = line
            default: cell.append(character)
            }
        }
        if isQuoted { problem = "a quoted cell does not end" }
        if !cell.isEmpty || !cells.isEmpty || problem != nil { finish() }
        return rows
    }
}
