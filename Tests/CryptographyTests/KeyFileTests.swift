import Cryptography
import Foundation
import Testing

/// A folder of its own for a test, removed when the test ends.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("concordat-keys-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

@Suite struct KeyFileTests {
    private let folder: TemporaryFolder
    private let identity = KeyPair(seed: Blake2b.hash([1]))
    private let transport = TransportKeyPair(secret: Blake2b.hash([2]))
    private var path: String { folder.file("key.json") }

    init() throws {
        try SodiumLibrary.prepare()
        folder = try TemporaryFolder()
    }

    private func fault(_ body: () throws -> Void) -> KeyFileFault.Problem? {
        do {
            try body()
            return nil
        } catch {
            return (error as? KeyFileFault)?.problem
        }
    }

    private func edit(_ change: (inout [String: Any]) -> Void) throws {
        var fields = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        change(&fields)
        let data = try JSONSerialization.data(withJSONObject: fields)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: data)
        try handle.close()
    }

    @Test("a plain file gives the pair back and tells its kind")
    func plainRoundTrip() throws {
        try KeyFile.write(identity, to: path)
        #expect(try KeyFile.readIdentity(path).seed == identity.seed)
        #expect(try KeyFile.summary(path) == .init(kind: .identity, publicKey: identity.publicKey.address.text, isSealed: false))
        let other = folder.file("transport.json")
        try KeyFile.write(transport, to: other)
        #expect(try KeyFile.readTransport(other).secret == transport.secret)
        #expect(try KeyFile.summary(other) == .init(kind: .transport, publicKey: transport.publicKey.text, isSealed: false))
    }

    @Test("a sealed file gives the pair back to its passphrase alone, and does not hold the secret")
    func sealedRoundTrip() throws {
        try KeyFile.write(identity, to: path, passphrase: "größer", cost: .least)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains(identity.seed.hex))
        #expect(try KeyFile.summary(path).isSealed)
        #expect(try KeyFile.readIdentity(path, passphrase: "größer").seed == identity.seed)
        #expect(try KeyFile.readIdentity(path, passphrase: "gro\u{308}ßer").seed == identity.seed)
        #expect(fault { _ = try KeyFile.readIdentity(path, passphrase: "grösser") } == .wrongPassphrase)
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .passphraseNeeded)
        #expect(fault { try KeyFile.write(identity, to: folder.file("x"), passphrase: "") } == .emptyPassphrase)
    }

    @Test("a file is created with mode 0600 and never overwritten unasked")
    func createsPrivately() throws {
        try KeyFile.write(identity, to: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(fault { try KeyFile.write(KeyPair(seed: .zero), to: path) } == .alreadyThere)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        try KeyFile.write(KeyPair(seed: .zero), to: path, replacing: true)
        #expect(try KeyFile.readIdentity(path).seed == .zero)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["key.json"])
    }

    @Test("a symbolic link is not written through")
    func refusesLinks() throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.file("elsewhere"))
        #expect(fault { try KeyFile.write(identity, to: path) } == .alreadyThere)
        #expect(!FileManager.default.fileExists(atPath: folder.file("elsewhere")))
    }

    @Test("a file that others may open is refused", arguments: [0o640, 0o604, 0o644, 0o620, 0o601])
    func tooOpen(mode: Int) throws {
        try KeyFile.write(identity, to: path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .tooOpen(mode: UInt32(mode)))
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        #expect(try KeyFile.readIdentity(path).seed == identity.seed)
    }

    @Test("a missing file, a folder and the wrong kind are called so")
    func wrongThings() throws {
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .missing)
        #expect(fault { _ = try KeyFile.readIdentity(folder.path) } == .notAFile)
        try KeyFile.write(transport, to: path)
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .wrongKind(expected: .identity, found: .transport))
    }

    @Test("a version from the future is refused as such, one that never was as damage")
    func versions() throws {
        try KeyFile.write(identity, to: path)
        try edit { $0["version"] = 2; $0["surprise"] = [1] }
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .futureVersion(2))
        try edit { $0["version"] = 0 }
        guard case .damaged = fault({ _ = try KeyFile.readIdentity(path) }) else { Issue.record("read version 0"); return }
    }

    @Test("any field changed or missing is damage, sealed or not", arguments: [nil, "secret words"])
    func damage(passphrase: String?) throws {
        let fields = ["format", "kind", "public_key", "secret", "checksum"]
        for field in fields {
            for missing in [true, false] {
                try KeyFile.write(identity, to: path, passphrase: passphrase, replacing: true, cost: .least)
                try edit { $0[field] = missing ? nil : "0" + (($0[field] as? String) ?? "").dropFirst() + "1" }
                guard case .damaged = fault({ _ = try KeyFile.readIdentity(path, passphrase: passphrase) }) else {
                    Issue.record("\(field) \(missing ? "missing" : "changed") was not found")
                    continue
                }
            }
        }
    }

    @Test("a file cut short at any byte is damaged, and no error shows the secret")
    func truncation() throws {
        try KeyFile.write(identity, to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for count in 0..<whole.count - 2 {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            do {
                _ = try KeyFile.readIdentity(path)
                Issue.record("\(count) bytes were read")
            } catch {
                guard case .damaged = error.problem else { Issue.record("\(error)"); continue }
                #expect(!"\(error)".contains(identity.seed.hex.prefix(8)))
            }
        }
    }

    @Test("a file too large to be a key is not read")
    func tooLarge() throws {
        try KeyFile.write(identity, to: path)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: UInt64(KeyFile.byteCountMax) + 1)
        guard case .damaged = fault({ _ = try KeyFile.readIdentity(path) }) else { Issue.record("was read"); return }
    }

    @Test("a public key that does not belong to the secret is refused although the checksum fits")
    func mismatch() throws {
        try KeyFile.write(identity, to: path)
        let stranger = KeyPair(seed: .zero).publicKey.address.text
        let content = ["1", "identity", stranger, identity.seed.hex].joined(separator: "\n")
        try edit {
            $0["public_key"] = stranger
            $0["checksum"] = Blake2b.hash(.keyFile, Array(content.utf8)).hex
        }
        #expect(fault { _ = try KeyFile.readIdentity(path) } == .mismatch)
    }

    @Test("a file from elsewhere cannot ask for more memory than the bound")
    func boundsCost() throws {
        #expect(SealingCost(operations: 3, memoryBytes: 2_147_483_648) == nil)
        #expect(SealingCost(operations: 17, memoryBytes: 8_192) == nil)
        #expect(SealingCost(operations: 3, memoryBytes: 268_435_456) == .moderate)
    }

    @Test("an error names the file, what is wrong and what to do")
    func descriptions() throws {
        try KeyFile.write(identity, to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        do {
            _ = try KeyFile.readIdentity(path)
            Issue.record("was read")
        } catch {
            #expect("\(error)".contains(path) && "\(error)".contains("0644") && "\(error)".contains("chmod 600"))
        }
    }
}
