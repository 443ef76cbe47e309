import GRDB

extension RoleStore {
    /// Opens the database so that a commit is on disk when it returns, and is carried over only when `keepShort` says so.
    static func open(_ file: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        let queue = try DatabaseQueue(path: file, configuration: configuration)
        // Not before: whoever turns the write-ahead log on there sets `synchronous = NORMAL`, which syncs no commit.
        let settings = try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
            return try ["journal_mode", "synchronous", "wal_autocheckpoint"].map { try String.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        precondition(settings == ["wal", "2", "0"], "a commit is on disk before it is acknowledged")
        return queue
    }

    /// Brings both records to disk anew. On a full disk they are used as they are.
    static func renew(
        _ queue: DatabaseQueue, _ file: String, _ logFile: String, _ content: VoteLogContent?, _ files: StoreFiles
    ) throws(RoleStoreFault) -> VoteLog {
        do throws(RoleStoreFault) {
            try translating(file) { try queue.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
            return try VoteLog(logFile, content?.records ?? [], files: files)
        } catch {
            guard error.problem == .diskFull, let content else { throw error }
            return try VoteLog(logFile, continuing: content, files: files)
        }
    }
}
