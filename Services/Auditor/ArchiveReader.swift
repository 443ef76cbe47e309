import Foundation
import GRDB
#if PostgreSQL
import PostgreSQLClient
#endif

/// What a recorder's store says of the archive that its older blocks have gone to (docs/operations.md).
struct ArchiveNote: Sendable {
    /// `sqlite:/FOLDER` or `postgresql://…`; nil when the note cannot be read.
    var place: String?
    /// By number of the chain: the store lacks blocks up to this height.
    var trimmed: [Int: UInt64] = [:]

    /// Row that says where the archive is.
    private static let placeKey: UInt64 = 1 << 32
    private static let noteBytes = 24

    /// Reads the rows of the table `copies`.
    init(_ rows: [StoreSnapshot.Row]) {
        for row in rows {
            if row.key == ArchiveNote.placeKey {
                place = String(decoding: row.value, as: UTF8.self)
            } else if row.key < ArchiveNote.placeKey, row.value.count == ArchiveNote.noteBytes {
                // Three numbers of 8 bytes: copied, trimmed, cut.
                let height = row.value[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                if height > 0 { trimmed[Int(row.key)] = height }
            }
        }
    }
}

/// Reads the blocks that have left a recorder's store, by the auditor's own means.
struct ArchiveReader {
    /// Why they cannot be read.
    struct Fault: Error {
        /// A clause.
        var what: String
    }

    let place: String
    /// Of its file or schema.
    private let name: String

    private static let folderPrefix = "sqlite:"
    private static let rowsAtOnce: Int64 = 64
    private static let statementMilliseconds: UInt64 = 60_000

    /// - Parameter node: the recorder's.
    init(place: String, network: Bytes, node: String) {
        self.place = place
        name = "concordat_\(Layout.hex(network).prefix(16))_\(node)"
    }

    /// Rows of a chain up to a height, ascending.
    func rows(of chain: String, through height: UInt64) throws(Fault) -> [StoreSnapshot.Row] {
        do {
            if place.hasPrefix(ArchiveReader.folderPrefix) { return try fileRows(of: chain, through: height) }
            return try serverRows(of: chain, through: height)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(what: "\(error)")
        }
    }

    private func fileRows(of chain: String, through height: UInt64) throws -> [StoreSnapshot.Row] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let file = "\(place.dropFirst(ArchiveReader.folderPrefix.count))/\(name).sqlite"
        guard FileManager.default.fileExists(atPath: file) else { throw Fault(what: "there is no \(file)") }
        let queue = try DatabaseQueue(path: file, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { database in
            guard try database.tableExists("blocks_\(chain)") else { return [] }
            return try Row.fetchAll(
                database, sql: "SELECT height, value FROM \"blocks_\(chain)\" WHERE height <= ? ORDER BY height", arguments: [Int64(clamping: height)]
            ).map { row in
                guard let key = Int64.fromDatabaseValue(row["height"]), let value = Data.fromDatabaseValue(row["value"]) else {
                    throw Fault(what: "a row does not hold a number and bytes")
                }
                return StoreSnapshot.Row(key: UInt64(bitPattern: key), value: Bytes(value))
            }
        }
    }

#if PostgreSQL
    private func serverRows(of chain: String, through height: UInt64) throws -> [StoreSnapshot.Row] {
        let connection = try PostgreSQLConnection(place, name: "concordat audit") { false }
        var rows: [StoreSnapshot.Row] = []
        while true {
            let before = rows.count
            try connection.run(
                "SELECT height, value FROM \(PostgreSQLConnection.quoted(name)).blocks WHERE chain = $1 AND height > $2 AND height <= $3 ORDER BY height LIMIT $4",
                [
                    .text(chain), .number(Int64(clamping: rows.last?.key ?? 0)), .number(Int64(clamping: height)), .number(ArchiveReader.rowsAtOnce),
                ], timeoutMilliseconds: ArchiveReader.statementMilliseconds
            ) { row in
                if let key = PostgreSQLConnection.number(row[0]), let value = row[1] { rows.append(StoreSnapshot.Row(key: UInt64(bitPattern: key), value: value)) }
            }
            if rows.count == before { return rows }
        }
    }
#else
    private func serverRows(of chain: String, through height: UInt64) throws -> [StoreSnapshot.Row] {
        throw Fault(what: "this program was built without PostgreSQL (swift build --traits PostgreSQL)")
    }
#endif
}
