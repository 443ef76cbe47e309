import Logging
import RoleKit
import Wire

/// Reads a recorder's older blocks from its archive. A question that the archive cannot be reached for is told so after a while.
final class ArchiveAsker {
    private let board: ArchiveBoard
    private let location: ArchiveLocation
    private let owner: ArchiveOwner
    private let chains: [ChainID]
    private let logger: Logger
    private var archive: (any BlockArchive)?
    private var nextAttemptMilliseconds: UInt64 = 0
    private var pauseMilliseconds = ArchiveLimits.firstPauseMilliseconds

    init(_ board: ArchiveBoard, _ location: ArchiveLocation, _ owner: ArchiveOwner, chains: [ChainID], logger: Logger) {
        self.board = board
        self.location = location
        self.owner = owner
        self.chains = chains
        self.logger = logger
    }

    /// Answers the board's questions until it is stopped.
    func run() {
        while !board.isStopped {
            board.wait(milliseconds: 1_000) { !$0.reads.isEmpty }
            guard let read = board.change({ $0.reads.isEmpty ? nil : $0.reads.removeFirst() }) else { continue }
            let portion = portion(for: read)
            board.report { content in
                if portion == nil { content.standing.unansweredReads += 1 } else { content.standing.answeredReads += 1 }
                content.answers.append((read, portion))
            }
        }
        archive?.close()
    }

    private func portion(for read: ArchiveRead) -> ArchivePortion? {
        while !board.isStopped {
            let now = BusClock.now().monotonicMilliseconds
            if archive != nil || now >= nextAttemptMilliseconds {
                do throws(ArchiveFault) {
                    return try rows(read)
                } catch {
                    logger.debug("a question to the archive came to nothing: \(error.what)")
                }
            }
            let late = BusClock.now().monotonicMilliseconds
            guard late < read.askedMilliseconds + ArchiveLimits.readMilliseconds else { return nil }
            let rest = min(read.askedMilliseconds + ArchiveLimits.readMilliseconds, max(nextAttemptMilliseconds, late + 1)) - late
            board.wait(milliseconds: rest) { _ in false }
        }
        return nil
    }

    /// Asks once. After a failure the archive is left alone for a while.
    private func rows(_ read: ArchiveRead) throws(ArchiveFault) -> ArchivePortion {
        do throws(ArchiveFault) {
            let archive = try connected()
            let portion = try archive.rows(of: chains[read.position], in: max(read.from, 1)...read.trimmed, limit: min(read.limit, ArchiveLimits.answerBlocks))
            pauseMilliseconds = ArchiveLimits.firstPauseMilliseconds
            return portion
        } catch {
            archive?.close()
            archive = nil
            nextAttemptMilliseconds = BusClock.now().monotonicMilliseconds + pauseMilliseconds
            pauseMilliseconds = min(pauseMilliseconds * 2, ArchiveLimits.longestPauseMilliseconds)
            throw error
        }
    }

    private func connected() throws(ArchiveFault) -> any BlockArchive {
        if let archive { return archive }
        let opened = try location.open(owner, for: .reading) { [board] in board.isStopped }
        archive = opened
        return opened
    }

    /// Rows for a role that starts: waits for the archive as long as it takes.
    ///
    /// - Parameter isStopped: ends the wait.
    func rowsAtStart(_ position: Int, from height: Height, trimmed: Height, limit: Int, isStopped: () -> Bool) throws(ArchiveFault) -> ArchivePortion {
        var hasSaid = false
        while true {
            let read = ArchiveRead(token: 0, position: position, from: height, limit: limit, trimmed: trimmed, askedMilliseconds: 0)
            do throws(ArchiveFault) {
                return try rows(read)
            } catch {
                guard !isStopped() else { throw ArchiveFault(error.place, .stopped) }
                if !hasSaid { logger.error("this recorder needs block \(height) of \(chains[position]) to start, and waits for it. \(error)") }
                hasSaid = true
                board.wait(milliseconds: ArchiveLimits.firstPauseMilliseconds) { _ in false }
            }
        }
    }
}
