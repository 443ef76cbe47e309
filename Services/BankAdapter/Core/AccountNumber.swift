/// A customer's account as a bank numbers it: an IBAN, or any other number of printable characters.
package struct AccountNumber: Hashable, Sendable, Codable, CustomStringConvertible {
    package let text: String
    package var description: String { text }

    /// Reads an IBAN; its two check digits must fit (ISO 13616).
    ///
    /// - Parameter code: what to say of a wrong one: of the debtor's, or of the creditor's account.
    package init(iban: String, code: StatusCode) throws(StatusReason) {
        let characters = Array(iban.utf8)
        let shown = DecimalAmount.shown(iban)
        guard (5...AccountNumber.ibanBytes).contains(characters.count), characters.allSatisfy(AccountNumber.isAlphanumeric) else {
            throw StatusReason(code, "'\(shown)' is no IBAN: 5 to \(AccountNumber.ibanBytes) letters and digits, without spaces")
        }
        guard characters[0..<2].allSatisfy({ (65...90).contains($0) }), characters[2..<4].allSatisfy({ (48...57).contains($0) }) else {
            throw StatusReason(code, "'\(shown)' is no IBAN: it begins with two capital letters and two digits")
        }
        var remainder = 0
        for character in characters[4...] + characters[..<4] {
            switch character {
            case 48...57: remainder = (remainder * 10 + Int(character - 48)) % 97
            case 65...90: remainder = (remainder * 100 + Int(character - 55)) % 97
            default: remainder = (remainder * 100 + Int(character - 87)) % 97
            }
        }
        guard remainder == 1 else { throw StatusReason(code, "the check digits of the IBAN \(shown) (characters 3 and 4) do not fit") }
        text = iban
    }

    /// Reads a number that is no IBAN.
    package init(other: String, code: StatusCode) throws(StatusReason) {
        let isFit = (1...BankLimits.accountBytes).contains(other.utf8.count) && other.utf8.allSatisfy { (33..<127).contains($0) && $0 != UInt8(ascii: "|") }
        guard isFit else {
            throw StatusReason(code, "'\(DecimalAmount.shown(other))' is no account number: 1 to \(BankLimits.accountBytes) printable characters, no spaces, no |")
        }
        text = other
    }

    /// Reads what another part of this program has checked before; nil when it is none.
    package init?(_ text: String) {
        do { try self.init(other: text, code: .creditorAccount) } catch { return nil }
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let number = AccountNumber(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no account number"))
        }
        self = number
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    private static let ibanBytes = 34

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
}
