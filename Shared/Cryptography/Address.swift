/// The text form of a public key: bech32m with the prefix `cc`, 61 characters.
package struct Address: Hashable, Sendable, CustomStringConvertible {
    /// What every address begins with, before the `1`.
    package static let prefix = "cc"
    /// Prefix, separator, 52 groups for 32 bytes, checksum.
    package static let characterCount = 61

    package let publicKey: PublicKey

    package init(_ publicKey: PublicKey) {
        self.publicKey = publicKey
    }

    /// Reads an address in all small or all capital letters.
    /// - Throws: what is wrong, and where it can be known, at which character.
    package init(_ text: String) throws(Bech32mFault) {
        let content: Bech32m.Content
        do {
            content = try Bech32m.decode(text, prefix: Address.prefix)
        } catch {
            throw Address.preferringLength(error, text)
        }
        guard text.count == Address.characterCount else {
            throw .wrongLength(expected: Address.characterCount, found: text.count)
        }
        guard let key = PublicKey(try Bech32m.bytes(of: content.groups)) else { throw .badPadding }
        publicKey = key
    }

    /// A lost or doubled character breaks the checksum too; the number of characters is then the clearer answer.
    private static func preferringLength(_ fault: Bech32mFault, _ text: String) -> Bech32mFault {
        switch fault {
        case .checksum, .tooShort, .tooLong:
            text.count == characterCount ? fault : .wrongLength(expected: characterCount, found: text.count)
        default: fault
        }
    }

    /// The 61 characters, in small letters.
    package var text: String { Bech32m.encode(prefix: Address.prefix, bytes: publicKey.bytes) }
    package var description: String { text }
}

extension PublicKey {
    /// The text form for people.
    package var address: Address { Address(self) }
}
