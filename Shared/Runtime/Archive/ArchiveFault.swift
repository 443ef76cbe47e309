/// Why an archive beside a recorder's store cannot be used: what, where, and what to do.
package struct ArchiveFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Problem: Hashable, Sendable {
        /// It does not answer, or not in time.
        case unavailable(String)
        /// It answers, and says no.
        case refused(String)
        /// It is another network's or another recorder's.
        case wrongOwner(found: String, expected: String)
        case futureVersion(found: String, known: Int)
        /// There is no archive of this recorder there.
        case missing
        /// Blocks have left the store, and it does not say any more for where.
        case placeUnknown
        /// This build has no PostgreSQL.
        case notBuiltIn
        /// Whoever asked does not want to know any more.
        case stopped
    }

    /// Where the archive is.
    package var place: String
    package var problem: Problem

    package init(_ place: String, _ problem: Problem) {
        self.place = place
        self.problem = problem
    }

    /// Whether trying again cannot help: what was asked for, or this program, has to be changed first.
    package var isLasting: Bool {
        switch problem {
        case .wrongOwner, .futureVersion, .missing, .placeUnknown, .notBuiltIn: true
        case .unavailable, .refused, .stopped: false
        }
    }

    /// What, where, and what to do.
    package var description: String { "\(summary). \(advice)" }

    /// What and where, without a full stop.
    package var summary: String { "\(place): \(what)" }

    /// What, without where.
    package var what: String {
        switch problem {
        case .unavailable(let reason): "the archive does not answer: \(reason)"
        case .refused(let reason): "the archive refuses: \(reason)"
        case .wrongOwner(let found, let expected): "this is the archive of \(found), not of \(expected)"
        case .futureVersion(let found, let known): "the archive's version \(found) is newer than this program, which knows version \(known)"
        case .missing: "there is no archive of this recorder"
        case .placeUnknown: "older blocks of this recorder are in an archive, and its note of where is damaged"
        case .notBuiltIn: "this program was built without PostgreSQL"
        case .stopped: "nobody waits for it any more"
        }
    }

    /// What to do, a sentence.
    package var advice: String {
        switch problem {
        case .unavailable: "See whether it runs and can be reached; the recorder goes on, keeps its blocks until then, and tries again by itself."
        case .refused: "See what its owner may do there; the recorder goes on, keeps its blocks until then, and tries again by itself."
        case .wrongOwner: "Name another database or folder with --archive."
        case .futureVersion: "Update this program."
        case .missing, .placeUnknown: "Name the database or folder that it copies its blocks to with --archive."
        case .notBuiltIn: "Build it with PostgreSQL: swift build -c release --traits PostgreSQL --product concordat (it needs libpq-dev)."
        case .stopped: "Ask again."
        }
    }
}
