import Cryptography
import Determinism
import Testing

/// RFC 8032, section 7.1.
struct SignatureVector: Sendable, CustomTestStringConvertible {
    var name: String
    var seed: String
    var publicKey: String
    var message: String
    var signature: String
    var testDescription: String { name }

    static let all = [
        SignatureVector(
            name: "TEST 1", seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"),
        SignatureVector(
            name: "TEST 2", seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"),
        SignatureVector(
            name: "TEST 3", seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
            signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a"),
        SignatureVector(
            name: "TEST SHA(abc)", seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            message: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            signature: "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
                + "3dca179c138ac17ad9bef1177331a704"),
    ]
}

@Suite struct Ed25519Tests {
    private static let identityPoint = "01" + String(repeating: "00", count: 31)

    private func key(_ hex: String) -> PublicKey { PublicKey(Hexadecimal.decode(hex)!)! }
    private func signature(_ hex: String) -> Signature { Signature(Hexadecimal.decode(hex)!)! }

    @Test("the vectors of RFC 8032 are made and accepted", arguments: SignatureVector.all)
    func vectors(vector: SignatureVector) {
        let pair = KeyPair(seed: Digest(Hexadecimal.decode(vector.seed)!)!)
        let message = Hexadecimal.decode(vector.message)!
        #expect(pair.publicKey == key(vector.publicKey))
        #expect(pair.sign(message) == signature(vector.signature))
        #expect(Ed25519.verify(signature(vector.signature), of: message, by: key(vector.publicKey)))
        #expect(!Ed25519.verify(signature(vector.signature), of: message + [0], by: key(vector.publicKey)))
    }

    @Test("a signature with any single bit changed is refused")
    func changedBits() {
        let pair = KeyPair(seed: .zero)
        let good = pair.sign([1, 2, 3])
        for bit in 0..<512 {
            var bytes = good.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!Ed25519.verify(Signature(bytes)!, of: [1, 2, 3], by: pair.publicKey), "bit \(bit)")
        }
    }

    @Test("a signature whose second half has the group's order added is refused, though the equation holds")
    func nonCanonicalScalar() {
        let forged = signature(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b")
        #expect(!Ed25519.verify(forged, of: [], by: key(SignatureVector.all[0].publicKey)))
    }

    @Test("a key of small order is refused, however it is encoded, though the equation holds for every message")
    func smallOrderKey() {
        let forged = signature(
            "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572"
                + "d20a1feb8ca954ab000000000000000000000000000000000000000000000000")
        let nonCanonical = "ee" + String(repeating: "ff", count: 30) + "7f"
        for hex in [Ed25519Tests.identityPoint, nonCanonical] {
            #expect(!Ed25519.verify(forged, of: [], by: key(hex)))
            #expect(!Ed25519.verify(forged, of: [7], by: key(hex)))
        }
    }

    @Test("a signature whose first half has small order is refused, though its maker knew the key and the equation holds")
    func smallOrderCommitment() {
        let forged = signature(
            "0100000000000000000000000000000000000000000000000000000000000000"
                + "756cf9b1d6f0d7a979b9d2af3dc2bc1294ec7cb6daa20eaff534c024fc57920f")
        #expect(!Ed25519.verify(forged, of: [], by: key(SignatureVector.all[0].publicKey)))
    }

    @Test("a signature of one domain or network means nothing in another")
    func domainsSeparate() {
        let signer = KeyPair(seed: .zero).signer
        let made = signer.sign(.vote, network: .zero, [9])
        func holds(_ domain: Domain, _ network: Digest) -> Bool {
            SignatureCheck(key: signer.publicKey, signature: made, message: domain.preimage(network: network, [9])).holds
        }
        #expect(holds(.vote, .zero))
        for domain in Domain.allCases where domain != .vote { #expect(!holds(domain, .zero)) }
        #expect(!holds(.vote, Digest(a: 1, b: 0, c: 0, d: 0)))
    }
}
