import Wire

/// What files of payments and of a peg's orders have in common: a header that names the columns, and an id in the first one, each used once.
struct FileTable {
    /// With as many cells as there are columns.
    var rows: [CommaSeparatedRows.Row] = []
    /// Lines that are none of them.
    var faults: [PaymentFile.Fault] = []

    /// - Returns: a fault in line 1 when it is no such file at all.
    static func read(_ bytes: [UInt8], columns: [String]) -> Result<FileTable, PaymentFile.Fault> {
        func refuse(_ problem: String) -> Result<FileTable, PaymentFile.Fault> {
            .failure(PaymentFile.Fault(number: 1, column: "", id: "", kind: .malformed, problem: problem))
        }
        guard bytes.count <= WalletLimits.fileBytes else { return refuse("the file is larger than \(WalletLimits.fileBytes) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { return refuse("the file is not UTF-8 text") }
        let rows = CommaSeparatedRows(text).rows
        guard let header = rows.first else { return refuse("the file is empty; its first line names the columns: \(columns.joined(separator: ","))") }
        guard header.cells == columns else { return refuse("the first line must name the columns: \(columns.joined(separator: ","))") }
        guard rows.count <= WalletLimits.fileLines + 1 else { return refuse("more than \(WalletLimits.fileLines) lines; split the file") }
        var table = FileTable()
        var firstUse: [String: Int] = [:]
        for row in rows.dropFirst() { table.take(row, columnCount: columns.count, &firstUse) }
        return .success(table)
    }

    private mutating func take(_ row: CommaSeparatedRows.Row, columnCount: Int, _ firstUse: inout [String: Int]) {
        let id = row.cells.first ?? ""
        func fail(_ column: String, _ kind: PaymentFile.Fault.Kind, _ problem: String) {
            faults.append(PaymentFile.Fault(number: row.number, column: column, id: id, kind: kind, problem: problem))
        }
        if let problem = row.problem { return fail("", .malformed, problem) }
        guard row.cells.count == columnCount else { return fail("", .malformed, "\(row.cells.count) columns instead of \(columnCount)") }
        guard !id.isEmpty, id.utf8.count <= WalletLimits.paymentIDBytes else {
            return fail("id", .malformed, "an id of 1 to \(WalletLimits.paymentIDBytes) bytes is needed")
        }
        if let first = firstUse[id] { return fail("id", .duplicate, "line \(first) has the id \(id) already; nothing is paid twice") }
        firstUse[id] = row.number
        rows.append(row)
    }
}
