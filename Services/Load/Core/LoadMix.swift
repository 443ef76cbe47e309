import Determinism

/// How many payments of a run are of which kind; in JSON it is as it is written.
package struct LoadMix: Hashable, Sendable, Codable {
    /// A kind and its share; shares need not add up to anything.
    package struct Part: Hashable, Sendable {
        package var kind: LoadKind
        package var weight: UInt64
    }

    /// At least one, each with a weight, each kind once.
    package let parts: [Part]
    private let total: UInt64

    private static let weightMaximum: UInt64 = 1_000_000

    /// Reads `transfer=80,cross=20`; a kind alone has all.
    package init(_ text: String) throws(LoadFault) {
        var parts: [Part] = []
        let kinds = LoadKind.allCases.map(\.rawValue).joined(separator: ", ")
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = item.split(separator: "=", omittingEmptySubsequences: false)
            guard let kind = LoadKind(rawValue: String(words[0])) else {
                throw LoadFault("'\(LoadText.printable(String(words[0])))' is no kind of payment", "Kinds are: \(kinds). For example transfer=80,cross=20.")
            }
            guard words.count <= 2, let weight = words.count == 1 ? 1 : UInt64(words[1]), (1...LoadMix.weightMaximum).contains(weight) else {
                throw LoadFault("'\(LoadText.printable(String(item)))' has no share", "Give a whole number above zero, such as \(kind.rawValue)=80.")
            }
            guard !parts.contains(where: { $0.kind == kind }) else { throw LoadFault("\(kind.rawValue) stands there twice", "Name each kind once.") }
            parts.append(Part(kind: kind, weight: weight))
        }
        self.parts = parts
        total = parts.reduce(0) { $0 + $1.weight }
    }

    package init(from decoder: any Decoder) throws { try self.init(try decoder.singleValueContainer().decode(String.self)) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The kind of the next payment.
    package func draw(_ random: inout SeededRandom) -> LoadKind {
        var rest = random.below(total)
        for part in parts {
            if rest < part.weight { return part.kind }
            rest -= part.weight
        }
        preconditionFailure("a draw is below the sum of the weights")
    }

    /// As it is written.
    package var text: String { parts.map { "\($0.kind.rawValue)=\($0.weight)" }.joined(separator: ",") }

    /// Whether some payments are of a kind.
    package func has(_ kind: LoadKind) -> Bool { parts.contains { $0.kind == kind } }
}
