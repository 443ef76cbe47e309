import Cryptography
import Testing

@Suite struct SecrecyTests {
    /// Every way to print a value without asking for its secret.
    private func printed<Value>(_ value: Value) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        dump([value], to: &dumped)
        dump(Optional(value) as Any, to: &dumped)
        return dumped + String(describing: value) + String(reflecting: value) + "\(value) \([value]) \(Optional(value) as Any)"
    }

    /// The forms in which 32 secret bytes might slip out.
    private func forms(of secret: Digest) -> [String] {
        let bytes = secret.bytes
        let list = bytes.map(String.init).joined(separator: ", ")
        return [secret.hex, secret.hex.uppercased(), secret.description, Z85.encode(bytes), list]
            + [secret.a, secret.b, secret.c, secret.d].map { String($0) }
            + bytes.prefix(4).map { "- \($0)\n" }
    }

    @Test("printing or dumping a key pair shows its public key and no secret")
    func keyPairs() {
        for number in 1...20 as ClosedRange<UInt64> {
            let secret = Blake2b.hash([UInt8(number)])
            let identity = KeyPair(seed: secret)
            let transport = TransportKeyPair(secret: secret)
            let text = printed(identity) + printed(transport) + printed(identity.signer)
            for form in forms(of: secret) { #expect(!text.contains(form)) }
            #expect(text.contains(identity.publicKey.hex))
            #expect(text.contains(transport.publicKey.text))
        }
    }

    @Test("the forms looked for are those in which a pair without care would show its secret")
    func formsAreReal() {
        struct Careless { var seed: Digest; var secret: [UInt8] }
        let secret = Blake2b.hash([1])
        let text = printed(Careless(seed: secret, secret: secret.bytes))
        let found = forms(of: secret).filter(text.contains)
        #expect(found.count >= 5)
    }
}
