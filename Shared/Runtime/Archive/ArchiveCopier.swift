import Cryptography
import Foundation
import Logging
import RoleKit
import Wire

/// Copies a recorder's blocks to its archive, on a thread of its own: in order, in batches, again and again until the archive has taken them.
///
/// Whatever goes wrong here concerns nobody else: the recorder goes on, and its store keeps what the archive has not.
final class ArchiveCopier {
    /// One batch of one chain.
    private struct Work {
        var position: Int
        var generation: UInt64
        var from: Height
        var newest: Height
        var cut: Height?
        var mends: [Height]
    }

    private let board: ArchiveBoard
    private let location: ArchiveLocation
    private let owner: ArchiveOwner
    private let folder: String
    private let chains: [ChainID]
    private let logger: Logger
    private var archive: (any BlockArchive)?
    private var store: StoreReader?
    private var countedMilliseconds: UInt64?
    private var gaps = ArchiveGaps()
    private var refilledMilliseconds: UInt64 = 0
    private var awaySince: UInt64?
    private var pauseMilliseconds = ArchiveLimits.firstPauseMilliseconds
    /// Chain whose turn it is.
    private var turn = 0
    /// Chains that cannot be copied until then: a row is damaged.
    private var stalled: [Int: UInt64] = [:]

    private static let stallMilliseconds: UInt64 = 5_000

    /// - Parameter folder: of the recorder's store.
    init(_ board: ArchiveBoard, _ location: ArchiveLocation, _ owner: ArchiveOwner, folder: String, chains: [ChainID], logger: Logger) {
        self.board = board
        self.location = location
        self.owner = owner
        self.folder = folder
        self.chains = chains
        self.logger = logger
    }

    /// Runs until the board is stopped.
    func run() {
        while !board.isStopped {
            do throws(ArchiveFault) {
                try step()
            } catch {
                archive?.close()
                (archive, countedMilliseconds) = (nil, nil)
                if case .stopped = error.problem { continue }
                away(error)
                board.wait(milliseconds: pauseMilliseconds) { _ in false }
                pauseMilliseconds = min(pauseMilliseconds * 2, ArchiveLimits.longestPauseMilliseconds)
            }
        }
        archive?.close()
    }

    private func step() throws(ArchiveFault) {
        let now = BusClock.now().monotonicMilliseconds
        let archive = try connected()
        let pause = board.look { $0.standing.lostBlocks > 0 ? ArchiveLimits.lostPauseMilliseconds : ArchiveLimits.countingPauseMilliseconds }
        if countedMilliseconds.map({ now >= $0 + pause }) ?? true { try count(archive, at: now) }
        if gaps.isBusy, now >= refilledMilliseconds + ArchiveLimits.refillPauseMilliseconds { try refill(archive, at: now) }
        guard let work = next(at: now) else {
            return board.wait(milliseconds: gaps.isBusy ? ArchiveLimits.refillPauseMilliseconds : 1_000) { content in content.lanes.enumerated().contains { $1.hasWork && self.stalled[$0] == nil } }
        }
        try copy(work, to: archive)
    }

    private func connected() throws(ArchiveFault) -> any BlockArchive {
        if let archive { return archive }
        let opened = try location.open(owner, for: .copying) { [board] in board.isStopped }
        archive = opened
        let waiting = board.look { content in content.lanes.reduce(0) { $0 + $1.waiting } }
        if let since = awaySince {
            logger.notice("the archive answers again", metadata: ["after_seconds": "\((BusClock.now().monotonicMilliseconds - since) / 1_000)", "blocks_to_copy": "\(waiting)"])
        } else {
            logger.info("the archive answers", metadata: ["place": "\(location)", "blocks_to_copy": "\(waiting)"])
        }
        (awaySince, pauseMilliseconds) = (nil, ArchiveLimits.firstPauseMilliseconds)
        board.report { content in
            content.standing.isReached = true
            content.standing.problem = nil
        }
        return opened
    }

    /// Said once, until it answers again.
    private func away(_ fault: ArchiveFault) {
        if awaySince == nil {
            awaySince = BusClock.now().monotonicMilliseconds
            logger.error("\(fault)")
        }
        board.report { content in
            content.standing.isReached = false
            content.standing.problem = fault.what
        }
    }

    /// Looks whether the archive still has what it was given. What it lacks and the store has is copied again.
    private func count(_ archive: any BlockArchive, at now: UInt64) throws(ArchiveFault) {
        var (lost, words): (UInt64, [String]) = (0, [])
        for (position, chain) in chains.enumerated() {
            let lane = board.look { $0.lanes[position] }
            let found = try archive.extent(of: chain, through: lane.trimmed)
            if found.newest ?? 0 < lane.copied { board.change { $0.lanes[position].beginAnew() } }
            gaps.found(missing: found.count < lane.trimmed, of: position, through: lane.trimmed)
            guard found.count < lane.trimmed else { continue }
            lost += lane.trimmed - found.count
            words.append("\(lane.trimmed - found.count) of the first \(lane.trimmed) blocks of \(chain)")
        }
        countedMilliseconds = now
        let detail = "the archive in \(location) has lost \(words.joined(separator: ", ")); what is left in the store stays there"
        let before = board.look { $0.standing.lostBlocks }
        board.report { content in
            content.standing.lostBlocks = lost
            if lost > 0, before == 0 { content.alarms.append(("archive_lost", detail, .critical)) }
        }
        if before > 0, lost == 0 { logger.notice("the archive has all its blocks again") }
    }

    /// Has the recorder put back, from its peers, what the archive has lost: as what was damaged in its store (`BlockRepair`).
    private func refill(_ archive: any BlockArchive, at now: UInt64) throws(ArchiveFault) {
        refilledMilliseconds = now
        for (position, chain) in chains.enumerated() {
            let (heights, isWhole) = try gaps.next(position, of: chain, in: archive, at: now)
            // Whether that is all, counting tells.
            if isWhole { countedMilliseconds = nil }
            if !heights.isEmpty { board.report { content in content.damaged += heights.map { (position, $0) } } }
        }
    }

    /// The chains have their turns, so that none waits for another.
    private func next(at now: UInt64) -> Work? {
        stalled = stalled.filter { $0.value > now }
        let lanes = board.look(\.lanes)
        for step in 1...chains.count {
            let position = (turn + step) % chains.count
            let lane = lanes[position]
            guard lane.hasWork, stalled[position] == nil else { continue }
            turn = position
            return Work(position: position, generation: lane.generation, from: lane.next, newest: lane.newest, cut: lane.cut, mends: lane.mends)
        }
        return nil
    }

    private func copy(_ work: Work, to archive: any BlockArchive) throws(ArchiveFault) {
        let chain = chains[work.position]
        if !work.mends.isEmpty {
            let wanted = work.mends.prefix(ArchiveLimits.batchBlocks)
            var rows: [StoredRow] = []
            for height in wanted {
                if let row = try local(work.position, from: height, limit: 1).first, row.key == height, !row.isDamaged { rows.append(row) }
            }
            if !rows.isEmpty { try archive.take(rows, of: chain, cut: nil) }
            board.report { $0.lanes[work.position].hasMended(Array(wanted), generation: work.generation) }
        }
        guard work.from <= work.newest || work.cut != nil else { return }
        let rows = try contiguous(work)
        guard !rows.isEmpty || work.cut != nil else { return }
        try archive.take(rows, of: chain, cut: work.cut)
        let recorded = chain == .notary ? records(in: rows) : []
        board.report { content in
            guard content.lanes[work.position].hasCopied(through: rows.last?.key ?? 0, generation: work.generation) else { return }
            content.standing.copiedBlocks += UInt64(rows.count)
            for record in recorded {
                guard let position = self.chains.firstIndex(of: record.chain) else { continue }
                content.lanes[position].recorded = max(content.lanes[position].recorded, record.height)
            }
        }
    }

    /// Rows of the store without a gap. One that is damaged is told to the recorder, which puts it back.
    private func contiguous(_ work: Work) throws(ArchiveFault) -> [StoredRow] {
        guard work.from <= work.newest else { return [] }
        let rows = try local(work.position, from: work.from, limit: ArchiveLimits.batchBlocks)
        let whole = rows.enumerated().prefix { $1.key == work.from + UInt64($0) && !$1.isDamaged }.map(\.element)
        guard whole.isEmpty else { return whole }
        // A commit may have taken rows away since the work was chosen; then the generation tells.
        stalled[work.position] = BusClock.now().monotonicMilliseconds + ArchiveCopier.stallMilliseconds
        if let row = rows.first, row.key == work.from, row.isDamaged {
            board.report { $0.damaged.append((work.position, work.from)) }
        }
        return []
    }

    /// Reads the store beside the recorder, which owns it.
    private func local(_ position: Int, from height: Height, limit: Int) throws(ArchiveFault) -> [StoredRow] {
        do throws(RoleStoreFault) {
            let reader: StoreReader
            if let store { reader = store } else { reader = try StoreReader(folder: folder, network: owner.network) }
            store = reader
            return try reader.rows(.archive(position), from: height, limit: limit, byteCountMax: ArchiveLimits.batchBytes)
        } catch {
            store = nil
            throw ArchiveFault(folder, .unavailable(error.summary))
        }
    }

    /// What blocks of the notary chain record.
    private func records(in rows: [StoredRow]) -> [(chain: ChainID, height: Height)] {
        rows.flatMap { row in
            ((try? FinalBlock(decoding: row.value, network: owner.network))?.block.transactions ?? []).compactMap { transaction in
                guard case .record(let record) = transaction.kind else { return nil }
                return (record.final.header.chain, record.final.header.height)
            }
        }
    }
}
