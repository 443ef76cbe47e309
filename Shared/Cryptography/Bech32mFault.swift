/// Why a text is no bech32m text. Positions count characters from 1.
package enum Bech32mFault: Error, Hashable, Sendable {
    /// A character that never occurs at this place.
    case badCharacter(Character, position: Int)
    /// The first letter whose case differs from the letters before it.
    case mixedCase(position: Int)
    /// There is no `1` between prefix and data.
    case noSeparator
    /// Nothing stands before the `1`.
    case emptyPrefix
    /// The text begins otherwise than with the prefix and `1`.
    case wrongPrefix(expected: String)
    /// Not even room for the checksum.
    case tooShort(characterCount: Int)
    /// More characters than the checksum can protect.
    case tooLong(characterCount: Int)
    /// Another number of characters than texts of this kind have.
    case wrongLength(expected: Int, found: Int)
    /// The checksum does not fit. The suspect is the one character whose replacement would make it fit, if there is one.
    case checksum(suspect: Int?)
    /// Bits are left over that no encoder writes.
    case badPadding
}

extension Bech32mFault: CustomStringConvertible {
    /// A sentence for people.
    package var description: String {
        switch self {
        case .badCharacter(let character, let position):
            "character \(position), \(Bech32mFault.shown(character)), does not belong there"
        case .mixedCase(let position):
            "capital and small letters are mixed, from character \(position) on; write all of them small"
        case .noSeparator: "the 1 between prefix and data is missing"
        case .emptyPrefix: "the prefix before the 1 is missing"
        case .wrongPrefix(let expected): "the text does not begin with \(expected)1"
        case .tooShort(let count): "\(count) characters are too few"
        case .tooLong(let count): "\(count) characters are too many, the most is \(Bech32m.characterCountMax)"
        case .wrongLength(let expected, let found): "the text has \(found) characters instead of \(expected)"
        case .checksum(let suspect?): "the checksum does not fit; probably character \(suspect) is wrong"
        case .checksum(nil): "the checksum does not fit; more than one character is wrong"
        case .badPadding: "the last character holds bits that belong to nothing"
        }
    }

    /// Control characters by number, so that an error never disturbs a terminal.
    private static func shown(_ character: Character) -> String {
        let scalars = character.unicodeScalars
        if scalars.count == 1, let scalar = scalars.first, scalar.value < 33 || (127...160).contains(scalar.value) {
            return "number \(scalar.value)"
        }
        return "\"\(character)\""
    }
}
