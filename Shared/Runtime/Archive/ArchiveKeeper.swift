import Cryptography
import Foundation
import Logging
import RoleKit
import Wire

/// What a recorder is told about its archive.
package struct ArchiveSettings: Sendable {
    /// Nil for where the store says that its blocks went before; without that, everything stays in the store.
    package var location: ArchiveLocation?
    /// Newest blocks of each chain that stay in the store too.
    package var keepBlocks: UInt64

    package init(location: ArchiveLocation? = nil, keepBlocks: UInt64 = ArchiveLimits.keepBlocks) {
        self.location = location
        self.keepBlocks = keepBlocks
    }
}

/// The recorder's side of its archive: the one thread that owns the store notes there how far the archive has come, lets go what the archive
/// has, and puts together what is read from both.
package final class ArchiveKeeper {
    private let store: RoleStore
    private let settings: ArchiveSettings
    private let chains: [ChainID]
    private let board: ArchiveBoard
    private let copier: ArchiveCopier
    private let asker: ArchiveAsker
    private var threads: [DispatchSemaphore] = []
    /// Heights of the snapshots that the store has.
    private var snapshots: Set<Height>
    private var staged = Staged()
    private var trimming: [(position: Int, heights: ClosedRange<Height>?, mended: [Height])] = []

    /// Of the commit under way.
    private struct Staged {
        var changes: [(position: Int, change: ArchiveLane.Change)] = []
        /// Newest heights when the recorder's index went to disk.
        var indexed: [Height]?
        var noted: [(position: Int, lane: ArchiveLane)] = []
    }

    /// - Parameter wakeRole: has the recorder's thread look here.
    /// - Returns: nil for a recorder that has its blocks in its store alone.
    /// - Throws: `RoleStoreFault`, or `ArchiveFault` when this build cannot reach the archive.
    package init?(
        _ settings: ArchiveSettings, store: RoleStore, context: RoleContext, logger: Logger, wakeRole: @escaping @Sendable () -> Void
    ) throws {
        let noted = try store.notedArchive()
        chains = context.network.stored.map(\.id)
        var lanes = try chains.indices.map { try store.archiveLane($0) }
        guard let location = try settings.location ?? noted.map({ try ArchiveLocation($0) }) else {
            guard lanes.allSatisfy({ $0.trimmed == 0 }) else { throw ArchiveFault(store.folder, .placeUnknown) }
            return nil
        }
        guard location.isBuiltIn else { throw ArchiveFault("\(location)", .notBuiltIn) }
        self.store = store
        self.settings = settings
        if noted != location.description {
            if noted != nil { for position in lanes.indices { lanes[position].beginAnew() } }
            try store.commit(
                [.put(.copies, key: RoleStore.archivePlaceKey, value: Array(location.description.utf8))]
                    + lanes.enumerated().map { .put(.copies, key: UInt64($0), value: $1.encoded) })
        }
        snapshots = Set(try store.keys(.snapshots, through: .max))
        let owner = ArchiveOwner(network: context.network.id, recorder: context.address)
        board = ArchiveBoard(lanes: lanes, place: location.description, wakeRole: wakeRole)
        copier = ArchiveCopier(board, location, owner, folder: store.folder, chains: chains, logger: logger)
        asker = ArchiveAsker(board, location, owner, chains: chains, logger: logger)
    }

    /// Starts the archive's threads; the recorder itself has started.
    package func start() {
        // Each is handed to its thread and used by nobody else from here on.
        nonisolated(unsafe) let (copier, asker) = (copier, asker)
        start("archive.copy") { copier.run() }
        start("archive.read") { asker.run() }
    }

    private func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let ended = DispatchSemaphore(value: 0)
        threads.append(ended)
        let thread = Thread {
            body()
            ended.signal()
        }
        thread.name = name
        thread.start()
    }

    /// Ends them and waits for that.
    package func stop() {
        board.change { $0.isStopped = true }
        for ended in threads { ended.wait() }
        threads = []
    }

    package var standing: ArchiveStanding {
        board.look { content in
            var standing = content.standing
            standing.waitingBlocks = content.lanes.reduce(0) { $0 + $1.waiting }
            return standing
        }
    }

    /// Position of the chain whose blocks a table holds; nil for every other table.
    private func position(_ table: StoreTable) -> Int? { table.archivePosition.flatMap { $0 < chains.count ? $0 : nil } }

    // MARK: commits

    /// The operations of a commit, and what the store is to note of the archive with them.
    package func noting(_ operations: [StoreOperation]) -> [StoreOperation] {
        staged = Staged()
        var lanes = board.look(\.lanes)
        var isChanged = lanes.map(\.isWorthNoting)
        func apply(_ change: ArchiveLane.Change, _ position: Int) {
            staged.changes.append((position, change))
            if lanes[position].apply(change) { isChanged[position] = true }
        }
        for operation in operations {
            switch operation {
            case .put(.snapshots, let height, _): snapshots.insert(height)
            case .delete(.snapshots, let height): snapshots.remove(height)
            case .put(let table, let height, _): if let position = position(table) { apply(.put(height), position) }
            case .delete(let table, let height): if let position = position(table) { apply(.delete(height), position) }
            // Everything that was archived before this is in the recorder's index on disk.
            case .index: staged.indexed = lanes.map(\.newest)
            case .deleteThrough, .vote, .forgetVotes: continue
            }
        }
        staged.noted = lanes.indices.filter { isChanged[$0] }.map { ($0, lanes[$0]) }
        return operations + staged.noted.map { .put(.copies, key: UInt64($0.position), value: $0.lane.encoded) }
    }

    /// The commit is on disk.
    package func hasCommitted() {
        guard !staged.changes.isEmpty || staged.indexed != nil || !staged.noted.isEmpty else { return }
        board.change { content in
            for (position, change) in staged.changes { _ = content.lanes[position].apply(change) }
            for (position, height) in (staged.indexed ?? []).enumerated() { content.lanes[position].indexed = min(height, content.lanes[position].newest) }
            for (position, lane) in staged.noted { content.lanes[position].isNoted(as: lane) }
        }
        staged = Staged()
    }

    /// A commit that takes from the store what the archive has and what is not needed there; empty while there is too little.
    package func trim() -> [StoreOperation] {
        let (lanes, isWhole) = board.look { ($0.lanes, $0.standing.lostBlocks == 0) }
        trimming = []
        var operations: [StoreOperation] = []
        for (position, lane) in lanes.enumerated() {
            // The notary chain's state is built from a snapshot and the blocks above it; both snapshots may be needed.
            let floor = chains[position] == .notary ? snapshots.min() ?? 0 : lane.recorded
            let heights = isWhole ? lane.trimmable(keeping: settings.keepBlocks, floor: floor) : nil
            guard heights != nil || !lane.mended.isEmpty else { continue }
            trimming.append((position, heights, lane.mended))
            var after = lane
            after.trimmed = heights?.upperBound ?? lane.trimmed
            operations += (lane.mended + (heights.map(Array.init) ?? [])).map { .delete(.archive(position), key: $0) }
            operations.append(.put(.copies, key: UInt64(position), value: after.encoded))
        }
        return operations
    }

    /// That commit is on disk.
    package func hasTrimmed() {
        board.change { content in
            for (position, heights, mended) in trimming {
                content.lanes[position].mended.removeAll { mended.contains($0) }
                guard let heights else { continue }
                content.lanes[position].trimmed = heights.upperBound
                // Should the archive turn out to have lost them just now, counting tells.
                content.lanes[position].copied = max(content.lanes[position].copied, heights.upperBound)
                content.standing.trimmedBlocks += UInt64(heights.count)
            }
        }
        trimming = []
    }

    // MARK: reading

    /// Takes over a question for rows of which some are in the archive alone.
    ///
    /// - Returns: false when the store has them all, or there is no room for the question: then it is answered as unread.
    package func takes(token: UInt64, _ table: StoreTable, from height: Height, limit: Int) -> Bool {
        guard limit > 0, let position = position(table) else { return false }
        let now = BusClock.now().monotonicMilliseconds
        return board.change { content in
            let trimmed = content.lanes[position].trimmed
            guard max(height, 1) <= trimmed else { return false }
            let read = ArchiveRead(token: token, position: position, from: height, limit: limit, trimmed: trimmed, askedMilliseconds: now)
            if content.reads.count < ArchiveLimits.waitingReads {
                content.reads.append(read)
            } else {
                content.standing.unansweredReads += 1
                content.answers.append((read, nil))
            }
            return true
        }
    }

    /// Answers that have come: rows of both places, or nil where the archive could not be asked.
    package func answers() throws(RoleStoreFault) -> [(token: UInt64, rows: [StoredRow]?)] {
        let (answers, lanes) = board.change { content in
            defer { content.answers = [] }
            return (content.answers, content.lanes)
        }
        var found: [(token: UInt64, rows: [StoredRow]?)] = []
        for (read, portion) in answers {
            guard let portion else {
                found.append((read.token, nil))
                continue
            }
            let local = try store.rows(.archive(read.position), from: read.from, limit: read.limit)
            found.append(
                (
                    read.token,
                    ArchiveMerge.rows(
                        portion, local: local, from: read.from, trimmed: read.trimmed, goesOn: lanes[read.position].trimmed == read.trimmed, limit: read.limit)
                ))
        }
        return found
    }

    /// Rows for a recorder that starts, from both places.
    ///
    /// - Parameter isStopped: ends the wait for an archive that does not answer.
    package func rowsAtStart(_ table: StoreTable, from height: Height, limit: Int, isStopped: () -> Bool) throws(RoleStoreFault) -> [StoredRow] {
        let local = try store.rows(table, from: height, limit: limit)
        guard let position = position(table) else { return local }
        let trimmed = board.look { $0.lanes[position].trimmed }
        guard max(height, 1) <= trimmed else { return local }
        do throws(ArchiveFault) {
            var portion = ArchivePortion(rows: [], isCut: true)
            while portion.isCut, portion.rows.count < limit, (portion.rows.last?.key ?? 0) < trimmed {
                let next = portion.rows.last.map { $0.key + 1 } ?? max(height, 1)
                let more = try asker.rowsAtStart(position, from: next, trimmed: trimmed, limit: limit - portion.rows.count, isStopped: isStopped)
                portion = ArchivePortion(rows: portion.rows + more.rows, isCut: more.isCut)
            }
            return ArchiveMerge.rows(portion, local: local, from: height, trimmed: trimmed, goesOn: true, limit: limit)
        } catch {
            throw RoleStoreFault(store.folder, .refused(error.summary))
        }
    }

    // MARK: what the recorder should hear

    /// Rows that are damaged or lost, as questions whose answers nobody needs: reading them has the recorder put them back.
    package func damaged() -> [Request] {
        board.change { content in
            defer { content.damaged = [] }
            return content.damaged.map { .fetchBlocks(chain: chains[$0.position], from: $0.height, limit: 1) }
        }
    }

    /// What people must know.
    package func alarms() -> [RoleEffect] {
        board.change { content in
            defer { content.alarms = [] }
            return content.alarms.map { .raise(code: $0.code, detail: $0.detail, severity: $0.severity) }
        }
    }
}
