import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Calls that fetch a snapshot are numbered from here.
    static let snapshotCalls: UInt64 = 1 << 39
    /// Calls and reads that repair a stored block are numbered from here.
    static let repairNumbers: UInt64 = 1 << 38
    /// Calls that read the notary chain are numbered from here.
    static let readerCalls: UInt64 = 1 << 34
    /// Calls that ask this notary's validators how they stand are numbered from here.
    static let standCalls: UInt64 = 1 << 35

    /// A part of a snapshot has come, or nothing did.
    mutating func fetched(_ step: SnapshotFetch.Step, at now: Moment) -> [RoleEffect] {
        guard let snapshot = step.snapshot, snapshot.final.header.height > tree.finalHeight else {
            return step.effects + (step.hasFailed ? askForBlocks(at: now) : [])
        }
        return step.effects + adopt(snapshot, at: now) + askForBlocks(at: now)
    }

    /// Goes on from a final block further up. The certificates show that block to be final, its state root that the state is its own.
    private mutating func adopt(_ snapshot: FetchedSnapshot, at now: Moment) -> [RoleEffect] {
        let header = snapshot.final.header
        tree = tree.standing(at: header, snapshot.ledger)
        finalProof = snapshot.final
        lastFinalMilliseconds = now.monotonicMilliseconds
        candidates = CandidateBook()
        recentFinals.removeAll()
        let effects: [RoleEffect] = [.persist(overtaken), .note("caught up to height \(header.height) of \(chain) by a snapshot")]
        return effects + snapshots.adopt(snapshot.stored) + take(snapshot.final.finality, at: now) + sayLead(at: now)
    }
}
