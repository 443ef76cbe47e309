/// A file of arrivals: the seconds from the start at which payments are to be sent, one a line; lines that begin with # say nothing.
///
/// What follows the number on a line says nothing either, so that a table of a log will do.
package struct ReplayFile: Hashable, Sendable {
    /// In microseconds from the start, ascending.
    package private(set) var times: [UInt64] = []

    /// - Throws: the first line that is none.
    package init(_ text: String) throws(LoadFault) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let word = line.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            if word.isEmpty || word.hasPrefix("#") { continue }
            guard word.allSatisfy({ $0.isNumber || $0 == "." }), let seconds = Double(word), seconds * 1e6 <= Double(LoadLimits.durationMicroseconds) else {
                throw LoadFault("line \(index + 1): '\(LoadText.printable(String(word)))' is no number of seconds", "Write seconds from the start, such as 0.25, one a line.")
            }
            guard times.count < LoadLimits.replayArrivals else {
                throw LoadFault("line \(index + 1): more than \(LoadLimits.replayArrivals) arrivals", "Split the file.")
            }
            times.append(UInt64(seconds * 1e6))
        }
        guard !times.isEmpty else { throw LoadFault("the file names no arrival", "Write seconds from the start, such as 0.25, one a line.") }
        times.sort()
    }
}
