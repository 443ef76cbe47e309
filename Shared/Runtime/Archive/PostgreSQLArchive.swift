#if PostgreSQL
import Cryptography
import PostgreSQLClient
import RoleKit
import Wire

/// An archive in a PostgreSQL database: a schema for each recorder, in it one table of blocks, partitioned by chain.
final class PostgreSQLArchive: BlockArchive {
    private let place: String
    private let schema: String
    private let connection: PostgreSQLConnection
    /// Chains that have their partition.
    private var partitions: Set<ChainID> = []

    static let version = 1

    init(_ address: String, _ owner: ArchiveOwner, for use: ArchiveLocation.Use, isStopped: @escaping @Sendable () -> Bool) throws(ArchiveFault) {
        place = address
        schema = PostgreSQLConnection.quoted(owner.name)
        connection = try PostgreSQLArchive.translating(address) { () throws(PostgreSQLFault) in
            try PostgreSQLConnection(address, name: "concordat \(owner.recorder)", isStopped: isStopped)
        }
        if use == .copying { try prepare(owner) }
        try check(owner)
    }

    private func prepare(_ owner: ArchiveOwner) throws(ArchiveFault) {
        // What is acknowledged is on the server's disk, whatever its configuration says: only then a block leaves the recorder's store.
        try run("SET synchronous_commit = on")
        // Where somebody else has made the tables, the recorder need not be allowed to.
        let made = try numbers("SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename IN ('about', 'blocks')", [.text(owner.name)])
        guard made.first != 2 else { return }
        try run("BEGIN")
        try run("CREATE SCHEMA IF NOT EXISTS \(schema)")
        try run("CREATE TABLE IF NOT EXISTS \(schema).about (key text PRIMARY KEY, value text NOT NULL)")
        try run(
            "CREATE TABLE IF NOT EXISTS \(schema).blocks (chain text NOT NULL, height bigint NOT NULL, value bytea NOT NULL, sum bigint NOT NULL, PRIMARY KEY (chain, height)) PARTITION BY LIST (chain)"
        )
        for (key, value) in [("version", "\(PostgreSQLArchive.version)"), ("network", owner.network.hex), ("recorder", owner.recorder.description)] {
            try run("INSERT INTO \(schema).about (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [.text(key), .text(value)])
        }
        try run("COMMIT")
    }

    private func check(_ owner: ArchiveOwner) throws(ArchiveFault) {
        var facts: [String: String] = [:]
        do throws(PostgreSQLFault) {
            try connection.run("SELECT key, value FROM \(schema).about", timeoutMilliseconds: ArchiveLimits.answerMilliseconds) { row in
                facts[String(decoding: row[0] ?? [], as: UTF8.self)] = String(decoding: row[1] ?? [], as: UTF8.self)
            }
        } catch {
            // 3F000 and 42P01: no such schema, no such table.
            if case .refused("3F000", _) = error { throw ArchiveFault(place, .missing) }
            if case .refused("42P01", _) = error { throw ArchiveFault(place, .missing) }
            throw PostgreSQLArchive.fault(place, error)
        }
        try ArchiveAbout.check(facts, place, owner, version: PostgreSQLArchive.version)
    }

    func extent(of chain: ChainID, through height: Height) throws(ArchiveFault) -> (newest: Height?, count: UInt64) {
        let newest = try numbers("SELECT max(height) FROM \(schema).blocks WHERE chain = $1", [.text("\(chain)")])
        let count = try numbers(
            "SELECT count(*) FROM \(schema).blocks WHERE chain = $1 AND height <= $2", [.text("\(chain)"), .number(Int64(clamping: height))],
            timeoutMilliseconds: ArchiveLimits.countMilliseconds)
        return (newest.first.map { Height($0) }, UInt64(count.first ?? 0))
    }

    func count(of chain: ChainID, in heights: ClosedRange<Height>) throws(ArchiveFault) -> UInt64 {
        let count = try numbers(
            "SELECT count(*) FROM \(schema).blocks WHERE chain = $1 AND height BETWEEN $2 AND $3",
            [.text("\(chain)"), .number(Int64(clamping: heights.lowerBound)), .number(Int64(clamping: heights.upperBound))],
            timeoutMilliseconds: ArchiveLimits.countMilliseconds)
        return UInt64(count.first ?? 0)
    }

    func take(_ rows: [StoredRow], of chain: ChainID, cut: Height?) throws(ArchiveFault) {
        try makePartition(chain)
        try run("BEGIN")
        if let cut { try run("DELETE FROM \(schema).blocks WHERE chain = $1 AND height >= $2", [.text("\(chain)"), .number(Int64(clamping: cut))]) }
        if !rows.isEmpty {
            let places = rows.indices.map { "($1, $\($0 * 3 + 2), $\($0 * 3 + 3), $\($0 * 3 + 4))" }.joined(separator: ", ")
            let values = rows.flatMap { [PostgreSQLValue.number(Int64(clamping: $0.key)), .bytes($0.value), .number(RoleStoreRows.sum($0.value))] }
            try run(
                "INSERT INTO \(schema).blocks (chain, height, value, sum) VALUES \(places) ON CONFLICT (chain, height) DO UPDATE SET value = excluded.value, sum = excluded.sum",
                [.text("\(chain)")] + values)
        }
        try run("COMMIT")
    }

    /// Each chain has a partition of its own: its blocks can be moved, or taken away, alone.
    private func makePartition(_ chain: ChainID) throws(ArchiveFault) {
        guard !partitions.contains(chain) else { return }
        let name = "\(schema).\(PostgreSQLConnection.quoted("blocks_\(chain)"))"
        if try numbers("SELECT 1::bigint FROM pg_catalog.pg_class WHERE oid = to_regclass($1)", [.text(name)]).isEmpty {
            try run("CREATE TABLE IF NOT EXISTS \(name) PARTITION OF \(schema).blocks FOR VALUES IN (\(PostgreSQLConnection.literal("\(chain)")))")
        }
        partitions.insert(chain)
    }

    func rows(of chain: ChainID, in heights: ClosedRange<Height>, limit: Int) throws(ArchiveFault) -> ArchivePortion {
        var portion = ArchivePortion(rows: [], isCut: false)
        var size = 0
        // The sum over what comes before bounds the answer where it is made.
        try translating { () throws(PostgreSQLFault) in
            try connection.run(
                """
                SELECT height, value, sum FROM (
                    SELECT height, value, sum, sum(octet_length(value)) OVER (ORDER BY height) - octet_length(value) AS before
                    FROM (SELECT * FROM \(schema).blocks WHERE chain = $1 AND height BETWEEN $2 AND $3 ORDER BY height LIMIT $4) AS found
                ) AS measured WHERE before < $5 ORDER BY height
                """,
                [
                    .text("\(chain)"), .number(Int64(clamping: heights.lowerBound)), .number(Int64(clamping: heights.upperBound)), .number(Int64(limit)),
                    .number(Int64(ArchiveLimits.answerBytes)),
                ], timeoutMilliseconds: ArchiveLimits.answerMilliseconds
            ) { row in
                guard let height = PostgreSQLConnection.number(row[0]), let value = row[1] else { return }
                size += value.count
                portion.rows.append(StoredRow(key: UInt64(height), value: value, isDamaged: PostgreSQLConnection.number(row[2]) != RoleStoreRows.sum(value)))
            }
        }
        portion.isCut = portion.rows.count >= limit || size >= ArchiveLimits.answerBytes
        return portion
    }

    /// The connection ends with the value.
    func close() {}

    // MARK: statements

    private func run(_ statement: String, _ values: [PostgreSQLValue] = []) throws(ArchiveFault) {
        try translating { () throws(PostgreSQLFault) in
            try connection.run(statement, values, timeoutMilliseconds: ArchiveLimits.statementMilliseconds)
        }
    }

    /// First column of every row, numbers only.
    private func numbers(
        _ statement: String, _ values: [PostgreSQLValue], timeoutMilliseconds: UInt64 = ArchiveLimits.statementMilliseconds
    ) throws(ArchiveFault) -> [Int64] {
        var found: [Int64] = []
        try translating { () throws(PostgreSQLFault) in
            try connection.run(statement, values, timeoutMilliseconds: timeoutMilliseconds) { row in
                if let number = PostgreSQLConnection.number(row[0]) { found.append(number) }
            }
        }
        return found
    }

    private func translating<Result>(_ body: () throws(PostgreSQLFault) -> Result) throws(ArchiveFault) -> Result {
        try PostgreSQLArchive.translating(place, body)
    }

    private static func translating<Result>(_ place: String, _ body: () throws(PostgreSQLFault) -> Result) throws(ArchiveFault) -> Result {
        do {
            return try body()
        } catch {
            throw fault(place, error)
        }
    }

    private static func fault(_ place: String, _ fault: PostgreSQLFault) -> ArchiveFault {
        switch fault {
        case .unavailable(let words): ArchiveFault(place, .unavailable(words))
        case .refused(let code, let words): ArchiveFault(place, .refused("\(words) (\(code))"))
        case .stopped: ArchiveFault(place, .stopped)
        }
    }
}
#endif
