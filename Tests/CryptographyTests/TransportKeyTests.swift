import Cryptography
import Testing

@Suite struct TransportKeyTests {
    /// The example of ZeroMQ RFC 32 and the keys of libzmq's zmq_curve manual.
    @Test("the published Z85 vectors are read and written", arguments: [
        ("864fd26fb559f75b", "HelloWorld"),
        ("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"),
        ("00000000", "00000"), ("ffffffff", "%nSc0"), ("", ""),
    ])
    func vectors(hex: String, text: String) throws {
        #expect(Z85.encode(Hexadecimal.decode(hex)!) == text)
        #expect(Hexadecimal.encode(try Z85.decode(text)) == hex)
    }

    @Test("the secret keys of libzmq's manual belong to its public keys", arguments: [
        ("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"),
        ("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"),
    ])
    func publicKeys(secret: String, publicKey: String) throws {
        let pair = TransportKeyPair(secret: Digest(try Z85.decode(secret))!)
        #expect(pair.publicKey.text == publicKey)
        #expect(try TransportKey(publicKey) == pair.publicKey)
    }

    @Test("what is no Z85 is refused with its position")
    func refusals() {
        #expect(throws: Z85.Fault.incompleteGroup(characterCount: 4)) { try Z85.decode("abcd") }
        #expect(throws: Z85.Fault.badCharacter(position: 7)) { try Z85.decode("abcdea\"cde") }
        #expect(throws: Z85.Fault.badCharacter(position: 1)) { try Z85.decode("é0000") }
        #expect(throws: Z85.Fault.overflow(position: 6)) { try Z85.decode("00000%nSc1") }
        #expect(throws: Z85.Fault.wrongLength(expected: 40, found: 10)) { try TransportKey("HelloWorld") }
    }

    @Test("fresh pairs differ, and each secret gives its public key")
    func generates() throws {
        try SodiumLibrary.prepare()
        let first = TransportKeyPair.generate(), second = TransportKeyPair.generate()
        #expect(first.publicKey != second.publicKey)
        #expect(TransportKeyPair(secret: first.secret).publicKey == first.publicKey)
        #expect(KeyPair.generate().publicKey != KeyPair.generate().publicKey)
    }
}
