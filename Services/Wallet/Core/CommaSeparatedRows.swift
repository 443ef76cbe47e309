/// Rows of comma-separated values as RFC 4180 has them. A quoted cell may hold commas, doubled quotes and line breaks.
package struct CommaSeparatedRows: Sendable {
    /// One row; empty lines are none.
    package struct Row: Hashable, Sendable {
        /// Line it begins in, from 1.
        package var number: Int
        package var cells: [String]
        /// What is wrong with its quotes; nil when nothing is.
        package var problem: String?
    }

    /// Ascending by line.
    package private(set) var rows: [Row] = []

    private var cells: [String] = []
    private var cell = ""
    private var isQuoted = false
    private var wasQuoted = false
    private var problem: String?
    private var line = 1
    private var start = 1

    /// A byte order mark at the beginning counts for nothing.
    package init(_ text: String) {
        var characters = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
        while let character = characters.popFirst() {
            let isBreak = character == "\n" || character == "\r\n" || character == "\r"
            if isBreak { line += 1 }
            if character == "\"", isQuoted, characters.first == "\"" {
                cell.append(characters.removeFirst())
            } else {
                take(character, isBreak: isBreak)
            }
        }
        if isQuoted { problem = "a quoted cell does not end" }
        if !cell.isEmpty || !cells.isEmpty || problem != nil { finish() }
    }

    private mutating func take(_ character: Character, isBreak: Bool) {
        switch character {
        case "\"" where isQuoted: isQuoted = false
        case _ where isQuoted: cell.append(character)
        case "\"" where cell.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
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

    private mutating func finish() {
        cells.append(cell)
        if cells != [""] || problem != nil { rows.append(Row(number: start, cells: cells, problem: problem)) }
        (cells, cell, wasQuoted, problem) = ([], "", false, nil)
    }
}
