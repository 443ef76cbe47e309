/// Something of which a run counts how often it happened; its raw values are 0 and up.
package protocol Countable: RawRepresentable<Int>, CaseIterable, Hashable, Sendable {}

extension Countable {
    /// As people read it: `crash_before_commit`.
    package var code: String {
        var text = ""
        for character in "\(self)" {
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
        return text
    }
}

/// How often each kind of thing happened.
package struct Tally<Kind: Countable>: Sendable, Hashable {
    private var counts = [UInt64](repeating: 0, count: Kind.allCases.count)

    package init() {}

    package subscript(kind: Kind) -> UInt64 { counts[kind.rawValue] }

    package mutating func add(_ kind: Kind, _ count: UInt64 = 1) { counts[kind.rawValue] += count }

    package mutating func add(_ other: Tally) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }
}
