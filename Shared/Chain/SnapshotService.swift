import RoleKit
import Wire

/// Serves a role's snapshots to whoever asks, never what a disk has damaged.
package struct SnapshotService: Sendable {
    private struct Question: Sendable {
        var height: Height
        /// Key of the row that is asked for.
        var key: UInt64
        /// From 1; 0 for the description.
        var part: Int
    }

    private var questions: [UInt64: Question] = [:]

    package init() {}

    /// Reads what a request asks for; the read's token is the request's.
    package mutating func requested(height: Height, part: Int, token: UInt64, _ keeper: SnapshotKeeper) -> [RoleEffect] {
        let found = part == 0 ? keeper.newestHeight(through: height == 0 ? .max : height) : height
        guard let found, let count = keeper.partCount(of: found), part <= count else {
            return [.reply(token: token, .failure(.notFound, detail: "there is no such snapshot"))]
        }
        let key = part == 0 ? found : StoredSnapshot.key(found, part - 1)
        questions[token] = Question(height: found, key: key, part: part)
        return [.read(token: token, part == 0 ? .snapshots : .snapshotParts, from: key, limit: 1)]
    }

    /// - Returns: nil when the read was not for a snapshot.
    package mutating func served(token: UInt64, _ rows: [StoredRow], _ keeper: inout SnapshotKeeper) -> [RoleEffect]? {
        guard let question = questions.removeValue(forKey: token) else { return nil }
        let failure: RoleEffect = .reply(token: token, .failure(.notFound, detail: "there is no such snapshot"))
        guard let row = rows.first, row.key == question.key else { return [failure] }
        guard !row.isDamaged else { return keeper.discard(question.height) + [failure] }
        if question.part > 0 { return [.reply(token: token, .snapshotPart(row.value))] }
        guard let manifest = try? SnapshotManifest(decoding: row.value) else { return keeper.discard(question.height) + [failure] }
        return [.reply(token: token, .snapshot(manifest))]
    }
}
