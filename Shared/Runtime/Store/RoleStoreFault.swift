import Cryptography
import RoleKit
import Wire

/// Why a role's store could not be opened, read or written: the world's fault, with what to do.
package struct RoleStoreFault: Error, Sendable, CustomStringConvertible {
    /// What is wrong with the store.
    package enum Problem: Hashable, Sendable {
        /// Another process holds the folder's lock; its id, 0 when it cannot be told.
        case locked(processID: Int32)
        case wrongNetwork(found: String, expected: String)
        case wrongRole(found: String, expected: String)
        case futureVersion(found: Int, known: Int)
        /// The file is an SQLite database, but none of ours.
        case foreignFile
        /// No space is left; nothing of the turn was written.
        case diskFull
        /// The disk could not write or sync: what it said it had may be lost, and nothing may be tried again.
        case diskFailed(String)
        /// A second, different vote under one key. Nothing of the turn was written.
        case voteConflict(chain: String, epoch: UInt64, slot: UInt64, duty: UInt8)
        /// The database and the log of votes tell different stories.
        case votesDiffer(String)
        /// The store is new, and the key has signed for this role before: the mark that says so.
        case storeLost(mark: String)
        /// A row holds something else than this program writes; the table is nil for votes.
        case unreadable(table: String?, key: UInt64, problem: String)
        /// The system or the database refused.
        case refused(String)
    }

    /// The role's folder, or a file in it.
    package var path: String
    package var problem: Problem

    /// What a core says of a row, with the file it is in.
    package init(_ fault: StoredFault, folder: String) {
        self.init("\(folder)/store.sqlite", .unreadable(table: fault.table?.rawValue, key: fault.key, problem: fault.problem))
    }

    package init(_ path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// Whether starting again cannot help: the folder, or the program, has to be changed first.
    package var isLasting: Bool {
        switch problem {
        case .wrongNetwork, .wrongRole, .futureVersion, .foreignFile, .votesDiffer, .voteConflict, .storeLost, .unreadable: true
        case .locked, .diskFull, .diskFailed, .refused: false
        }
    }

    /// Whether the disk could not write or sync.
    package var isDiskFailure: Bool { if case .diskFailed = problem { true } else { false } }

    /// Whether the role was about to contradict what it has signed.
    package var isConflict: Bool { if case .voteConflict = problem { true } else { false } }

    /// What, where, and what to do.
    package var description: String { "\(summary). \(advice)" }

    /// What and where, without a full stop.
    package var summary: String { "\(path): \(what)" }

    private var what: String {
        switch problem {
        case .locked(0): "another process uses this folder"
        case .locked(let processID): "the process \(processID) uses this folder"
        case .wrongNetwork(let found, let expected): "this is the data of network \(found), not of \(expected)"
        case .wrongRole(let found, let expected): "this is the data of \(found), not of \(expected)"
        case .futureVersion(let found, let known): "its version \(found) is newer than this program, which knows version \(known)"
        case .foreignFile: "this database is none of Concordat's"
        case .diskFull: "no space is left on its disk"
        case .diskFailed(let reason): "the disk has failed: \(reason)"
        case .voteConflict(let chain, let epoch, let slot, let duty):
            "a second, different vote (chain \(chain), epoch \(epoch), slot \(slot), duty \(duty)) was refused"
        case .votesDiffer(let reason): "the record of what this role has signed is not whole: \(reason)"
        case .storeLost(let mark): "it is empty, and the node's key has signed for this role before (\(mark)): what was signed is not known"
        case .unreadable(let table?, let key, let problem): "table \(table), row \(key): \(problem)"
        case .unreadable(nil, let key, let problem): "votes, slot \(key): \(problem)"
        case .refused(let reason): "the system refused: \(reason)"
        }
    }

    /// What to do, a sentence.
    package var advice: String {
        switch problem {
        case .locked: "Stop that process first; one role has one process."
        case .wrongNetwork: "Name the folder of this network, or move this one aside."
        case .wrongRole: "Each role has its own folder; do not copy them."
        case .futureVersion: "Update this program, or use the release that wrote the data."
        case .foreignFile: "Name another folder, or move the file aside."
        case .diskFull: "Free some space; the role goes on by itself."
        case .diskFailed:
            "The role has stopped and tries nothing again, since the disk may have lost what it said it had. Look at the system's log, replace "
                + "or check the disk, then start the role."
        case .voteConflict: "The role has stopped; its software is at fault, please report it with the log."
        case .votesDiffer:
            "Signing with it could contradict an earlier signature, so the role does not start. Restore the folder as it was when the role "
                + "last ran. If that is impossible, move the folder aside and start again: the role then follows the chain without signing, "
                + "until the node has a new identity."
        case .storeLost:
            "Restore the folder as it was when the role last ran. If that is impossible, leave the role stopped: its chain goes on with the "
                + "others. docs/operations.md, Restore, says when the mark may be removed."
        case .unreadable:
            "Nothing was changed. Restore the folder as it was when the role last ran. If that is impossible, move the folder aside and start "
                + "again: the role then follows the chain without signing, until the node has a new identity."
        case .refused: "Check the disk, and the owner and mode of the folder."
        }
    }
}
