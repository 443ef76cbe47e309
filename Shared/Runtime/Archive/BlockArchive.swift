import Cryptography
import RoleKit
import Wire

/// Whose archive it is: several recorders, and several networks, may share one database or folder.
package struct ArchiveOwner: Hashable, Sendable {
    package var network: Digest
    /// The recorder, as it calls itself.
    package var recorder: RoleAddress

    package init(network: Digest, recorder: RoleAddress) {
        self.network = network
        self.recorder = recorder
    }

    /// Name of its file or schema: `concordat_`, 16 digits of the network's id, and the node. Nodes' names have 32 bytes at most, and PostgreSQL
    /// takes names of 63.
    package var name: String { "concordat_\(network.hex.prefix(16))_\(recorder.node)" }
}

/// Rows that an archive gives back.
package struct ArchivePortion: Hashable, Sendable {
    /// By ascending height.
    package var rows: [StoredRow]
    /// It ended at a bound; there may be more.
    package var isCut: Bool

    package init(rows: [StoredRow], isCut: Bool) {
        self.rows = rows
        self.isCut = isCut
    }
}

/// An archive beside a recorder's store, over one connection of one thread. Each call waits for its answer, up to a bound.
///
/// A row is opaque: the bytes of the recorder's own row, and their checksum. What the archive has taken over when a call returns is on
/// its disk.
package protocol BlockArchive: AnyObject {
    /// Newest height kept of a chain, nil for none, and how many blocks there are up to `height`.
    func extent(of chain: ChainID, through height: Height) throws(ArchiveFault) -> (newest: Height?, count: UInt64)
    /// How many blocks of a chain there are between two heights.
    func count(of chain: ChainID, in heights: ClosedRange<Height>) throws(ArchiveFault) -> UInt64
    /// Takes over rows, in place of those of the same heights, all or none; before that forgets everything from `cut` up.
    func take(_ rows: [StoredRow], of chain: ChainID, cut: Height?) throws(ArchiveFault)
    /// Rows of a chain, within bounds: those that are there.
    func rows(of chain: ChainID, in heights: ClosedRange<Height>, limit: Int) throws(ArchiveFault) -> ArchivePortion
    /// Ends the connection.
    func close()
}

extension ArchiveLocation {
    /// What a connection is for.
    package enum Use: Sendable {
        /// Makes what is missing.
        case copying
        case reading
    }

    /// Connects.
    ///
    /// - Parameter isStopped: asked now and then; ends a wait.
    package func open(_ owner: ArchiveOwner, for use: Use, isStopped: @escaping @Sendable () -> Bool = { false }) throws(ArchiveFault) -> any BlockArchive {
        switch self {
        case .folder(let path): return try SQLiteArchive(path, owner, for: use)
        case .postgreSQL(let address):
#if PostgreSQL
            return try PostgreSQLArchive(address, owner, for: use, isStopped: isStopped)
#else
            throw ArchiveFault(address, .notBuiltIn)
#endif
        }
    }
}
