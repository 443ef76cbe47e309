/// Bech32m text (BIP-350): a prefix, the separator `1`, groups of five bits, and a checksum of six characters that
/// finds up to three wrong characters for certain.
package enum Bech32m {
    /// The longest text, in characters, for which the checksum promises anything.
    package static let characterCountMax = 90
    static let checksumCharacterCount = 6
    private static let checksumConstant: UInt32 = 0x2bc8_30a3
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    /// What a text holds once its checksum is right.
    package struct Content: Hashable, Sendable {
        /// The human-readable part, in lower case.
        package var prefix: String
        /// Groups of five bits, each below 32, without the checksum.
        package var groups: [UInt8]
    }

    /// The text of a prefix and bytes, in lower case.
    /// - Precondition: the prefix has printable ASCII characters without capitals, and the text stays within 90 characters.
    package static func encode(prefix: String, bytes: [UInt8]) -> String {
        encode(Content(prefix: prefix, groups: regroup(bytes, from: 8, to: 5)))
    }

    /// The text of a prefix and groups of five bits, in lower case.
    package static func encode(_ content: Content) -> String {
        let prefix = Array(content.prefix.utf8)
        precondition(
            !prefix.isEmpty && prefix.allSatisfy { (33...126).contains($0) && !(65...90).contains($0) },
            "a prefix has printable characters and no capitals")
        precondition(content.groups.allSatisfy { $0 < 32 }, "a group has five bits")
        let length = prefix.count + 1 + content.groups.count + checksumCharacterCount
        precondition(length <= characterCountMax, "a bech32m text has at most 90 characters")
        let padded = content.groups + [UInt8](repeating: 0, count: checksumCharacterCount)
        let sum = remainder(expanded(prefix) + padded) ^ checksumConstant
        let checksum = (0..<checksumCharacterCount).map { UInt8(truncatingIfNeeded: sum >> UInt32(25 - 5 * $0)) & 31 }
        let symbols = (content.groups + checksum).map { alphabet[Int($0)] }
        return String(decoding: prefix + [UInt8(ascii: "1")] + symbols, as: UTF8.self)
    }

    /// Reads a text.
    ///
    /// - Parameter expected: the prefix it must have, in lower case; nil for any.
    /// - Throws: what is wrong, and where it can be known, at which character.
    package static func decode(_ text: String, prefix expected: String? = nil) throws(Bech32mFault) -> Content {
        let symbols = try lowered(text)
        let separator = try separatorIndex(symbols, prefix: expected)
        let prefix = Array(symbols[..<separator])
        var groups: [UInt8] = []
        for index in (separator + 1)..<symbols.count {
            guard let group = alphabet.firstIndex(of: symbols[index]) else {
                throw .badCharacter(character(symbols[index]), position: index + 1)
            }
            groups.append(UInt8(group))
        }
        guard groups.count >= checksumCharacterCount else { throw .tooShort(characterCount: symbols.count) }
        guard symbols.count <= characterCountMax else { throw .tooLong(characterCount: symbols.count) }
        let start = expanded(prefix)
        guard remainder(start + groups) == checksumConstant else {
            let suspect = wrongGroup(start, groups)
            throw .checksum(suspect: suspect.map { separator + 2 + $0 })
        }
        return Content(prefix: String(decoding: prefix, as: UTF8.self), groups: groups.dropLast(checksumCharacterCount))
    }

    /// The bytes that groups of five bits stand for.
    /// - Throws: `.badPadding` when bits are left over that an encoder would not have written.
    package static func bytes(of groups: [UInt8]) throws(Bech32mFault) -> [UInt8] {
        let bytes = regroup(groups, from: 5, to: 8, padding: false)
        guard regroup(bytes, from: 8, to: 5) == groups else { throw .badPadding }
        return bytes
    }

    /// The characters in lower case; refuses what is not printable ASCII and a mixture of cases.
    private static func lowered(_ text: String) throws(Bech32mFault) -> [UInt8] {
        var symbols: [UInt8] = []
        var firstIsCapital: Bool?
        for (index, character) in text.enumerated() {
            guard let symbol = character.asciiValue, (33...126).contains(symbol) else {
                throw .badCharacter(character, position: index + 1)
            }
            let isCapital = (65...90).contains(symbol)
            if isCapital || (97...122).contains(symbol) {
                if let firstIsCapital, firstIsCapital != isCapital { throw .mixedCase(position: index + 1) }
                firstIsCapital = isCapital
            }
            symbols.append(isCapital ? symbol + 32 : symbol)
        }
        return symbols
    }

    private static func separatorIndex(_ symbols: [UInt8], prefix expected: String?) throws(Bech32mFault) -> Int {
        if let expected {
            let start = Array(expected.utf8) + [UInt8(ascii: "1")]
            guard symbols.starts(with: start) else { throw .wrongPrefix(expected: expected) }
            return start.count - 1
        }
        guard let separator = symbols.lastIndex(of: UInt8(ascii: "1")) else { throw .noSeparator }
        guard separator > 0 else { throw .emptyPrefix }
        return separator
    }

    /// The one group whose replacement makes the checksum right; nil when more than one is wrong.
    private static func wrongGroup(_ start: [UInt8], _ groups: [UInt8]) -> Int? {
        var changed = groups
        for index in groups.indices {
            for difference in UInt8(1)..<32 {
                changed[index] = groups[index] ^ difference
                if remainder(start + changed) == checksumConstant { return index }
            }
            changed[index] = groups[index]
        }
        return nil
    }

    private static func character(_ symbol: UInt8) -> Character { Character(Unicode.Scalar(symbol)) }

    private static func expanded(_ prefix: [UInt8]) -> [UInt8] {
        prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    }

    /// The remainder by the code's generator polynomial (BIP-173).
    private static func remainder(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var sum: UInt32 = 1
        for value in values {
            let top = sum >> 25
            sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
            for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { sum ^= generator[bit] }
        }
        return sum
    }

    private static func regroup(_ input: [UInt8], from inputBits: Int, to outputBits: Int, padding: Bool = true) -> [UInt8] {
        var output: [UInt8] = []
        var held: UInt32 = 0
        var heldBits = 0
        let mask = UInt32(1) << UInt32(outputBits) - 1
        for value in input {
            held = (held << UInt32(inputBits) | UInt32(value)) & 0xffff
            heldBits += inputBits
            while heldBits >= outputBits {
                heldBits -= outputBits
                output.append(UInt8(held >> UInt32(heldBits) & mask))
            }
        }
        if padding, heldBits > 0 { output.append(UInt8(held << UInt32(outputBits - heldBits) & mask)) }
        return output
    }
}
