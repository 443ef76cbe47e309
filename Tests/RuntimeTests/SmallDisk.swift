import Foundation
import Testing

/// A file system in memory that is soon full. Mounting one is the superuser's right.
final class SmallDisk {
    let path: String

    init(at path: String, mebibytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let mounted = mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m")
        try #require(mounted == 0, "a tmpfs can be mounted")
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}
