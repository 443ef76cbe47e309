import Foundation
import Runtime
import Testing

@Suite("The lock of a folder")
struct FolderLockTests {
    @Test("whoever comes second is told which process holds it; once it is let go, nobody holds it and it can be taken again")
    func lockIsExclusive() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/up.lock"
        #expect(FolderLock.holder(path) == nil)
        var first: FolderLock? = try FolderLock(path)
        #expect(FolderLock.holder(path) == getpid())
        #expect(throws: FolderLock.Fault.held(processID: getpid())) { try FolderLock(path) }
        withExtendedLifetime(first) {}
        first = nil
        // The file still names its last holder, which must not be taken for one.
        #expect(FolderLock.holder(path) == nil)
        _ = try FolderLock(path)
    }
}
