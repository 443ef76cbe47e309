import Foundation

/// The steps that change a store's plain files, as the system calls do them: the result is negative, and `errno` says why, when one
/// fails. Tests put a disk that fails in their place.
package struct StoreFiles: Sendable {
    /// Descriptor, bytes, offset; returns how many were written.
    package var write: @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int
    package var sync: @Sendable (Int32) -> Int32
    /// Descriptor and size.
    package var truncate: @Sendable (Int32, Int) -> Int32
    /// The old and the new path.
    package var rename: @Sendable (String, String) -> Int32

    package init(
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int, sync: @escaping @Sendable (Int32) -> Int32,
        truncate: @escaping @Sendable (Int32, Int) -> Int32, rename: @escaping @Sendable (String, String) -> Int32
    ) {
        self.write = write
        self.sync = sync
        self.truncate = truncate
        self.rename = rename
    }

    /// The system's own.
    package static let system = StoreFiles(
        write: { pwrite($0, $1.baseAddress, $1.count, off_t($2)) }, sync: { fsync($0) }, truncate: { ftruncate($0, off_t($1)) },
        rename: { Foundation.rename($0, $1) })
}
