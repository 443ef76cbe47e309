#if PostgreSQL
import CPostgreSQL
import Foundation

/// Why a statement, or a connection, came to nothing.
package enum PostgreSQLFault: Error, Hashable, Sendable {
    /// The server does not answer, or not in time, or has closed the connection.
    case unavailable(String)
    /// The server says no: the five characters of its code, and its words.
    case refused(code: String, String)
    /// Whoever asked does not want to know any more.
    case stopped
}

/// A value of a statement, sent as bytes and never as part of its text.
package enum PostgreSQLValue: Sendable {
    case text(String)
    case number(Int64)
    case bytes([UInt8])

    fileprivate var type: Oid {
        switch self {
        case .text: 25
        case .number: 20
        case .bytes: 17
        }
    }

    fileprivate var encoded: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .number(let number): withUnsafeBytes(of: number.bigEndian) { Array($0) }
        case .bytes(let bytes): bytes
        }
    }
}

/// A connection to a PostgreSQL server, of one thread. Every wait has a bound.
package final class PostgreSQLConnection {
    private let connection: OpaquePointer
    private let isStopped: @Sendable () -> Bool

    private static let connectSeconds = 3
    /// Between two looks at whether anybody still waits.
    private static let lookMilliseconds: Int32 = 100

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: what libpq takes; a password comes from its own files and variables.
    ///   - name: shown to the server's operators.
    ///   - isStopped: asked now and then; ends a wait.
    package init(_ address: String, name: String, isStopped: @escaping @Sendable () -> Bool) throws(PostgreSQLFault) {
        self.isStopped = isStopped
        // Later ones win: the address may say otherwise.
        let settings = [
            ("connect_timeout", "\(PostgreSQLConnection.connectSeconds)"), ("fallback_application_name", name), ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("client_encoding", "UTF8"), ("dbname", address),
        ]
        var keys: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for pointer in keys + values { free(UnsafeMutablePointer(mutating: pointer)) } }
        guard let opened = PQconnectdbParams(&keys, &values, 1) else { throw .unavailable("no memory is left") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let words = PostgreSQLConnection.words(PQerrorMessage(opened))
            PQfinish(opened)
            throw .unavailable(words)
        }
        ignore_notices(opened)
        PQsetnonblocking(opened, 1)
        connection = opened
    }

    deinit { PQfinish(connection) }

    /// Runs one statement and hands over its rows, one after the other.
    ///
    /// - Parameter row: given the values of a row; nil for NULL.
    package func run(
        _ statement: String, _ values: [PostgreSQLValue] = [], timeoutMilliseconds: UInt64, row: ([[UInt8]?]) -> Void = { _ in }
    ) throws(PostgreSQLFault) {
        try send(statement, values)
        let end = PostgreSQLConnection.clock() + timeoutMilliseconds
        var fault: PostgreSQLFault?
        while let result = try next(until: end) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: continue
            case PGRES_TUPLES_OK:
                for line in 0..<PQntuples(result) { row((0..<PQnfields(result)).map { PostgreSQLConnection.value(result, line, $0) }) }
            default:
                fault = .refused(
                    code: PQresultErrorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) } ?? "",
                    PostgreSQLConnection.words(PQresultErrorMessage(result)))
            }
        }
        if PQstatus(connection) != CONNECTION_OK { throw .unavailable(PostgreSQLConnection.words(PQerrorMessage(connection))) }
        // 57P01 to 57P03: the server is going down, or coming up; 53: it has no room; 08: the connection broke.
        if case .refused(let code, let words)? = fault, code.isEmpty || code.hasPrefix("57P0") || code.hasPrefix("53") || code.hasPrefix("08") {
            throw .unavailable(words)
        }
        if let fault { throw fault }
    }

    private func send(_ statement: String, _ values: [PostgreSQLValue]) throws(PostgreSQLFault) {
        let encoded = values.map(\.encoded)
        let types = values.map(\.type)
        let lengths = encoded.map { CInt($0.count) }
        let formats = [CInt](repeating: 1, count: values.count)
        // One block of memory, so that no value moves while libpq copies it.
        var offset = 0
        let starts = encoded.map { bytes in
            defer { offset += bytes.count }
            return offset
        }
        // A value of no bytes still needs a place, or it would be NULL.
        let joined = Array(encoded.joined()) + [0]
        let isSent = joined.withUnsafeBufferPointer { buffer in
            let places: [UnsafePointer<CChar>?] = starts.map { UnsafeRawPointer(buffer.baseAddress! + $0).assumingMemoryBound(to: CChar.self) }
            return PQsendQueryParams(connection, statement, CInt(values.count), types, places, lengths, formats, 1) == 1
        }
        guard isSent else { throw .unavailable(PostgreSQLConnection.words(PQerrorMessage(connection))) }
    }

    /// The next result of the statement under way; nil after the last.
    private func next(until end: UInt64) throws(PostgreSQLFault) -> OpaquePointer? {
        var isFlushed = false
        while true {
            if !isFlushed {
                let rest = PQflush(connection)
                guard rest >= 0 else { throw .unavailable(PostgreSQLConnection.words(PQerrorMessage(connection))) }
                isFlushed = rest == 0
            }
            if isFlushed, PQisBusy(connection) == 0 { return PQgetResult(connection) }
            let now = PostgreSQLConnection.clock()
            guard now < end else { throw .unavailable("no answer came in time") }
            guard !isStopped() else { throw .stopped }
            var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN) | (isFlushed ? 0 : Int16(POLLOUT)), revents: 0)
            let found = poll(&descriptor, 1, min(PostgreSQLConnection.lookMilliseconds, Int32(clamping: end - now)))
            if found < 0, errno != EINTR { throw .unavailable(String(cString: strerror(errno))) }
            if found > 0, PQconsumeInput(connection) == 0 { throw .unavailable(PostgreSQLConnection.words(PQerrorMessage(connection))) }
        }
    }

    private static func value(_ result: OpaquePointer, _ line: CInt, _ column: CInt) -> [UInt8]? {
        guard PQgetisnull(result, line, column) == 0, let start = PQgetvalue(result, line, column) else { return nil }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, line, column))))
    }

    /// What the server or the library says, on one line.
    private static func words(_ text: UnsafePointer<CChar>?) -> String {
        let words = text.map { String(cString: $0) } ?? ""
        let line = words.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t.")) }.joined(separator: "; ")
        return line.isEmpty ? "the connection broke" : line
    }

    private static func words(_ text: UnsafeMutablePointer<CChar>?) -> String { words(UnsafePointer(text)) }

    private static func clock() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }
}

extension PostgreSQLConnection {
    /// A name as statements have it.
    package static func quoted(_ name: String) -> String { "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }

    /// A text as statements have it.
    package static func literal(_ text: String) -> String { "'" + text.replacingOccurrences(of: "'", with: "''") + "'" }

    /// A number of 8 bytes as the server sends it; nil for anything else.
    package static func number(_ bytes: [UInt8]?) -> Int64? {
        guard let bytes, bytes.count == 8 else { return nil }
        return Int64(bitPattern: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
#endif
