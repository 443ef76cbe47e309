/// Z85 text (ZeroMQ RFC 32): five printable characters for four bytes.
package enum Z85 {
    private static let alphabet =
        Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// Why a text is no Z85 text. Positions count characters from 1; nothing of the text is repeated, it may be a secret.
    package enum Fault: Error, Hashable, Sendable {
        /// A character outside the alphabet.
        case badCharacter(position: Int)
        /// Five characters that stand for more than 32 bits.
        case overflow(position: Int)
        /// Another number of characters than was expected.
        case wrongLength(expected: Int, found: Int)
        /// The number of characters is no multiple of five.
        case incompleteGroup(characterCount: Int)
    }

    /// Five characters for every four bytes.
    /// - Precondition: the number of bytes is a multiple of four.
    package static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % 4 == 0, "Z85 takes bytes by fours")
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let value = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            for divisor: UInt32 in [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1] {
                text.append(alphabet[Int(value / divisor % 85)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text.
    package static func decode(_ text: String) throws(Fault) -> [UInt8] {
        let characters = Array(text)
        guard characters.count % 5 == 0 else { throw .incompleteGroup(characterCount: characters.count) }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: characters.count, by: 5) {
            var value: UInt64 = 0
            for index in start..<start + 5 {
                guard let symbol = characters[index].asciiValue, let digit = alphabet.firstIndex(of: symbol) else {
                    throw .badCharacter(position: index + 1)
                }
                value = value * 85 + UInt64(digit)
            }
            guard value <= UInt64(UInt32.max) else { throw .overflow(position: start + 1) }
            for shift: UInt64 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return bytes
    }
}

extension Z85.Fault: CustomStringConvertible {
    /// A sentence for people.
    package var description: String {
        switch self {
        case .badCharacter(let position): "character \(position) does not occur in such a key"
        case .overflow(let position): "the five characters from \(position) on stand for nothing"
        case .wrongLength(let expected, let found): "the text has \(found) characters instead of \(expected)"
        case .incompleteGroup(let count): "\(count) characters are no multiple of five"
        }
    }
}
