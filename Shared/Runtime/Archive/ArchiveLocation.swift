import Foundation

/// Where a recorder keeps its older blocks when not in its own store: a folder on another disk, or a PostgreSQL database.
package enum ArchiveLocation: Hashable, Sendable, CustomStringConvertible {
    /// A folder with one SQLite file for each recorder.
    case folder(String)
    /// What libpq takes: `postgresql://USER@HOST:PORT/DATABASE`, without a password.
    case postgreSQL(String)

    /// Why a text names no archive.
    package struct Fault: Error, Hashable, Sendable {
        /// A clause; it never holds what may be a password.
        package var problem: String
        /// A sentence.
        package var advice: String
    }

    private static let folderPrefix = "sqlite:"
    private static let serverPrefixes = ["postgresql://", "postgres://"]
    /// Parameters of an address that hold a secret.
    private static let secretNames = ["password", "sslpassword", "passwd"]

    /// Reads `sqlite:/mnt/archive` or `postgresql://…`.
    ///
    /// A password is refused: an address stands in lists of processes, in logs and in the recorder's store.
    package init(_ text: String) throws(Fault) {
        if text.hasPrefix(ArchiveLocation.folderPrefix) {
            let path = String(text.dropFirst(ArchiveLocation.folderPrefix.count))
            guard path.hasPrefix("/") else {
                throw Fault(problem: "\(text) names no folder by its whole path", advice: "Write it like sqlite:/mnt/archive.")
            }
            self = .folder(path)
        } else if let prefix = ArchiveLocation.serverPrefixes.first(where: { text.hasPrefix($0) }) {
            guard !ArchiveLocation.holdsSecret(text.dropFirst(prefix.count)) else {
                throw Fault(
                    problem: "the address of the archive holds a password, which would stand in lists of processes and in logs",
                    advice: "Leave it out, and put it into a file that PGPASSFILE names, into PGPASSWORD, or into a service file (docs/operations.md).")
            }
            self = .postgreSQL(text)
        } else {
            throw Fault(
                problem: "the address of the archive begins with none of sqlite: and postgresql://",
                advice: "For example postgresql://concordat@db.example/ledger, or sqlite:/mnt/archive.")
        }
    }

    /// Whether what follows `postgresql://` has a password before the host or among its parameters.
    private static func holdsSecret(_ rest: Substring) -> Bool {
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // Nobody's host has an `@`: whatever stands before the last one is a user, and what follows a colon there is a password.
        let authority = parts[0].prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") { return true }
        // A password that is not encoded may hold a slash.
        if let at = parts[0].lastIndex(of: "@"), at >= authority.endIndex { return true }
        guard parts.count == 2 else { return false }
        return parts[1].split(separator: "&").contains { parameter in
            let name = parameter.prefix { $0 != "=" }
            return secretNames.contains((name.removingPercentEncoding ?? String(name)).lowercased())
        }
    }

    /// As it is given, noted and shown.
    package var description: String {
        switch self {
        case .folder(let path): ArchiveLocation.folderPrefix + path
        case .postgreSQL(let address): address
        }
    }

    /// Whether this build can read and write there.
    package var isBuiltIn: Bool {
        switch self {
        case .folder: true
        case .postgreSQL:
#if PostgreSQL
            true
#else
            false
#endif
        }
    }
}
