import Cryptography
import Foundation
import GRDB
import RoleKit
import Wire

/// What one role instance keeps on disk: an SQLite file with one connection, and the log of its votes. One thread owns it.
///
/// All operations of a `commit` become durable together or not at all (write-ahead log, `synchronous=FULL`).
package final class RoleStore {
    /// Version of the tables; later ones are refused.
    package static let version = 2
    /// `CONC`, so that tools tell our files from others.
    private static let applicationID = 0x434f_4e43
    /// A log of votes beyond this size is written anew without what is forgotten.
    package static let voteLogByteCountMax = 16 * 1024 * 1024
    /// The write-ahead log is carried over into the database after about so many bytes, as SQLite does it by itself.
    private static let checkpointByteCount = 4 * 1024 * 1024
    /// What an operation puts into the write-ahead log besides its value: a page of the table, and its share of the others.
    private static let operationByteCount = 8 * 1024

    package let folder: String
    /// Why nothing could be noted beside the key; nil when the mark is set, or none is wanted.
    package private(set) var markProblem: String?
    private var lock: FolderLock?
    let database: DatabaseQueue
    private var log: VoteLog
    /// Commits that held votes, counted; the log's newest batch has this number.
    private var voteBatch: UInt64
    /// Votes of lower slots are forgotten.
    private var forgottenBelow: UInt64
    private var tables: Set<String> = []
    private let files: StoreFiles
    private let voteLogByteCountMax: Int
    /// About what the write-ahead log holds that the database does not.
    private var aheadByteCount = 0
    /// The disk has failed: nothing is written or synced any more, not even on closing.
    private var hasFailed = false

    private var file: String { "\(folder)/store.sqlite" }
    private var logFile: String { "\(folder)/votes.log" }

    /// Opens, or makes, the store of a role instance and takes its lock.
    ///
    /// Everything found is brought to disk anew: when a sync of an earlier process failed, it may be in memory alone.
    /// - Parameters:
    ///   - files: how the log of votes is written.
    ///   - mark: says that the role has begun before; an empty folder is refused then. Set once the store is there.
    /// - Throws: why this folder must not be used.
    package init(
        folder: String, network: Digest, address: RoleAddress, files: StoreFiles = .system, mark: SigningMark? = nil,
        voteLogByteCountMax: Int = RoleStore.voteLogByteCountMax
    ) throws(RoleStoreFault) {
        self.folder = folder
        self.files = files
        self.voteLogByteCountMax = voteLogByteCountMax
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw RoleStoreFault(folder, .refused("the folder cannot be made: \(String(cString: strerror(errno)))"))
        }
        do {
            lock = try FolderLock("\(folder)/role.lock")
        } catch {
            switch error {
            case .held(let processID): throw RoleStoreFault(folder, .locked(processID: processID))
            case .system(let reason): throw RoleStoreFault(folder, .refused("its lock cannot be taken: \(reason)"))
            }
        }
        let file = "\(folder)/store.sqlite"
        let queue = try RoleStore.translating(file) { try RoleStore.open(file) }
        let facts = try RoleStore.translating(file) { try RoleStore.prepare(queue, file, network: network, address: address, mark: mark) }
        database = queue
        (voteBatch, forgottenBelow) = facts
        let content = try VoteLog.read("\(folder)/votes.log")
        let check = try RoleStore.translating(file) {
            try queue.read { try VoteCheck(content, RoleStore.votes($0), batch: facts.batch, forgottenBelow: facts.forgottenBelow) }
        }
        if let reason = check.mismatch { throw RoleStoreFault(folder, .votesDiffer(reason)) }
        log = try RoleStore.renew(queue, file, "\(folder)/votes.log", content, files)
        if !check.adopted.isEmpty { try adopt(check.adopted) }
        markProblem = mark?.set()
    }

    /// What tables and votes hold, for a role that starts.
    ///
    /// - Parameters:
    ///   - names: tables handed over whole; the others are read in portions.
    ///   - reader: reads those, in place of this store: a recorder's older blocks may lie elsewhere.
    package func recovered(
        _ names: [StoreTable], reader: ((StoreTable, UInt64, Int) throws(RoleStoreFault) -> [StoredRow])? = nil
    ) throws(RoleStoreFault) -> StoredState {
        var rows: [StoreTable: [StoredRow]] = [:]
        for name in names { rows[name] = try self.rows(name, from: 0, limit: Int.max) }
        let votes = try translating { try database.read { try RoleStore.votes($0) } }
        return StoredState(rows: rows, votes: votes, forgottenBelow: forgottenBelow) { table, key, limit throws(StoredFault) in
            do throws(RoleStoreFault) {
                guard let reader else { return try self.rows(table, from: key, limit: limit) }
                return try reader(table, key, limit)
            } catch {
                throw StoredFault(table, key: key, error.summary)
            }
        }
    }

    /// Rows of a table from a key on, ascending.
    package func rows(_ table: StoreTable, from key: UInt64, limit: Int) throws(RoleStoreFault) -> [StoredRow] {
        try translating { try database.read { try RoleStore.rows($0, table, from: key, limit: limit) } }
    }

    /// Rows of a table from a key on, ascending; none when there is no such table. When there are bytes enough, no more rows are read.
    static func rows(_ database: Database, _ table: StoreTable, from key: UInt64, limit: Int, byteCountMax: Int = .max) throws -> [StoredRow] {
        precondition(limit > 0, "a read asks for rows")
        guard try database.tableExists(table.rawValue) else { return [] }
        var rows: [StoredRow] = []
        var size = 0
        for half in RoleStoreRows.halves(from: key) {
            let left = limit - rows.count
            guard left > 0 else { break }
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT key, value, sum FROM \(table.rawValue) WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
                arguments: [half.lowerBound, half.upperBound, Int64(clamping: left)])
            while size < byteCountMax, let row = try cursor.next() {
                rows.append(RoleStoreRows.row(row))
                size += rows[rows.count - 1].value.count
            }
        }
        return rows
    }

    /// Carries out all operations, or none, and brings them to disk.
    package func commit(_ operations: [StoreOperation]) throws(RoleStoreFault) {
        guard !operations.isEmpty else { return }
        guard !hasFailed else { throw RoleStoreFault(file, .diskFailed("it did so before")) }
        let mark = log.mark
        var newBatch = voteBatch
        var newForgotten = forgottenBelow
        var newTables = tables
        do {
            try translating {
                try database.inTransaction(.immediate) { database in
                    let votes = try apply(operations, database, &newTables, &newForgotten)
                    if !votes.isEmpty {
                        newBatch += 1
                        try RoleStore.setMeta(database, "vote_batch", newBatch)
                        try log.append(votes, batch: newBatch)
                    }
                    return .commit
                }
            }
        } catch {
            try ending(error) { () throws(RoleStoreFault) in try log.revert(to: mark) }
            throw error
        }
        (voteBatch, forgottenBelow, tables) = (newBatch, newForgotten, newTables)
        try keepShort(operations)
    }

    /// Closes the files and lets the lock go, unless the disk has failed: then both stay until the process ends, since closing would
    /// sync once more. Nothing else may be asked of the store afterwards.
    package func close() {
        guard !hasFailed else { return }
        try? database.close()
        log.close()
        lock = nil
    }

    // MARK: operations

    /// - Returns: the votes that are new.
    private func apply(
        _ operations: [StoreOperation], _ database: Database, _ tables: inout Set<String>, _ forgotten: inout UInt64
    ) throws -> [VoteRow] {
        var votes: [VoteRow] = []
        for operation in operations {
            switch operation {
            case .put(let table, let key, let value):
                try makeTable(table, database, &tables)
                try database.cachedStatement(sql: "INSERT OR REPLACE INTO \(table.rawValue) (key, value, sum) VALUES (?, ?, ?)")
                    .execute(arguments: [Int64(bitPattern: key), Data(value), RoleStoreRows.sum(value)])
            case .delete(let table, let key):
                try makeTable(table, database, &tables)
                try database.cachedStatement(sql: "DELETE FROM \(table.rawValue) WHERE key = ?").execute(arguments: [Int64(bitPattern: key)])
            case .deleteThrough(let table, let key):
                try makeTable(table, database, &tables)
                for half in RoleStoreRows.halves(through: key) {
                    try database.cachedStatement(sql: "DELETE FROM \(table.rawValue) WHERE key BETWEEN ? AND ?")
                        .execute(arguments: [half.lowerBound, half.upperBound])
                }
            case .index(let table, let entries): try add(entries, to: table, database, &tables)
            case .vote(let vote):
                guard vote.slot >= forgotten else { throw conflict(vote) }
                if try insert(vote, database) { votes.append(vote) }
            case .forgetVotes(let slot):
                guard slot > forgotten else { continue }
                try database.cachedStatement(sql: "DELETE FROM votes WHERE slot < ?").execute(arguments: [Int64(bitPattern: slot)])
                try RoleStore.setMeta(database, "votes_forgotten_below", slot)
                forgotten = slot
            }
        }
        return votes
    }

    private func makeTable(_ table: StoreTable, _ database: Database, _ tables: inout Set<String>) throws {
        guard tables.insert(table.rawValue).inserted else { return }
        RoleStore.checkName(table)
        try database.execute(sql: "CREATE TABLE IF NOT EXISTS \(table.rawValue) (key INTEGER PRIMARY KEY, value BLOB NOT NULL, sum INTEGER)")
    }

    /// - Returns: false when the same vote is there already.
    private func insert(_ vote: VoteRow, _ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO votes (chain, epoch, slot, duty, hash, bytes) VALUES (?, ?, ?, ?, ?, ?)")
        try statement.execute(arguments: [
            vote.chain.description, Int64(bitPattern: vote.epoch), Int64(bitPattern: vote.slot), Int64(vote.duty.rawValue),
            Data(vote.hash.bytes), Data(vote.bytes),
        ])
        if database.changesCount > 0 { return true }
        let present = try Row.fetchOne(
            database, sql: "SELECT * FROM votes WHERE chain = ? AND epoch = ? AND slot = ? AND duty = ?",
            arguments: [
                vote.chain.description, Int64(bitPattern: vote.epoch), Int64(bitPattern: vote.slot), Int64(vote.duty.rawValue),
            ])
        guard try present.flatMap(RoleStore.vote) == vote else { throw conflict(vote) }
        return false
    }

    private func conflict(_ vote: VoteRow) -> RoleStoreFault {
        RoleStoreFault(
            folder, .voteConflict(chain: vote.chain.description, epoch: vote.epoch, slot: vote.slot, duty: vote.duty.rawValue))
    }

    /// Takes over the votes of a commit that a crash cut off after the log had them: they were never sent, but holding to
    /// them can contradict nothing.
    private func adopt(_ votes: [VoteRow]) throws(RoleStoreFault) {
        let batch = voteBatch + 1
        try translating {
            try database.inTransaction(.immediate) { database in
                for vote in votes { _ = try insert(vote, database) }
                try RoleStore.setMeta(database, "vote_batch", batch)
                return .commit
            }
        }
        voteBatch = batch
    }

    // MARK: upkeep

    /// Keeps both logs short. SQLite would carry its own over within a commit, and a full disk would then make a commit seem to fail
    /// that is done; here only a disk that has failed is told, and a full one waits for its turn.
    private func keepShort(_ operations: [StoreOperation]) throws(RoleStoreFault) {
        for operation in operations {
            aheadByteCount += RoleStore.operationByteCount
            if case .put(_, _, let value) = operation { aheadByteCount += value.count }
            if case .index(_, let entries) = operation { aheadByteCount += entries.count * RoleStoreRows.entryByteCount }
        }
        do {
            if aheadByteCount > RoleStore.checkpointByteCount {
                try translating { try database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
                aheadByteCount = 0
            }
            if log.byteCount > voteLogByteCountMax { try compactLog() }
        } catch {
            guard error.problem == .diskFull else {
                try ending(error) {}
                throw error
            }
        }
    }

    private func compactLog() throws(RoleStoreFault) {
        let kept = try translating { try database.read { try RoleStore.votes($0) } }
        let batch = voteBatch
        let fresh = try VoteLog(logFile, kept.map { VoteLog.Record(batch: batch, vote: $0) }, files: files)
        log.close()
        log = fresh
    }

    /// After a failed step: undoes what can be undone, and when the disk has failed, sees to it that nothing is ever synced again.
    private func ending(_ fault: RoleStoreFault, _ undo: () throws(RoleStoreFault) -> Void) throws(RoleStoreFault) {
        var last = fault
        if !fault.isDiskFailure {
            do {
                return try undo()
            } catch {
                last = error
            }
        }
        guard last.isDiskFailure else { throw last }
        hasFailed = true
        // A database that is let go is closed, and closing carries the write-ahead log over, syncs included.
        _ = Unmanaged.passRetained(database)
        throw last
    }
}

extension RoleStore {
    /// Migrates the tables and checks, or notes, whose they are.
    private static func prepare(
        _ queue: DatabaseQueue, _ file: String, network: Digest, address: RoleAddress, mark: SigningMark?
    ) throws -> (batch: UInt64, forgottenBelow: UInt64) {
        let (found, application, isEmpty) = try queue.read { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0, try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                // A crash while the file was made may have left the migrator's own table, and nothing else.
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name NOT LIKE 'grdb\\_%' ESCAPE '\\'") == 0
            )
        }
        guard isEmpty || application == applicationID else { throw RoleStoreFault(file, .foreignFile) }
        if isEmpty, let mark, mark.isSet { throw RoleStoreFault(URL(fileURLWithPath: file).deletingLastPathComponent().path, .storeLost(mark: mark.path)) }
        guard found <= version else { throw RoleStoreFault(file, .futureVersion(found: found, known: version)) }
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: meta and votes", migrate: createTables)
        migrator.registerMigration("2: checksums of rows", migrate: RoleStoreRows.addSums)
        try migrator.migrate(queue)
        return try queue.write { database in
            try claim(database, file, "network", network.hex) { .wrongNetwork(found: $0, expected: network.hex) }
            try claim(database, file, "role", address.description) { .wrongRole(found: $0, expected: address.description) }
            return (try meta(database, "vote_batch"), try meta(database, "votes_forgotten_below"))
        }
    }

    private static func createTables(_ database: Database) throws {
        try database.execute(
            sql: """
                PRAGMA application_id = \(applicationID);
                PRAGMA user_version = \(version);
                CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
                CREATE TABLE votes (
                    chain TEXT NOT NULL, epoch INTEGER NOT NULL, slot INTEGER NOT NULL, duty INTEGER NOT NULL,
                    hash BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (chain, epoch, slot, duty)
                ) WITHOUT ROWID;
                CREATE INDEX votes_by_slot ON votes (slot);
                """)
    }

    /// Notes a fact in a new store; in an old one it must be the same.
    private static func claim(
        _ database: Database, _ file: String, _ key: String, _ value: String, otherwise problem: (String) -> RoleStoreFault.Problem
    ) throws {
        guard let found = try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key]) else {
            return try database.execute(sql: "INSERT INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
        }
        guard found == value else { throw RoleStoreFault(file, problem(found)) }
    }

    private static func meta(_ database: Database, _ key: String) throws -> UInt64 {
        try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key]).flatMap { UInt64($0) } ?? 0
    }

    private static func setMeta(_ database: Database, _ key: String, _ value: UInt64) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").execute(arguments: [key, "\(value)"])
    }

    private static func votes(_ database: Database) throws -> [VoteRow] {
        try Row.fetchAll(database, sql: "SELECT * FROM votes ORDER BY slot, duty").map(vote)
    }

    private static func vote(_ row: Row) throws -> VoteRow {
        guard let chain = ChainID(row["chain"]), let duty = VoteDuty(rawValue: row["duty"]), let hash = Digest(row["hash"] as Data) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row of the table votes has no valid form")
        }
        return VoteRow(
            chain: chain, epoch: UInt64(bitPattern: row["epoch"]), slot: UInt64(bitPattern: row["slot"]), duty: duty, hash: hash,
            bytes: [UInt8](row["bytes"] as Data))
    }

    func translating<Result>(_ body: () throws -> Result) throws(RoleStoreFault) -> Result {
        try RoleStore.translating(file, body)
    }

    /// Runs database code; its errors become faults with advice.
    static func translating<Result>(_ file: String, _ body: () throws -> Result) throws(RoleStoreFault) -> Result {
        do {
            return try body()
        } catch let fault as RoleStoreFault {
            throw fault
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw RoleStoreFault(file, .diskFull)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
            // The index of the write-ahead log could not grow.
            throw RoleStoreFault(file, .diskFull)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
            throw RoleStoreFault(file, .diskFailed("\(error)"))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
            throw RoleStoreFault(file, .foreignFile)
        } catch {
            throw RoleStoreFault(file, .refused("\(error)"))
        }
    }
}
