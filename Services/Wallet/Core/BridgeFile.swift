import Wire

/// A file of locks, or of redemptions: comma-separated values, one order a line, with a header (B1, B4).
///
/// Columns: `id,peg,from,to,amount,memo`. A bad line is told with its place; the others still count.
package struct BridgeFile: Sendable {
    /// One order as written.
    package struct Line: Hashable, Sendable {
        /// From 1; the header is line 1.
        package var number: Int
        package var id: String
        package var peg: String
        /// A name of the address book.
        package var from: String
        /// A name or an address.
        package var to: String
        /// Minor units.
        package var amount: Amount
        package var memo: String

        package init(number: Int, id: String, peg: String, from: String, to: String, amount: Amount, memo: String) {
            (self.number, self.id, self.peg, self.from, self.to, self.amount, self.memo) = (number, id, peg, from, to, amount, memo)
        }
    }

    package static let columns = ["id", "peg", "from", "to", "amount", "memo"]

    package private(set) var lines: [Line] = []
    package private(set) var faults: [PaymentFile.Fault] = []

    /// - Throws: nothing; a file that is none at all is one fault in line 1.
    package init(_ bytes: [UInt8]) {
        switch FileTable.read(bytes, columns: BridgeFile.columns) {
        case .failure(let fault): faults.append(fault)
        case .success(let table):
            faults = table.faults
            for row in table.rows { take(row) }
            faults.sort { $0.number < $1.number }
        }
    }

    /// A file of these orders.
    package init(_ lines: [Line]) { self.lines = lines }

    private mutating func take(_ row: CommaSeparatedRows.Row) {
        func fail(_ column: String, _ problem: String) {
            faults.append(PaymentFile.Fault(number: row.number, column: column, id: row.cells[0], kind: .malformed, problem: problem))
        }
        for (column, cell) in zip(BridgeFile.columns, row.cells).dropFirst().prefix(3) where cell.isEmpty {
            return fail(column, column == "peg" ? "it names no peg" : "it names nobody")
        }
        guard let amount = UInt64(row.cells[4]), amount > 0 else {
            return fail("amount", "'\(row.cells[4])' is no whole number above zero (minor units)")
        }
        guard row.cells[5].utf8.count <= Limits.memoBytes else { return fail("memo", "it is longer than \(Limits.memoBytes) bytes") }
        lines.append(
            Line(number: row.number, id: row.cells[0], peg: row.cells[1], from: row.cells[2], to: row.cells[3], amount: amount, memo: row.cells[5]))
    }
}
