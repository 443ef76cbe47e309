import Foundation

/// A file away from a role's store, beside its node's key, that says: with this key the role has begun to sign.
///
/// When the store is gone and the mark is there, the role does not know what it has signed, and must not sign anew (N-4).
package struct SigningMark: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var isSet: Bool { FileManager.default.fileExists(atPath: path) }

    /// Makes the file, and its folder, durable.
    ///
    /// - Returns: why that is not possible, such as keys that may only be read; nil when the mark is set.
    func set() -> String? {
        guard !isSet else { return nil }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            return "\(folder): \(String(cString: strerror(errno)))"
        }
        for (place, flags) in [(path, O_WRONLY | O_CREAT), (folder, O_RDONLY | O_DIRECTORY), (URL(fileURLWithPath: folder).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY)] {
            let descriptor = open(place, flags | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return "\(place): \(String(cString: strerror(errno)))" }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { return "\(place): \(String(cString: strerror(errno)))" }
        }
        return nil
    }
}
