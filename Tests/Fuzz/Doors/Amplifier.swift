/// Makes inputs of a given size out of small ones, for what must stay quick however much comes in.
package enum Amplifier {
    /// The largest input that must be done with in a second.
    package static let byteCount = 1 << 20

    /// The input over and over: a protocol buffer becomes one with very many elements, a file one with very many lines.
    package static func repeating(_ bytes: [UInt8], byteCount: Int = byteCount) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        while result.count + bytes.count <= byteCount { result += bytes }
        return result
    }

    /// One field within itself, again and again: protocol buffers nested as deep as the size allows.
    package static func nested(field: UInt8, byteCount: Int = byteCount) -> [UInt8] {
        var lengths: [[UInt8]] = []
        var total = 0
        while total < byteCount - 16 {
            let head = [field << 3 | 2] + varint(UInt64(total))
            lengths.append(head)
            total += head.count
        }
        return lengths.reversed().flatMap { $0 }
    }

    /// A number as protocol buffers write it.
    package static func varint(_ number: UInt64) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// Inputs of about a mebibyte made of one.
    package static func all(of bytes: [UInt8]) -> [[UInt8]] {
        [repeating(bytes), bytes + [UInt8](repeating: bytes.last ?? 0, count: byteCount)]
    }

    /// Inputs that need no example.
    package static let general: [[UInt8]] = (1...4).map { nested(field: $0) }
        + [0, 10, 32, 34, 44, 45, 91, 123, 255].map { [UInt8](repeating: $0, count: byteCount) }
        + [repeating(Array("a: &a [*a]\n".utf8)), repeating(Array("- [".utf8)), repeating(Array("{\"a\":".utf8)), repeating(Array("\"a\"\"b\",".utf8))]
}
