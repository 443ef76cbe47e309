import Cryptography
import RoleKit
import Wire

/// A sub-chain whose nodes all lie. At a drawn moment they part into two groups that hear only themselves; each votes with
/// everybody's keys, so that each makes its own history final. Notaries hear both, some of them one first, some the other.
struct Conspiracy {
    let chain: ChainID
    /// Every node's signer.
    let signers: [Signer]
    /// When they part, microseconds.
    let partAt: UInt64
    var hasParted = false
    /// Final blocks that are shown to nobody until both histories have one, by group.
    var heldBack: [[(message: Message, topic: Topic, instance: Int)]] = [[], []]
    var hasShown = false

    /// Which history a node of any chain belongs to, or is to see first.
    static func group(_ node: Int) -> Int { node % 2 }
}

extension World {
    /// Makes a sub-chain corrupt, if the seed has that: the last one, so that the others can still trade when there are three.
    func conspire(_ cast: Cast) {
        guard plan.has(.corruptChain), let chain = founding.chains.last, chain.nodes.count >= 4 else { return }
        conspiracy = Conspiracy(
            chain: chain.id, signers: chain.nodes.compactMap { cast.nodeSigners[$0.id] },
            partAt: random.below(plan.faultsEndMicroseconds))
        judge.corrupt = chain.id
        for node in chain.nodes { judge.liars.insert(node.key) }
    }

    /// The nodes of the corrupt chain part.
    func part() {
        guard var plot = conspiracy, !plot.hasParted, now >= plot.partAt else { return }
        plot.hasParted = true
        conspiracy = plot
        tally.add(.corruptChain)
        log?(now, "\(plot.chain) parts into two histories")
        for instance in instances where instance.address.chain == plot.chain && instance.address.role == .consensus { conspire(instance, plot) }
    }

    /// Gives a consensus role of the corrupt chain everybody's keys.
    func conspire(_ instance: Instance, _ plot: Conspiracy) {
        guard plot.hasParted, instance.address.role == .consensus, instance.address.chain == plot.chain,
            var liar = instance.core as? ByzantineCore
        else { return }
        instance.core = nil
        liar.accomplices = plot.signers
        instance.core = liar
    }

    /// Holds the first final blocks of both histories back, so that notaries go on signing both; then shows them all at once.
    func isHeldBack(_ message: Message, on topic: Topic, by instance: Instance) -> Bool {
        guard case .final(let final) = message, var plot = conspiracy, plot.hasParted, !plot.hasShown, isFaulty, final.header.chain == plot.chain,
            isOf(plot, instance)
        else { return false }
        plot.heldBack[Conspiracy.group(instance.node)].append((message, topic, instance.index))
        plot.hasShown = plot.heldBack.allSatisfy { !$0.isEmpty }
        let shown = plot.hasShown ? plot.heldBack.flatMap { $0 } : []
        if plot.hasShown { plot.heldBack = [[], []] }
        conspiracy = plot
        for item in shown { publish(item.message, on: item.topic, by: instances[item.instance]) }
        return true
    }

    /// Whether the parted chain keeps a frame of its own from somebody: from the other group, and its final blocks, mostly, from those
    /// who are to see the other history first.
    func isKeptApart(_ message: Message, from receiver: Instance, by instance: Instance) -> Bool {
        guard let plot = conspiracy, plot.hasParted, isOf(plot, instance) else { return false }
        let isSameGroup = Conspiracy.group(receiver.node) == Conspiracy.group(instance.node)
        if isOf(plot, receiver) { return !isSameGroup }
        guard case .final = message else { return false }
        return !isSameGroup && random.below(4) > 0
    }

    /// Whether an instance is one of the corrupt chain's own nodes: the validators that watch it are the notaries'.
    private func isOf(_ plot: Conspiracy, _ instance: Instance) -> Bool {
        instance.address.chain == plot.chain && instance.address.role != .validator
    }
}
