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
    package struct Fault: Error, Hashable, Sendable {
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
    package init(_ bytes: [UInt8]) {
        switch FileTable.read(bytes, columns: PaymentFile.columns) {
        case .failure(let fault): faults.append(fault)
        case .success(let table):
            faults = table.faults
            for row in table.rows { take(row) }
            faults.sort { $0.number < $1.number }
        }
    }

    private mutating func take(_ row: CommaSeparatedRows.Row) {
        func fail(_ column: String, _ problem: String) {
            faults.append(Fault(number: row.number, column: column, id: row.cells[0], kind: .malformed, problem: problem))
        }
        guard !row.cells[1].isEmpty else { return fail("from", "it names nobody") }
        guard !row.cells[2].isEmpty else { return fail("to", "it names nobody") }
        guard let asset = AssetID(row.cells[3]) else { return fail("asset", "'\(row.cells[3])' is no asset name") }
        guard let amount = UInt64(row.cells[4]), amount > 0 else {
            return fail("amount", "'\(row.cells[4])' is no whole number above zero (minor units)")
        }
        var deadline: UInt64?
        if !row.cells[5].isEmpty {
            guard let seconds = UInt64(row.cells[5]), (1...86_400).contains(seconds) else {
                return fail("deadline_seconds", "'\(row.cells[5])' is no number of seconds from 1 to 86400")
            }
            deadline = seconds
        }
        guard row.cells[6].utf8.count <= Limits.memoBytes else { return fail("memo", "it is longer than \(Limits.memoBytes) bytes") }
        lines.append(
            Line(
                number: row.number, id: row.cells[0], from: row.cells[1], to: row.cells[2], asset: asset, amount: amount, deadlineSeconds: deadline,
                memo: row.cells[6]))
    }
}
