import Crypto
import Foundation
import RoleKit
import Wire

/// The second record of what a role has signed: a file of records that are only ever appended, each with a checksum that
/// covers all before it.
///
/// Record: length of the rest in 4 bytes · batch number in 8 · chain (32) · epoch (8) · slot (8) · duty (1) · hash (32) ·
/// signed message · checksum (32). Numbers are big endian. The checksum is BLAKE2b of the former checksum and the record; the
/// first one's predecessor is the hash of the heading line.
struct VoteLog {
    /// One vote and the commit that it belongs to.
    struct Record {
        var batch: UInt64
        var vote: VoteRow
    }

    static let heading = Array("concordat-votes/1\n".utf8)
    /// Bytes of a record without the message.
    private static let fixedByteCount = 8 + 32 + 8 + 8 + 1 + 32 + 32
    private static let messageByteCountMax = 1 << 20

    let path: String
    private var descriptor: Int32
    /// Where the next record goes.
    private(set) var byteCount: Int
    private var checksum: Digest

    /// What a file holds: whole records, and where whatever is not whole begins.
    struct Content {
        var records: [Record] = []
        var checksum = Blake2b.hash(VoteLog.heading)
        var wholeByteCount = VoteLog.heading.count
        var totalByteCount = VoteLog.heading.count
        var isWhole: Bool { wholeByteCount == totalByteCount }
    }

    /// Reads a file; nil when there is none, or not even a heading.
    static func read(_ path: String) throws(RoleStoreFault) -> Content? {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard errno == ENOENT || !FileManager.default.fileExists(atPath: path) else {
                throw RoleStoreFault(path, .refused(String(cString: strerror(errno))))
            }
            return nil
        }
        let bytes = [UInt8](data)
        guard bytes.count >= heading.count else { return nil }
        guard bytes.starts(with: heading) else { throw RoleStoreFault(path, .votesDiffer("votes.log has another heading")) }
        var content = Content()
        content.totalByteCount = bytes.count
        while let (record, checksum, end) = parse(bytes, at: content.wholeByteCount, after: content.checksum) {
            content.records.append(record)
            content.checksum = checksum
            content.wholeByteCount = end
        }
        return content
    }

    /// Opens a file for more records, cutting off what follows the whole ones; makes it when there is none.
    init(_ path: String, continuing content: Content?) throws(RoleStoreFault) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw VoteLog.fault(path) }
        byteCount = content?.wholeByteCount ?? 0
        checksum = content?.checksum ?? Blake2b.hash(VoteLog.heading)
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw VoteLog.fault(path) }
        if content == nil {
            try write(VoteLog.heading)
            byteCount = VoteLog.heading.count
        }
        try VoteLog.syncFolder(of: path)
    }

    /// Appends votes and brings them to disk. After a throw the file is as it was.
    mutating func append(_ votes: [VoteRow], batch: UInt64) throws(RoleStoreFault) {
        var bytes: [UInt8] = []
        var newest = checksum
        for vote in votes {
            let record = VoteLog.encode(Record(batch: batch, vote: vote), after: newest)
            bytes += record.bytes
            newest = record.checksum
        }
        do {
            try write(bytes)
        } catch {
            cut(to: byteCount)
            throw error
        }
        byteCount += bytes.count
        checksum = newest
    }

    /// Where the log stands, to return to when the commit fails.
    var mark: (byteCount: Int, checksum: Digest) { (byteCount, checksum) }

    /// Takes back what was appended since a mark. When even that fails the next start finds records of a commit that never
    /// was, and adopts them: that is safe.
    mutating func revert(to mark: (byteCount: Int, checksum: Digest)) {
        guard mark.byteCount != byteCount else { return }
        cut(to: mark.byteCount)
        (byteCount, checksum) = mark
    }

    func close() { Foundation.close(descriptor) }

    private func cut(to byteCount: Int) {
        ftruncate(descriptor, off_t(byteCount))
        fsync(descriptor)
    }

    private func write(_ bytes: [UInt8]) throws(RoleStoreFault) {
        var count = 0
        while count < bytes.count {
            let step = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + count, $0.count - count, off_t(byteCount + count)) }
            if step < 0, errno == EINTR { continue }
            guard step > 0 else { throw VoteLog.fault(path) }
            count += step
        }
        guard fsync(descriptor) == 0 else { throw VoteLog.fault(path) }
    }

    /// Writes a new file with these votes in the place of the old one.
    static func rewrite(_ path: String, _ records: [Record]) throws(RoleStoreFault) -> VoteLog {
        let fresh = path + ".new"
        unlink(fresh)
        var log = try VoteLog(fresh, continuing: nil)
        for record in records { try log.append([record.vote], batch: record.batch) }
        guard rename(fresh, path) == 0 else { throw fault(path) }
        try syncFolder(of: path)
        log.close()
        return try VoteLog(path, continuing: try read(path))
    }

    // MARK: form

    private static func encode(_ record: Record, after former: Digest) -> (bytes: [UInt8], checksum: Digest) {
        let vote = record.vote
        precondition(vote.bytes.count <= messageByteCountMax, "a vote is a small message")
        var bytes: [UInt8] = []
        append(UInt32(fixedByteCount + vote.bytes.count), to: &bytes)
        append(record.batch, to: &bytes)
        bytes += vote.chain.text.padded.bytes
        append(vote.epoch, to: &bytes)
        append(vote.slot, to: &bytes)
        bytes.append(vote.duty.rawValue)
        bytes += vote.hash.bytes
        bytes += vote.bytes
        let checksum = Blake2b.hash(former.bytes + bytes)
        return (bytes + checksum.bytes, checksum)
    }

    private static func parse(_ bytes: [UInt8], at start: Int, after former: Digest) -> (Record, Digest, end: Int)? {
        guard bytes.count - start >= 4 else { return nil }
        let length = Int(number(bytes[start..<start + 4]))
        let end = start + 4 + length
        guard length >= fixedByteCount, length <= fixedByteCount + messageByteCountMax, end <= bytes.count else { return nil }
        let body = Array(bytes[start..<end - 32])
        guard let checksum = Digest(bytes[end - 32..<end]), Blake2b.hash(former.bytes + body) == checksum else { return nil }
        let chainText = String(decoding: body[12..<44].prefix { $0 != 0 }, as: UTF8.self)
        guard let chain = ChainID(chainText), let duty = VoteDuty(rawValue: body[60]), let hash = Digest(body[61..<93]) else { return nil }
        let vote = VoteRow(
            chain: chain, epoch: number(body[44..<52]), slot: number(body[52..<60]), duty: duty, hash: hash, bytes: Array(body[93...]))
        return (Record(batch: number(body[4..<12]), vote: vote), checksum, end)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func syncFolder(of path: String) throws(RoleStoreFault) {
        let descriptor = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(path) }
        defer { _ = Foundation.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(path) }
    }

    private static func fault(_ path: String) -> RoleStoreFault {
        RoleStoreFault(path, errno == ENOSPC || errno == EDQUOT ? .diskFull : .refused(String(cString: strerror(errno))))
    }
}
