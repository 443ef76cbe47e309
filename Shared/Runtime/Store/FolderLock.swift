import Foundation

/// An exclusive lock that lives as long as its process or this value: two processes with one key would sign against each other.
package final class FolderLock {
    /// Why the lock could not be taken.
    package enum Fault: Error, Equatable, Sendable {
        /// Held already, by this process id (0 when it cannot be told).
        case held(processID: Int32)
        case system(String)
    }

    private let descriptor: Int32

    /// Takes the lock file at a path, or says who has it.
    package init(_ path: String) throws(Fault) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(String(cString: strerror(errno))) }
        // Somebody who only looks whether it is held (`holder`) holds it for an instant.
        var isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        for _ in 0..<FolderLock.attempts where !isTaken && errno == EWOULDBLOCK {
            usleep(FolderLock.pauseMicroseconds)
            isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }
        guard isTaken else {
            let reason = errno
            defer { close(descriptor) }
            guard reason == EWOULDBLOCK else { throw .system(String(cString: strerror(reason))) }
            throw .held(processID: FolderLock.writtenHolder(path) ?? 0)
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        // Only for people and for the message above: the lock itself does not depend on it.
        _ = pwrite(descriptor, text, text.utf8.count, 0)
    }

    deinit { close(descriptor) }

    private static let attempts = 5
    private static let pauseMicroseconds: UInt32 = 10_000

    /// The process that holds the lock now (0 when the file does not say); nil when nobody does.
    package static func holder(_ path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? nil : writtenHolder(path) ?? 0
    }

    /// What the file says of its holder.
    private static func writtenHolder(_ path: String) -> Int32? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int32($0.prefix { $0 != "\n" }) }
    }
}
