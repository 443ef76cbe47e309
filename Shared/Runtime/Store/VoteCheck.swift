import RoleKit
import Wire

/// Compares the two records of a role's votes when it starts.
///
/// The log is written before the database commits, so after a crash it may be ahead by the one commit that was under way;
/// its end may be torn. Anything else means that one of the two was lost, changed or set back.
struct VoteCheck {
    /// Why the role must not sign; nil when all is well.
    private(set) var mismatch: String?
    /// Votes of the commit that the crash cut off.
    private(set) var adopted: [VoteRow] = []

    private struct Key: Hashable {
        var chain: ChainID
        var epoch: Epoch
        var slot: Slot
        var duty: VoteDuty

        init(_ vote: VoteRow) { (chain, epoch, slot, duty) = (vote.chain, vote.epoch, vote.slot, vote.duty) }
    }

    init(_ content: VoteLogContent?, _ votes: [VoteRow], batch: UInt64, forgottenBelow: Slot) {
        guard let content else {
            if batch > 0 { mismatch = "votes.log is missing" }
            return
        }
        let newest = content.records.last?.batch ?? 0
        if batch > 0, newest < batch {
            // A log that was written anew without forgotten votes may be empty.
            let isCompacted = content.isWhole && votes.isEmpty && content.records.isEmpty
            guard isCompacted else {
                mismatch = content.isWhole
                    ? "votes.log ends before the newest votes of the database" : "votes.log is damaged at byte \(content.wholeByteCount)"
                return
            }
        }
        guard newest <= batch + 1 else {
            mismatch = "the database is older than votes.log"
            return
        }
        var logged: [Key: VoteRow] = [:]
        for record in content.records where record.batch <= batch && record.vote.slot >= forgottenBelow {
            logged[Key(record.vote)] = record.vote
        }
        for vote in votes where vote.slot >= forgottenBelow {
            guard logged.removeValue(forKey: Key(vote)) == vote else {
                mismatch = "a vote for slot \(vote.slot) of \(vote.chain) is not in votes.log"
                return
            }
        }
        if let lost = logged.values.min(by: { $0.slot < $1.slot }) {
            mismatch = "a vote for slot \(lost.slot) of \(lost.chain) is not in the database"
            return
        }
        adopted = content.records.filter { $0.batch == batch + 1 }.map(\.vote)
    }
}
