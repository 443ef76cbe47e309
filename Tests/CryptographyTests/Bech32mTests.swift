import Cryptography
import Determinism
import Testing

@Suite struct Bech32mTests {
    /// The valid strings of BIP-350.
    @Test("the valid vectors of BIP-350 are read and written again", arguments: [
        "A1LQFN3A", "a1lqfn3a",
        "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa",
    ])
    func validVectors(text: String) throws {
        #expect(Bech32m.encode(try Bech32m.decode(text)) == text.lowercased())
    }

    /// The invalid strings of BIP-350, with our reason for each.
    @Test("the invalid vectors of BIP-350 are refused with their reason", arguments: [
        ("\u{20}1xj0phk", .badCharacter("\u{20}", position: 1)),
        ("\u{7F}1g6xzxy", .badCharacter("\u{7F}", position: 1)),
        ("\u{80}1vctc34", .badCharacter("\u{80}", position: 1)),
        ("an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
         .tooLong(characterCount: 91)),
        ("qyrz8wqd2c9m", .noSeparator),
        ("1qyrz8wqd2c9m", .emptyPrefix),
        ("y1b0jsk6g", .badCharacter("b", position: 3)),
        ("lt1igcx5c0", .badCharacter("i", position: 4)),
        ("in1muywd", .tooShort(characterCount: 8)),
        ("mm1crxm3i", .badCharacter("i", position: 9)),
        ("au1s5cgom", .badCharacter("o", position: 8)),
        ("16plkw9", .emptyPrefix),
        ("1p2gdwpf", .emptyPrefix),
    ] as [(String, Bech32mFault)])
    func invalidVectors(text: String, fault: Bech32mFault) {
        #expect(throws: fault) { try Bech32m.decode(text) }
    }

    @Test("a checksum made over the prefix in capitals is refused")
    func capitalPrefixChecksum() {
        #expect { try Bech32m.decode("M1VUXWEZ") } throws: { error in
            if case .checksum = error as? Bech32mFault { true } else { false }
        }
    }

    @Test("left-over bits are refused")
    func padding() throws {
        #expect(try Bech32m.bytes(of: [0, 0]) == [0])
        #expect(throws: Bech32mFault.badPadding) { try Bech32m.bytes(of: [0, 1]) }
        #expect(throws: Bech32mFault.badPadding) { try Bech32m.bytes(of: [0]) }
    }
}

@Suite struct AddressTests {
    private let key = KeyPair(seed: .zero).publicKey
    private var text: String { key.address.text }

    private func replacing(_ position: Int, with character: Character) -> String {
        var characters = Array(text)
        characters[position - 1] = character
        return String(characters)
    }

    @Test("an address has 61 characters, begins with cc1, and is read in both cases")
    func roundTrip() throws {
        #expect(text.count == Address.characterCount && text.hasPrefix("cc1"))
        #expect(try Address(text).publicKey == key)
        #expect(try Address(text.uppercased()).publicKey == key)
        var random = SeededRandom(seed: 4)
        for _ in 0..<200 {
            let key = PublicKey(random.digest())
            #expect(try Address(key.address.text).publicKey == key)
        }
    }

    @Test("every single wrong character is found and its position named")
    func locatesOneWrongCharacter() {
        for position in 4...Address.characterCount {
            let wrong: Character = Array(text)[position - 1] == "q" ? "p" : "q"
            #expect(throws: Bech32mFault.checksum(suspect: position)) { try Address(replacing(position, with: wrong)) }
        }
    }

    @Test("two exchanged characters are refused")
    func refusesExchanged() {
        let characters = Array(text)
        for index in 3..<characters.count - 1 where characters[index] != characters[index + 1] {
            var exchanged = characters
            exchanged.swapAt(index, index + 1)
            #expect(throws: Bech32mFault.self) { try Address(String(exchanged)) }
        }
    }

    @Test("a character that never occurs, a foreign one included, is named with its position")
    func badCharacters() {
        #expect(throws: Bech32mFault.badCharacter("b", position: 10)) { try Address(replacing(10, with: "b")) }
        #expect(throws: Bech32mFault.badCharacter("1", position: 20)) { try Address(replacing(20, with: "1")) }
        #expect(throws: Bech32mFault.badCharacter("é", position: 30)) { try Address(replacing(30, with: "é")) }
        #expect(throws: Bech32mFault.badCharacter(" ", position: 62)) { try Address(text + " ") }
    }

    @Test("a wrong length, prefix or mixture of cases is called so")
    func otherFaults() {
        #expect(throws: Bech32mFault.wrongLength(expected: 61, found: 60)) { try Address(String(text.dropLast())) }
        #expect(throws: Bech32mFault.wrongLength(expected: 61, found: 62)) { try Address(text + "q") }
        #expect(throws: Bech32mFault.wrongLength(expected: 61, found: 3)) { try Address("cc1") }
        #expect(throws: Bech32mFault.wrongPrefix(expected: "cc")) { try Address("a1lqfn3a") }
        #expect(throws: Bech32mFault.wrongPrefix(expected: "cc")) { try Address("") }
        #expect(throws: Bech32mFault.mixedCase(position: 2)) { try Address("c" + text.uppercased().dropFirst()) }
        let short = Bech32m.encode(prefix: "cc", bytes: [UInt8](repeating: 1, count: 31))
        #expect(throws: Bech32mFault.wrongLength(expected: 61, found: short.count)) { try Address(short) }
    }

    @Test("an error says in words what is wrong and where")
    func descriptions() {
        #expect("\(Bech32mFault.checksum(suspect: 12))".contains("character 12"))
        #expect("\(Bech32mFault.badCharacter("b", position: 7))".contains("character 7, \"b\""))
        #expect(!"\(Bech32mFault.badCharacter("\u{1B}", position: 7))".contains("\u{1B}"))
    }
}
