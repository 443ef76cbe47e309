/// Why a network's files could not be used: what, where, and what to do.
package struct NetworkFileFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the file.
    package var file: String
    /// From 1; nil when the fault concerns the file as a whole.
    package var line: Int?
    /// Path in the document, `chains[0].nodes[2].key`; empty for the whole.
    package var place: String
    /// What is wrong, a clause without a full stop.
    package var problem: String
    /// What to do, a sentence.
    package var advice: String

    package init(file: String, line: Int? = nil, place: String = "", problem: String, advice: String) {
        self.file = file
        self.line = line
        self.place = place
        self.problem = problem
        self.advice = advice
    }

    /// `FILE:LINE: PLACE: problem. Advice`
    package var description: String { "\(summary). \(advice)" }

    /// What and where, without a full stop.
    package var summary: String {
        let position = line.map { "\(file):\($0)" } ?? file
        return "\(position): \(place.isEmpty ? "" : "\(place): ")\(problem)"
    }
}
