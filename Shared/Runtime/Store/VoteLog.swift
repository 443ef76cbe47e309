import Crypto
import Foundation
import RoleKit
import Wire

/// The second record of what a role has signed: a file of records that are only ever appended (`VoteLogContent` has the form).
struct VoteLog {
    typealias Record = VoteLogContent.Record

    let path: String
    private var descriptor: Int32
    /// Where the next record goes.
    private(set) var byteCount: Int
    private var checksum: Digest

    /// Reads a file; nil when there is none, or not even a heading.
    static func read(_ path: String) throws(RoleStoreFault) -> VoteLogContent? {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard errno == ENOENT || !FileManager.default.fileExists(atPath: path) else {
                throw RoleStoreFault(path, .refused(String(cString: strerror(errno))))
            }
            return nil
        }
        return try VoteLogContent([UInt8](data), path: path)
    }

    /// Opens a file for more records, cutting off what follows the whole ones; makes it when there is none.
    init(_ path: String, continuing content: VoteLogContent?) throws(RoleStoreFault) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw VoteLog.fault(path) }
        byteCount = content?.wholeByteCount ?? 0
        checksum = content?.checksum ?? Blake2b.hash(VoteLogContent.heading)
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw VoteLog.fault(path) }
        if content == nil {
            try write(VoteLogContent.heading)
            byteCount = VoteLogContent.heading.count
        }
        try VoteLog.syncFolder(of: path)
    }

    /// Appends votes and brings them to disk. After a throw the file is as it was.
    mutating func append(_ votes: [VoteRow], batch: UInt64) throws(RoleStoreFault) {
        var bytes: [UInt8] = []
        var newest = checksum
        for vote in votes {
            let record = VoteLogContent.encode(Record(batch: batch, vote: vote), after: newest)
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
