import Foundation

/// Folders and files that commands write.
enum OutputFolder {
    /// Makes a folder, or sees that it can be written to.
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(.configuration, "the folder \(path) cannot be made: \(reason(error))", "Name another folder, or check the owner, the mode and the free space.")
        }
        guard access(path, W_OK) == 0 else {
            throw Failure(.configuration, "the folder \(path) cannot be written to: \(String(cString: strerror(errno)))", "Name another folder, or check its owner and mode.")
        }
    }

    /// Writes a text file whole.
    static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw Failure(.failed, "\(path) cannot be written: \(reason(error))", "Check the owner, the mode and the free space, then run the command again.")
        }
    }

    /// Bytes that this user may still write on the disk of a path; nil when it cannot be told.
    static func freeBytes(_ path: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        return (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
    }
}
