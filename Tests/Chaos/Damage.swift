import Determinism
import Foundation
import GRDB

/// Damage to the files of one process: it is killed, a file is damaged, it is started, and what it does is noted. Then what an
/// operator would do is done: files of a process that refused are put back as they were before the damage (it has signed nothing
/// since), a flipped bit is flipped back.
final class Damage {
    private enum Phase { case damaging, watching(until: Double), finishing, over }

    private let fault: Fault
    private let process: String
    private let layout: Layout
    private let keeper: Keeper
    private let timeline: Timeline
    private var random: SeededRandom
    private var phase = Phase.damaging
    private var flipped: (row: Int64, value: Data, whole: Data)?
    /// What happened, for the timeline.
    private(set) var outcome = ""

    /// How long a process with damaged files is watched.
    private static let watchSeconds = 8.0

    init(_ fault: Fault, _ nemesis: Nemesis) {
        self.fault = fault
        process = fault.targets[0]
        layout = nemesis.layout
        keeper = nemesis.keeper
        timeline = nemesis.timeline
        random = SeededRandom(seed: fault.draw)
    }

    private var folder: String { layout.store(of: process) }
    private var saved: String { "\(layout.folder)/saved/\(process.replacingOccurrences(of: "/", with: "-"))" }

    /// - Returns: whether the damage has been dealt with.
    func tick(_ now: Double) throws -> Bool {
        switch phase {
        case .damaging:
            keeper.hold(process)
            try Damage.copy(folder, to: saved)
            let what = try damage()
            try keeper.start(process)
            guard let what else {
                outcome = "nothing to damage yet"
                phase = .finishing
                return false
            }
            outcome = what
            phase = .watching(until: now + Damage.watchSeconds)
        case .watching(let until):
            if case .refused(let said)? = keeper.children[process]?.state {
                outcome += "; refused: \(said)"
                try Damage.copy(saved, to: folder)
                outcome += "; files put back"
                try keeper.start(process)
                phase = .finishing
            } else if now >= until {
                try judgeRunning()
                phase = .finishing
            }
        case .finishing:
            guard keeper.isRunning(process) else { return false }
            try? FileManager.default.removeItem(atPath: saved)
            phase = .over
            return true
        case .over: return true
        }
        return false
    }

    /// It runs in spite of the damage, or it keeps dying of it.
    private func judgeRunning() throws {
        let isRunning = keeper.isRunning(process)
        switch fault.kind {
        case .votesTail:
            timeline.violations.append("\(process) did not refuse to sign with a cut votes.log (\(outcome)); \(isRunning ? "it runs" : "it keeps dying")")
        case .bitFlip:
            keeper.hold(process)
            outcome += isRunning ? "; ran" : "; kept dying"
            outcome += try flipBack() ? "; flipped back" : "; the row had been replaced"
            try keeper.start(process)
        default:
            outcome += isRunning ? "; ran on" : "; kept dying"
            if !isRunning { timeline.violations.append("\(process) neither runs nor refuses: \(outcome)") }
        }
    }

    /// - Returns: what was damaged; nil when there is nothing to damage.
    private func damage() throws -> String? {
        switch fault.kind {
        // More than a record, so that not only the one is gone that a crash may take.
        case .votesTail: return try cut("votes.log", atLeast: 400, atMost: 4_000)
        case .walTail: return try cut("store.sqlite-wal", atLeast: 1, atMost: 131_072, end: Damage.walEnd)
        default: return try flip()
        }
    }

    private func cut(_ name: String, atLeast: UInt64, atMost: UInt64, end: (String) -> UInt64 = Damage.fileEnd) throws -> String? {
        let path = "\(folder)/\(name)"
        let size = end(path)
        guard size > atLeast * 2 else { return nil }
        let count = min(atLeast + random.below(atMost - atLeast), size / 2)
        guard truncate(path, off_t(size - count)) == 0 else { throw Command.Failed(description: "\(path) cannot be cut") }
        return "\(count) of \(size) bytes cut off \(name)"
    }

    private static func fileEnd(_ path: String) -> UInt64 {
        var facts = stat()
        return stat(path, &facts) == 0 ? UInt64(facts.st_size) : 0
    }

    /// Where the frames of a write-ahead log end that count: behind them it may hold those of former rounds, with other salts.
    private static func walEnd(_ path: String) -> UInt64 {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count > 32 else { return 0 }
        let pageSize = bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
        var end = 32
        while end + 24 + pageSize <= bytes.count, bytes[end + 8..<end + 16] == bytes[16..<24] { end += 24 + pageSize }
        return UInt64(end)
    }

    private func flip() throws -> String? {
        let draw = random.next()
        let chosen = try database { database -> (row: Int64, value: Data)? in
            guard let table = try blockTable(database) else { return nil }
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
            guard count > 0 else { return nil }
            let row = try Row.fetchOne(database, sql: "SELECT key, value FROM \(table) ORDER BY key LIMIT 1 OFFSET ?", arguments: [Int(draw % UInt64(count))])
            return row.map { ($0[0], $0[1]) }
        }
        guard let (row, whole) = chosen, !whole.isEmpty else { return nil }
        var value = whole
        let place = Int(random.below(UInt64(value.count)))
        value[value.startIndex + place] ^= 1 << UInt8(random.below(8))
        flipped = (row, value, whole)
        try database { try write($0, row, value) }
        return "one bit of byte \(place) of \(value.count) in block row \(row) flipped"
    }

    /// - Returns: whether the row still held the damage.
    private func flipBack() throws -> Bool {
        guard let flipped else { return false }
        return try database { database in
            guard let table = try blockTable(database),
                try Data.fetchOne(database, sql: "SELECT value FROM \(table) WHERE key = ?", arguments: [flipped.row]) == flipped.value
            else { return false }
            try write(database, flipped.row, flipped.whole)
            return true
        }
    }

    private func write(_ database: Database, _ row: Int64, _ value: Data) throws {
        guard let table = try blockTable(database) else { return }
        try database.execute(sql: "UPDATE \(table) SET value = ? WHERE key = ?", arguments: [value, row])
    }

    private func blockTable(_ database: Database) throws -> String? {
        try ["blocks", "archive_0"].first { try database.tableExists($0) }
    }

    private func database<Result>(_ body: (Database) throws -> Result) throws -> Result {
        let queue = try DatabaseQueue(path: "\(folder)/store.sqlite")
        defer { try? queue.close() }
        return try queue.write(body)
    }

    /// A folder's files, in the place of whatever the other one holds.
    private static func copy(_ from: String, to: String) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: to) { try manager.removeItem(atPath: to) }
        try manager.createDirectory(atPath: (to as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try manager.copyItem(atPath: from, toPath: to)
    }
}
