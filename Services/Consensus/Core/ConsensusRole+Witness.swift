import Cryptography
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Calls that ask peers what this node has signed are numbered from here.
    static let witnessCalls: UInt64 = 1 << 37

    /// Asks the peers that have not answered yet, and takes part in consensus once enough have (V-10).
    mutating func askWitnesses(at now: Moment) -> [RoleEffect] {
        guard !witness.isDone else { return [] }
        if witness.mustNotSign { return refuseToSign() }
        if hasWitnesses { return beginToSign(at: now) }
        let key = witnessedKey
        var effects: [RoleEffect] = []
        for peer in witness.unasked {
            let call = ConsensusRole.witnessCalls + nextToken()
            witness.asked(peer, call: call)
            effects.append(
                .call(
                    call, service: Service.name(.consensus, chain: chain, node: peer),
                    .fetchSigned(chain: chain, signer: key), timeoutMilliseconds: network.timing.fetchMilliseconds * 2))
        }
        return effects + [.setTimer(Timers.witness, afterMilliseconds: witness.pauseMilliseconds(network.timing))]
    }

    /// - Returns: nil when the call was no such question.
    mutating func witnessAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard case .signed(let votes) = response else { return witness.finish(call, isAnswered: false) ? [] : nil }
        guard witness.finish(call, isAnswered: true) else { return nil }
        guard !witness.isDone else { return [] }
        let key = witnessedKey
        let foreign = votes.first { vote in
            vote.voter == key && vote.statement.chain == chain && !witness.knows(vote.statement)
                && context.verify(vote.check(network: network.id))
        }
        if foreign != nil { return refuseToSign() }
        return hasWitnesses ? beginToSign(at: now) : []
    }

    /// Whether those that have answered could not all have missed a vote that counted in a slot that is open.
    private var hasWitnesses: Bool {
        let slots = [tree.finalSlot + 1, tree.finalSlot + tree.chain.slotsAhead]
        return witness.isSatisfied(slots.compactMap { book.electorate(of: chain, slot: $0) }, own: context.address.node)
    }

    /// The key of this node that is asked about: the one it votes with next.
    private var witnessedKey: PublicKey {
        let electorate = book.electorate(of: chain, slot: tree.finalSlot + 1)
        return electorate.flatMap { context.keys.seat(in: $0)?.signer.publicKey } ?? context.signer.publicKey
    }

    private mutating func beginToSign(at now: Moment) -> [RoleEffect] {
        witness.isDone = true
        return [.cancelTimer(Timers.witness)] + step(.started, at: now) + judgeAll(at: now)
    }

    /// The record of what this node has signed is not whole: it follows the chain and signs nothing with this key, ever.
    private mutating func refuseToSign() -> [RoleEffect] {
        witness.isDone = true
        witness.mustNotSign = true
        return [
            .cancelTimer(Timers.witness), .persist([.put(.facts, key: Facts.mustNotSign, value: [1])]),
            .raise(
                code: "votes_lost",
                detail: "votes by the key of \(context.address.node) are known on \(chain) that are not in its record: it follows the chain and "
                    + "signs nothing. Give the node a new key, or restore the folder of this role as it was when it last ran",
                severity: .critical),
        ]
    }
}
