import RoleKit
import Wire

/// All blocks of a recorder, read from outside while it may run: its store, and the archive that its older blocks have gone to.
package final class RecorderArchive {
    package let network: Network
    private let reader: StoreReader
    private let location: ArchiveLocation?
    private let owner: ArchiveOwner
    private var archive: (any BlockArchive)?

    /// - Parameter location: where the archive is; nil for where the store says.
    /// - Throws: `RoleStoreFault`, or `ArchiveLocation.Fault`.
    package init(_ reader: StoreReader, _ network: Network, location: ArchiveLocation?) throws {
        self.reader = reader
        self.network = network
        self.location = try location ?? reader.notedArchive().map { try ArchiveLocation($0) }
        owner = ArchiveOwner(network: network.id, recorder: reader.role)
    }

    /// Rows of a chain from a height on, whole and damaged ones; a bound may make them fewer than there are.
    ///
    /// - Throws: `RoleStoreFault`, or `ArchiveFault` when they are in an archive that cannot be read.
    package func rows(of chain: ChainID, from height: Height, limit: Int) throws -> [StoredRow] {
        guard let position = network.stored.firstIndex(where: { $0.id == chain }) else { return [] }
        let trimmed = try reader.trimmed(position)
        let local = try reader.rows(.archive(position), from: height, limit: limit)
        guard max(height, 1) <= trimmed else { return local }
        guard let location else { throw ArchiveFault("the store of \(owner.recorder)", .placeUnknown) }
        let archive = try archive ?? location.open(owner, for: .reading)
        self.archive = archive
        let portion = try archive.rows(of: chain, in: max(height, 1)...trimmed, limit: min(limit, ArchiveLimits.answerBlocks))
        // More may have left the store since it was read.
        let goesOn = try reader.trimmed(position) == trimmed
        return ArchiveMerge.rows(portion, local: local, from: height, trimmed: trimmed, goesOn: goesOn, limit: min(limit, ArchiveLimits.answerBlocks))
    }

    deinit { archive?.close() }
}
