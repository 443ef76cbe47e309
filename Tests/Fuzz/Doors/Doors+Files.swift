import Auditor
import Cryptography
import Foundation
import RoleKit
import Runtime
import Wire

extension Door {
    /// What is read from disks.
    static let files: [Door] = [
        Door("key-file", longest: 2_048, takeKeyFile),
        text("network-file", longest: 16_384) { text in
            guard let read = try? NetworkFile.parse(text, file: "network.yaml") else { return false }
            guard let again = try? NetworkFile.parse(NetworkFile.text(of: read), file: "network.yaml") else {
                throw Broken("a network written anew is refused")
            }
            try demand(again == read, "a network written anew is another one")
            let audited = try? AuditReading.networkID(text)
            try demand(audited == read.network.id.bytes, "the auditor reads another network out of the same file")
            return true
        },
        text("contract-file") { text in
            guard let read = try? ContractFile.read(text, file: "contract.yaml", network: Stage.network).contract else { return false }
            _ = ContractFile.findings(read, network: Stage.network)
            let key = Stage.cast.people[0].publicKey
            guard let terms = try? DeclaredTerms(read, deployer: key, network: Stage.network.id) else { throw Broken("a contract that was read cannot be declared") }
            try demand(terms.contract == read, "a contract that is declared is another one")
            return true
        },
        text("address-book") { text in
            guard let book = try? AddressBook.parse(text, file: "book.yaml") else { return false }
            guard let again = try? AddressBook.parse(book.text, file: "book.yaml") else { throw Broken("a book written anew is refused") }
            try demand(again == book, "a book written anew is another one")
            return true
        },
        Door("vote-log", .bytes, takeVoteLog),
        Door("vote-records", .script(prefix: 0), takeVoteRecords),
    ]

    private static let keyPath = "\(NSTemporaryDirectory())/fuzz-\(getpid()).key"

    private static func takeKeyFile(_ bytes: [UInt8]) throws -> Bool {
        keyLock.lock()
        defer { keyLock.unlock() }
        let descriptor = open(keyPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else { throw Broken("the file for key files cannot be written") }
        close(descriptor)
        defer { unlink(keyPath) }
        if let summary = try? KeyFile.summary(keyPath) {
            if let pair = try? KeyFile.readIdentity(keyPath) {
                try demand(summary.kind == .identity && pair.publicKey.address.text == summary.publicKey, "a key file says another key than it holds")
            }
            if let pair = try? KeyFile.readTransport(keyPath) {
                try demand(summary.kind == .transport && pair.publicKey.text == summary.publicKey, "a key file says another key than it holds")
            }
            return true
        }
        return false
    }

    private static let keyLock = NSLock()

    /// A file as it is: what is whole in it must be what a log with the same votes holds.
    private static func takeVoteLog(_ bytes: [UInt8]) throws -> Bool {
        guard let content = try? VoteLogContent(bytes, path: "votes.log") else { return false }
        try demand(content.wholeByteCount <= bytes.count, "more is whole than there is")
        try demand(VoteLogContent.bytes(of: content.records) == Array(bytes.prefix(content.wholeByteCount)), "records are not what was read")
        return !content.records.isEmpty
    }

    /// Records with the right checksums over any bytes: so the form behind the checksum is reached.
    private static func takeVoteRecords(_ bytes: [UInt8]) throws -> Bool {
        var file = VoteLogContent.heading
        var checksum = Blake2b.hash(file)
        for step in Script(bytes, stepsMax: 32).steps {
            let length = UInt32(step.content.count + Digest.byteCount)
            let body = withUnsafeBytes(of: length.bigEndian) { Array($0) } + step.content
            checksum = Blake2b.hash(checksum.bytes + body)
            file += body + checksum.bytes
        }
        return try takeVoteLog(file)
    }
}
