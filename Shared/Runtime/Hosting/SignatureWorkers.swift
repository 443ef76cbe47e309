import Cryptography
import Dispatch
import RoleKit

/// Checks signatures away from the role's thread when there are many of them.
package enum SignatureWorkers {
    /// Up to so many are checked where they are asked for: handing them over would cost more.
    package static let inlineMaximum = 8
    /// Checks that one thread takes at a time.
    package static let chunk = 64

    /// Answers a `.check` through the mailbox, at once for a few, else from all cores.
    package static func check(token: UInt64, _ checks: [SignatureCheck], into mailbox: RoleMailbox) {
        guard checks.count > inlineMaximum else {
            return mailbox.leave(.checked(token: token, checks.map(\.holds)))
        }
        DispatchQueue.global().async {
            mailbox.leave(.checked(token: token, answers(checks)))
        }
    }

    /// Whether each signature holds, in order, on all cores.
    package static func answers(_ checks: [SignatureCheck]) -> [Bool] {
        let count = (checks.count + chunk - 1) / chunk
        let results = [Bool](unsafeUninitializedCapacity: checks.count) { buffer, initialized in
            nonisolated(unsafe) let base = buffer.baseAddress!
            DispatchQueue.concurrentPerform(iterations: count) { part in
                for index in part * chunk..<min((part + 1) * chunk, checks.count) {
                    (base + index).initialize(to: checks[index].holds)
                }
            }
            initialized = checks.count
        }
        return results
    }
}
