import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Open holds that a snapshot shows and whose transactions, which legs are told with, stand in blocks that are not here.
struct MissingHolds: Sendable {
    /// Heights of blocks that opened them, ascending, each once.
    private(set) var heights: [Height] = []
    private var names: Set<Digest> = []
    var call: UInt64?

    init() {}

    /// Finds the transactions of open holds among stored blocks, and keeps the names of the others.
    init(_ ledger: LedgerState, _ recovered: StoredState, network: Digest, _ legs: inout LegDesk) throws(StoredFault) {
        expect(ledger)
        // The newest block, when a snapshot is of it, is not replayed; what it says of cross transactions is said again (R7).
        if legs.lastCrosses == nil, let newest = try recovered.rows(.blocks, from: ledger.height, limit: 1).first,
            newest.key == ledger.height, !newest.isDamaged, let item = try? FinalBlock(decoding: newest.value, network: network)
        {
            legs.note(item.block)
        }
        for height in heights {
            guard let row = try recovered.rows(.blocks, from: height, limit: 1).first, row.key == height, !row.isDamaged,
                let item = try? FinalBlock(decoding: row.value, network: network)
            else { continue }
            for cross in found(in: item.block) { legs.restore(cross, milliseconds: 0) }
        }
    }

    /// Every open hold of a state is to be found.
    ///
    /// - Parameter isKnown: whether its transaction is here.
    mutating func expect(_ ledger: LedgerState, unless isKnown: (Digest) -> Bool = { _ in false }) {
        let holds = ledger.openHolds.filter { !isKnown($0.xid) }
        names = Set(holds.map(\.xid))
        heights = holds.reduce(into: []) { if $0.last != $1.openedHeight { $0.append($1.openedHeight) } }
    }

    /// Takes out those that a block opened. The xid is the hash of what was signed.
    mutating func found(in block: Block) -> [CrossTransaction] {
        heights.removeAll { $0 == block.header.height }
        return block.transactions.compactMap { transaction in
            guard case .open(let cross) = transaction.kind, names.remove(cross.xid) != nil else { return nil }
            return cross
        }
    }
}

extension ValidatorRole {
    /// Whether the role may catch up by a snapshot: only over blocks that its notary has judged and followed before (R7). It takes one at
    /// or below the block that it is bound to, and follows block by block from there; so does one that has never followed the chain.
    static func mayJump(_ bound: FollowedBlock?, _ stored: ChainRecovery) -> Bool {
        bound.map { (stored.newest?.header.height ?? 0) < $0.height } ?? false
    }

    /// Goes on from a final block further up, which certificates show to be final.
    mutating func adopt(_ snapshot: FetchedSnapshot) -> [RoleEffect] {
        let header = snapshot.final.header
        guard isFollowing, header.height > tipHeight else { return [] }
        guard mayFollow(header) else { return contradictBound(header) }
        tree = tree.standing(at: header, snapshot.ledger)
        finalProof = snapshot.final
        tip = header
        branch.followed = [header.height: .init(final: snapshot.final, crosses: nil)]
        pending.forget(throughSlot: tipSlot)
        missingHolds.expect(tree.ledger)
        legs.forgetLast()
        moveMined()
        let operations = bind(to: header) + forgetCandidates()
        return [.persist(operations)] + snapshots.adopt(snapshot.stored) + sayHead() + askHolds()
    }

    /// Asks for the next block that opened a hold whose transaction is not here.
    mutating func askHolds() -> [RoleEffect] {
        guard missingHolds.call == nil, let height = missingHolds.heights.first else { return [] }
        let call = Calls.holds + nextToken()
        missingHolds.call = call
        return [
            .call(
                call, service: Service.name(.consensus, chain: context.address.chain),
                .fetchBlocks(chain: context.address.chain, from: height, limit: 1), timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// - Returns: nil when the call was no such question.
    mutating func holdsAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard call == missingHolds.call else { return nil }
        missingHolds.call = nil
        guard case .blocks(let blocks, _) = response, let block = blocks.first?.block, block.header.height == missingHolds.heights.first,
            let final = blocks.first?.final, tree.finalityFault(in: final) == nil
        else {
            return [.setTimer(Timers.holds, afterMilliseconds: network.timing.fetchMilliseconds)]
        }
        for cross in missingHolds.found(in: block) where cross.signatureChecks(network: network.id).allSatisfy(context.verify) {
            if tree.ledger.cross(cross.xid)?.holdStatus == .held { legs.restore(cross, milliseconds: now.monotonicMilliseconds) }
        }
        return sendLegs(at: now) + askHolds()
    }
}
