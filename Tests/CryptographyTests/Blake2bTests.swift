import Cryptography
import Testing

@Suite struct Blake2bTests {
    /// Made with Python's hashlib.blake2b(digest_size=32), an implementation apart from libsodium.
    @Test("BLAKE2b-256 gives the known answers", arguments: [
        ([], "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
        (Array("abc".utf8), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        (Array(0...255), "39a7eb9fedc19aabc83425c6755dd90e6f9d0c804964a1f4aaeea3b9fb599835"),
        ([UInt8](repeating: 97, count: 129), "2f64744a6de0d2c0b56e64cf6e29a5aaa255010d415d51c75ccc82f73dccd865"),
    ] as [([UInt8], String)])
    func knownAnswers(message: [UInt8], hex: String) {
        #expect(Blake2b.hash(message).hex == hex)
    }

    @Test("a domain's tag stands before the content and ends with a zero byte")
    func domainTag() {
        #expect(Blake2b.hash(.xid, Array("abc".utf8)).hex == "1a66cea17256518ecd1c2a0a185e6765fcc15b81828378bf9662e22973d9d9a6")
        #expect(Domain.stateAccount.tag == Array("concordat/1/state-account".utf8) + [0])
    }

    @Test("no two domains have the same tag, and none is the beginning of another")
    func domainsAreApart() {
        let tags = Domain.allCases.map(\.tag)
        for (index, tag) in tags.enumerated() {
            for (other, otherTag) in tags.enumerated() where other != index { #expect(!otherTag.starts(with: tag)) }
        }
    }

    @Test("a node's hash is that of its tag and both digests in a row")
    func nodeHash() {
        let left = Blake2b.hash([1]), right = Blake2b.hash([2])
        #expect(Blake2b.hash(tag: 3, left, right) == Blake2b.hash([3] + left.bytes + right.bytes))
    }

    @Test("hexadecimal digits are read in both cases and refused when odd or foreign")
    func hexadecimal() {
        #expect(Hexadecimal.encode([0, 0x9a, 0xff]) == "009aff")
        #expect(Hexadecimal.decode("009aFF") == [0, 0x9a, 0xff])
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
    }
}
