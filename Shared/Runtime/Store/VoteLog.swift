import Cryptography
import Foundation
import RoleKit
import Wire

/// The second record of what a role has signed: a file of records that are only ever appended (`VoteLogContent` has the form).
struct VoteLog {
    typealias Record = VoteLogContent.Record

    let path: String
    private let files: StoreFiles
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

    /// Writes a new file with these records, in the place of an old one: not until it is whole and synced.
    ///
    /// A log that is only read may be in memory alone, when a sync of an earlier process failed; written anew it is on disk.
    init(_ path: String, _ records: [Record], files: StoreFiles) throws(RoleStoreFault) {
        self.path = path
        self.files = files
        let fresh = path + ".new"
        unlink(fresh)
        descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw VoteLog.fault(path) }
        (byteCount, checksum) = (0, Blake2b.hash(VoteLogContent.heading))
        do throws(RoleStoreFault) {
            let (bytes, newest) = VoteLogContent.encode(records)
            try write(bytes)
            (byteCount, checksum) = (bytes.count, newest)
            guard files.rename(fresh, path) == 0 else { throw VoteLog.fault(path) }
            try VoteLog.syncFolder(of: path)
        } catch {
            close()
            unlink(fresh)
            throw error
        }
    }

    /// Opens a file for more records, cutting off what follows the whole ones.
    init(_ path: String, continuing content: VoteLogContent, files: StoreFiles) throws(RoleStoreFault) {
        self.path = path
        self.files = files
        descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VoteLog.fault(path) }
        (byteCount, checksum) = (content.wholeByteCount, content.checksum)
        if !content.isWhole { try cut(to: byteCount) }
    }

    /// Appends votes and brings them to disk. After a throw the file is as it was, unless the disk has failed.
    mutating func append(_ votes: [VoteRow], batch: UInt64) throws(RoleStoreFault) {
        let (bytes, newest) = VoteLogContent.encode(votes.map { Record(batch: batch, vote: $0) }, after: checksum)
        do {
            try write(bytes)
        } catch {
            if !error.isDiskFailure { try cut(to: byteCount) }
            throw error
        }
        byteCount += bytes.count
        checksum = newest
    }

    /// Where the log stands, to return to when the commit fails.
    var mark: (byteCount: Int, checksum: Digest) { (byteCount, checksum) }

    /// Takes back what was appended since a mark. A crash before that leaves records of a commit that never was; the next start
    /// adopts them: that is safe.
    mutating func revert(to mark: (byteCount: Int, checksum: Digest)) throws(RoleStoreFault) {
        guard mark.byteCount != byteCount else { return }
        try cut(to: mark.byteCount)
        (byteCount, checksum) = mark
    }

    func close() { Foundation.close(descriptor) }

    private func cut(to byteCount: Int) throws(RoleStoreFault) {
        guard files.truncate(descriptor, byteCount) == 0, files.sync(descriptor) == 0 else { throw VoteLog.failure(path) }
    }

    private func write(_ bytes: [UInt8]) throws(RoleStoreFault) {
        var count = 0
        while count < bytes.count {
            let step = bytes.withUnsafeBytes { files.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[count...]), byteCount + count) }
            if step < 0, errno == EINTR { continue }
            guard step > 0 else { throw VoteLog.fault(path) }
            count += step
        }
        // Whatever a sync says when it fails, what it was to bring to disk may be gone: nobody may try again (faults case 17).
        guard files.sync(descriptor) == 0 else { throw VoteLog.failure(path) }
    }

    private static func syncFolder(of path: String) throws(RoleStoreFault) {
        let descriptor = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(path) }
        defer { _ = Foundation.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func fault(_ path: String) -> RoleStoreFault {
        switch errno {
        case ENOSPC, EDQUOT: RoleStoreFault(path, .diskFull)
        case EIO, ENXIO, EROFS: failure(path)
        default: RoleStoreFault(path, .refused(String(cString: strerror(errno))))
        }
    }

    private static func failure(_ path: String) -> RoleStoreFault { RoleStoreFault(path, .diskFailed(String(cString: strerror(errno)))) }
}
