/// An input of several steps: of each one byte that says what happens, two that say how many bytes follow, and those.
package struct Script: Sendable {
    package struct Step: Sendable {
        package var operation: UInt8
        package var content: [UInt8]

        package init(_ operation: UInt8, _ content: [UInt8]) {
            self.operation = operation
            self.content = content
        }

        /// The content in so many parts, each but the last after one byte that gives its length.
        package func parts(_ count: Int) -> [[UInt8]] {
            var rest = content[...]
            var parts: [[UInt8]] = []
            while parts.count < count - 1 {
                let length = Int(rest.popFirst() ?? 0)
                parts.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            return parts + [Array(rest)]
        }

        /// The content that `parts` takes apart. Parts but the last have at most 255 bytes.
        package static func joining(_ parts: [[UInt8]]) -> [UInt8] {
            parts.dropLast().flatMap { [UInt8($0.count)] + $0 } + (parts.last ?? [])
        }
    }

    package var steps: [Step]

    package init(_ steps: [Step]) { self.steps = steps }

    /// Reads any bytes; what is cut short ends with them.
    package init(_ bytes: [UInt8], stepsMax: Int = Int.max) {
        steps = []
        var position = 0
        while position + 3 <= bytes.count, steps.count < stepsMax {
            let length = Int(bytes[position + 1]) << 8 | Int(bytes[position + 2])
            let end = min(position + 3 + length, bytes.count)
            steps.append(Step(bytes[position], Array(bytes[position + 3..<end])))
            position = end
        }
    }

    /// The bytes; a content beyond 65,535 bytes is cut.
    package var bytes: [UInt8] {
        steps.flatMap { step in
            let content = step.content.prefix(Int(UInt16.max))
            return [step.operation, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
        }
    }
}
