import Cryptography
import RoleKit
import Wire

/// A sub-chain whose nodes all stop at a drawn moment. The notaries freeze it for its silence; its operators may have it thawed.
struct DeadChain {
    let chain: ChainID
    /// When its nodes stop, microseconds.
    let at: UInt64
    /// Whether its nodes come back, and the notaries' operators thaw it.
    let comesBack: Bool
    var hasDied = false
    var hasReturned = false
}

extension World {
    /// Draws which chain will die: the last one, unless it is a mined one, which cannot be frozen.
    func doom() {
        guard plan.has(.deadChain), conspiracy == nil, let chain = founding.chains.last, chain.engine != .pow else { return }
        dead = DeadChain(chain: chain.id, at: 500_000 + random.below(plan.faultsEndMicroseconds), comesBack: random.below(2) == 0)
        judge.corrupt = chain.id
        judge.isDead = true
    }

    /// Whether an instance runs no more.
    func isDead(_ instance: Instance) -> Bool {
        guard let dead, dead.hasDied, !dead.hasReturned else { return false }
        return instance.address.chain == dead.chain && instance.address.role != .validator
    }

    /// All nodes of the chain stop.
    func die() {
        guard let chain = dead?.chain else { return }
        dead?.hasDied = true
        tally.add(.deadChain)
        log?(now, "\(chain) dies")
        for instance in instances where isDead(instance) { crash(instance, .crashNode) }
    }

    /// The nodes come back.
    func revive() {
        dead?.hasReturned = true
        for instance in instances where instance.address.chain == dead?.chain && !instance.isRunning {
            queue.push(.start(instance: instance.index), at: now + random.below(100_000))
        }
    }

    /// Whether the nodes of a chain hold final blocks that nobody recorded, or have notarized one: after a freeze those count for nothing,
    /// and Simplex does not let go of them.
    func hasVoidBlocks(_ chain: ChainID) -> Bool {
        guard let description = network.chain(chain) else { return false }
        let blocks = judge.history.blocks(of: chain)
        if Height(blocks.count) > judge.replay.recordedHeight(of: chain) { return true }
        let electorate = description.genesisElectorate
        let last = blocks.last?.header.slot ?? 0
        return (last + 1...last + description.slotsAhead).contains { judge.votes.mayBeNotarized(chain, slot: $0, by: electorate) }
    }

    /// Candidates that a chain's nodes have made above their final blocks, by slot.
    func undecidedCandidates(_ chain: ChainID) -> [(slot: Slot, hashes: [Digest])] {
        guard let description = network.chain(chain) else { return [] }
        let last = judge.history.blocks(of: chain).last?.header.slot ?? 0
        return (last + 1...last + description.slotsAhead).map { ($0, judge.votes.candidates(chain, slot: $0)) }.filter { !$0.hashes.isEmpty }
    }

    /// Whether one of these has been notarized since: votes for it lay on disks and had not been sent.
    func isNotarized(_ candidates: [(slot: Slot, hashes: [Digest])], of chain: ChainID) -> Bool {
        guard let description = network.chain(chain) else { return false }
        return candidates.contains { slot, hashes in
            judge.votes.mayBeNotarized(chain, slot: slot, by: description.genesisElectorate, among: hashes)
        }
    }
}

/// The operators of the notaries: have a chain thawed.
final class FreezeOperators: SimulatedClient {
    let name = "freeze-operators"
    private var index = 0
    private var lastCall: UInt64 = 0

    func join(_ world: World) { index = world.add(self) }

    /// Every operator tells its own recorder, with the signatures of all keys that its notary has: the ones of the current epoch count.
    func thaw(_ chain: ChainID, since: Height, _ cast: Cast, world: World) {
        let signers = world.network.notary.listed.flatMap { node in
            [cast.nodeSigners[node.id], cast.freshSigners[node.id]].compactMap { signer in signer.map { (node, $0) } }
        }
        for (node, signer) in signers {
            let consent = Consent(chain: chain, wish: .thaw, since: since, network: world.network.id, signer: signer)
            lastCall += 1
            world.request(
                Service.name(.recorder, chain: .notary, node: node.id), .consent(consent), client: index, id: lastCall, timeoutMilliseconds: 3_000)
        }
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {}
    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}
