import Cryptography
import Foundation
import GRDB
import RoleKit
import Wire

/// Reads what a role has stored without changing anything, also while the role runs.
package final class StoreReader {
    private let folder: String
    private let database: DatabaseQueue
    private static let busySeconds = 5.0
    /// The role that has written it, as it calls itself.
    package let role: RoleAddress

    private var file: String { "\(folder)/store.sqlite" }

    /// - Throws: when there is no such store, or it is of another network or a later version.
    package init(folder: String, network: Digest) throws(RoleStoreFault) {
        self.folder = folder
        let file = "\(folder)/store.sqlite"
        guard FileManager.default.fileExists(atPath: file) else { throw RoleStoreFault(file, .refused("there is no such file")) }
        let (queue, version, facts) = try RoleStore.translating(file) {
            var configuration = Configuration()
            configuration.readonly = true
            // The role that writes it closes or opens it at this moment.
            configuration.busyMode = .timeout(StoreReader.busySeconds)
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            return try queue.read { database in
                let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                guard try database.tableExists("meta") else { throw RoleStoreFault(file, .foreignFile) }
                var facts: [String: String] = [:]
                for row in try Row.fetchAll(database, sql: "SELECT key, value FROM meta") { facts[row[0]] = row[1] }
                return (queue, version, facts)
            }
        }
        guard version <= RoleStore.version else { throw RoleStoreFault(file, .futureVersion(found: version, known: RoleStore.version)) }
        guard facts["network"] == network.hex else {
            throw RoleStoreFault(file, .wrongNetwork(found: facts["network"] ?? "none", expected: network.hex))
        }
        guard let role = facts["role"].flatMap({ RoleAddress($0) }) else { throw RoleStoreFault(file, .foreignFile) }
        (database, self.role) = (queue, role)
    }

    /// Whole and damaged rows of a table from a key on, ascending; none when there is no such table.
    package func rows(_ table: StoreTable, from key: UInt64, limit: Int) throws(RoleStoreFault) -> [StoredRow] {
        try RoleStore.translating(file) { try database.read { try RoleStore.rows($0, table, from: key, limit: limit) } }
    }

    /// The same, and no more than so many bytes; one row at least.
    func rows(_ table: StoreTable, from key: UInt64, limit: Int, byteCountMax: Int) throws(RoleStoreFault) -> [StoredRow] {
        try RoleStore.translating(file) {
            try database.read { database in
                guard try database.hasTable(table.rawValue) else { return [] }
                return try RoleStore.rows(database, table, from: key, limit: limit, byteCountMax: byteCountMax)
            }
        }
    }

    /// Where the archive beside the store is, as the store notes it.
    func notedArchive() throws(RoleStoreFault) -> String? { try RoleStore.translating(file) { try database.read { try ArchiveNote.place($0) } } }

    /// Up to which height the store lacks the blocks of the chain at a position, since they are in the archive.
    func trimmed(_ position: Int) throws(RoleStoreFault) -> Height {
        try RoleStore.translating(file) { try database.read { try ArchiveNote.lane($0, position).trimmed } }
    }
}

extension Database {
    /// Whether there is a table, also one that another connection has made since this one last looked.
    func hasTable(_ name: String) throws -> Bool {
        if try tableExists(name) { return true }
        clearSchemaCache()
        return try tableExists(name)
    }
}
