/// Why a key file could not be read or written. Holds no part of any secret.
package struct KeyFileFault: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Problem: Hashable, Sendable {
        case missing
        case alreadyThere
        /// The path names a folder, a socket or the like.
        case notAFile
        /// Others than the owner may read or write; the mode's lowest nine bits.
        case tooOpen(mode: UInt32)
        /// Made by a later release.
        case futureVersion(Int)
        /// The text is not what was written; says which part.
        case damaged(String)
        case wrongKind(expected: KeyFile.Kind, found: KeyFile.Kind)
        /// Sealed, and no passphrase was given.
        case passphraseNeeded
        case wrongPassphrase
        /// An empty passphrase seals nothing.
        case emptyPassphrase
        /// Public and secret key are not of one pair.
        case mismatch
        /// The memory that sealing needs is not to be had, in bytes.
        case outOfMemory(byteCount: Int)
        /// The system refused a step.
        case system(step: String, reason: String)
    }

    /// The file's path, as it was given.
    package var path: String
    package var problem: Problem

    package init(_ path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }
}

extension KeyFileFault: CustomStringConvertible {
    /// What, where, and what to do, for people.
    package var description: String { "\(summary). \(advice)" }

    /// What and where, without a full stop.
    package var summary: String { "key file \(path): \(what)" }

    private var what: String {
        switch problem {
        case .missing: "there is no such file"
        case .alreadyThere: "there is a file already, and keys are never overwritten unasked"
        case .notAFile: "this is no ordinary file"
        case .tooOpen(let mode): "others may open it (mode 0\(String(mode, radix: 8)))"
        case .futureVersion(let version): "it has version \(version), this release knows up to \(KeyFile.version)"
        case .damaged(let part): "it is damaged: \(part)"
        case .wrongKind(let expected, let found): "it holds a key of kind \(found.rawValue) instead of \(expected.rawValue)"
        case .passphraseNeeded: "it is sealed with a passphrase, and none was given"
        case .wrongPassphrase: "the passphrase does not open it"
        case .emptyPassphrase: "an empty passphrase protects nothing"
        case .mismatch: "its public key does not belong to its secret key"
        case .outOfMemory(let byteCount): "the passphrase needs \(byteCount / 1_048_576) MiB of memory, which are not free"
        case .system(let step, let reason): "the system refused to \(step): \(reason)"
        }
    }

    /// What to do, a sentence.
    package var advice: String {
        switch problem {
        case .missing: "Check the path, or make a key first."
        case .alreadyThere: "Choose another path, or move the old file away if its key is no longer needed."
        case .notAFile: "Name the file itself."
        case .tooOpen: "Run: chmod 600 \(path)"
        case .futureVersion: "Update this program, or use the release that wrote the file."
        case .damaged: "Restore it from a backup; it cannot be repaired."
        case .wrongKind: "Name the other key file; they are easily mixed up."
        case .passphraseNeeded: "Give the file that holds it: --passphrase-file FILE."
        case .wrongPassphrase: "Try again; mind capitals and the keyboard's language."
        case .emptyPassphrase: "Give a passphrase, or none at all for a plain file."
        case .mismatch: "Somebody has edited it; restore it from a backup."
        case .outOfMemory: "Free some memory and try again."
        case .system: "Check the owner and mode of the file and its folder, and the free space."
        }
    }
}
