import Determinism
import RoleKit
import Wire

/// Older blocks of a recorder that lie beside its store.
extension RoleLoop {
    /// Stands for nobody, where the role asks itself something: its answer goes nowhere.
    static var ownToken: UInt64 { .max }
    /// Between two looks at what may leave the store.
    private static var trimPauseMilliseconds: UInt64 { 100 }

    /// What the store holds for a role that starts; a recorder's older blocks are read where they are.
    func recovered(_ tables: [StoreTable]) throws -> StoredState {
        let joined = try store.rows(.joined, from: 0, limit: Int.max)
        if settings.context.address.role == .recorder {
            archive = try ArchiveKeeper(
                settings.archive, store: store, context: settings.context.grown(by: joined), logger: logger, wakeRole: { [mailbox] in mailbox.wake.raise() })
        }
        guard let archive else { return try store.recovered(tables + [.joined]) }
        try store.giveBackRoom()
        return try store.recovered(tables + [.joined]) { [mailbox] table, key, limit throws(RoleStoreFault) in
            try archive.rowsAtStart(table, from: key, limit: limit) { mailbox.isStopped }
        }
    }

    /// Takes what the archive has found out, and lets go what it has taken over.
    ///
    /// - Returns: what people must know.
    func tendArchive() throws -> [RoleEffect] {
        guard let archive else { return [] }
        for answer in try archive.answers() {
            if let rows = answer.rows { inputs.append(.rows(token: answer.token, rows)) } else { unread.append(answer.token) }
        }
        inputs += archive.damaged().map { .requested($0, token: RoleLoop.ownToken, client: nil) }
        let now = BusClock.now().monotonicMilliseconds
        if now >= trimmedMilliseconds + RoleLoop.trimPauseMilliseconds {
            trimmedMilliseconds = now
            try trim(archive)
        }
        return archive.alarms()
    }

    private func trim(_ archive: ArchiveKeeper) throws {
        let operations = archive.trim()
        guard !operations.isEmpty else { return }
        do throws(RoleStoreFault) {
            try store.commit(operations)
            archive.hasTrimmed()
        } catch {
            // Even to delete takes some room. There will be a next time.
            guard error.problem == .diskFull else { throw error }
        }
    }

    /// Ends questions whose rows are in an archive that cannot be reached. The core knows of no rows then; whoever asked is told why, and
    /// not that there are none.
    func answerUnread(_ core: inout Core, at now: Moment) -> [RoleEffect] {
        defer { unread = [] }
        return unread.flatMap { token in
            core.apply(.rows(token: token, []), at: now).map { effect in
                guard case .reply(let request, _) = effect else { return effect }
                return .reply(token: request, .failure(.notReady, detail: "older blocks of this recorder are in an archive that does not answer; ask again, or another recorder"))
            }
        }
    }
}
