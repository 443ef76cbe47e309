import Cryptography
import RoleKit
import Wire

/// Which core plays which role.
package struct RoleKinds: Sendable {
    /// Draws after which a chain has no more liars.
    static let drawsOfLiars = 64

    package var collector: RoleKind
    package var builder: RoleKind
    package var consensus: RoleKind
    package var validator: RoleKind
    package var recorder: RoleKind
    /// Of mined chains; nil where there are none.
    package var minedConsensus: RoleKind?

    package init(
        collector: RoleKind, builder: RoleKind, consensus: RoleKind, validator: RoleKind, recorder: RoleKind, minedConsensus: RoleKind? = nil
    ) {
        self.collector = collector
        self.builder = builder
        self.consensus = consensus
        self.validator = validator
        self.recorder = recorder
        self.minedConsensus = minedConsensus
    }

    /// The consensus of a chain.
    func consensus(of chain: ChainDescription) -> RoleKind {
        guard chain.engine == .pow else { return consensus }
        guard let minedConsensus else { preconditionFailure("a network with a mined chain has its consensus") }
        return minedConsensus
    }
}

extension World {
    /// Adds every instance of a network, as `up` does it.
    package func addAll(_ kinds: RoleKinds, _ cast: Cast, _ shape: Shape) {
        conspire(cast)
        doom()
        snapshots = shape.snapshots
        reminders = shape.reminders
        let fresh = Dictionary(uniqueKeysWithValues: cast.freshSigners.values.map { ($0.publicKey, $0) })
        laterKeys = { fresh[$0] }
        for chain in cast.network.chains {
            let isCorrupt = chain.id == conspiracy?.chain
            let liars = isCorrupt ? Array(chain.nodes.indices) : drawLiars(of: chain)
            for (position, node) in chain.nodes.enumerated() {
                guard let signer = cast.nodeSigners[node.id] else { continue }
                // A liar's collector keeps faith with its clients: what a client's own bank does to it is between the two.
                for replica in 1...(position == 0 ? shape.replicas : 1) {
                    add(
                        kinds.collector, at: RoleAddress(role: .collector, chain: chain.id, node: node.id, replica: replica), signer: signer,
                        habits: isCorrupt ? [.corruptChain] : [])
                }
                let node = Seat(node: node.id, signer: signer, strategy: shape.strategy, habits: liars.contains(position) ? habits(isCorrupt) : [])
                add(kinds.builder, .builder, chain.id, node)
                add(kinds.consensus(of: chain), .consensus, chain.id, node)
            }
        }
        let liars = drawLiars(of: cast.network.notary)
        for (position, node) in cast.network.notary.listed.enumerated() {
            guard let signer = cast.nodeSigners[node.id] else { continue }
            let node = Seat(node: node.id, signer: signer, strategy: shape.strategy, habits: liars.contains(position) ? habits(false) : [])
            for chain in cast.network.chains { add(kinds.validator, .validator, chain.id, node) }
            add(kinds.recorder, .recorder, .notary, node)
            add(kinds.consensus, .consensus, .notary, node)
        }
    }

    /// Adds the instances of a chain that has joined: its own nodes', and a validator at every notary (A16).
    package func addJoined(_ entry: ChainEntry, _ kinds: RoleKinds, _ cast: Cast, _ shape: Shape) {
        network = founding.grown(by: entry)
        let chain = entry.chain
        for node in chain.nodes {
            guard let signer = cast.nodeSigners[node.id] else { continue }
            func add(_ kind: RoleKind, _ role: Role) {
                self.add(
                    kind, at: RoleAddress(role: role, chain: chain.id, node: node.id), signer: signer, strategy: shape.strategy, isLate: true)
            }
            add(kinds.collector, .collector)
            add(kinds.builder, .builder)
            add(kinds.consensus(of: chain), .consensus)
        }
        for node in network.notary.listed {
            guard let signer = cast.nodeSigners[node.id] else { continue }
            let habits = instances.first { $0.address.node == node.id }?.habits ?? []
            add(
                kinds.validator, at: RoleAddress(role: .validator, chain: chain.id, node: node.id), signer: signer, habits: habits, isLate: true)
        }
    }

    private struct Seat {
        var node: String
        var signer: Signer
        var strategy: NotaryStrategy
        var habits: [FaultKind]
    }

    /// Adds a node's signing role; twice, each on its own disk, when the node has a twin.
    private func add(_ kind: RoleKind, _ role: Role, _ chain: ChainID, _ seat: Seat) {
        let address = RoleAddress(role: role, chain: chain, node: seat.node)
        add(kind, at: address, signer: seat.signer, strategy: seat.strategy, habits: seat.habits)
        guard seat.habits.contains(.twins) else { return }
        tally.add(.twins)
        add(kind, at: address, signer: seat.signer, strategy: seat.strategy, habits: seat.habits)
    }

    /// What a liar does; the nodes of a corrupt chain are at one and have no need of small lies.
    private func habits(_ isCorrupt: Bool) -> [FaultKind] { isCorrupt ? [.corruptChain] : plan.byzantine }

    /// Draws which of a chain's nodes lie: fewer than a third.
    private func drawLiars(of chain: ChainDescription) -> [Int] {
        guard !plan.byzantine.isEmpty, random.below(3) > 0 || chain.engine == .pow else { return [] }
        let most = (chain.nodes.count - 1) / 3
        var liars: [Int] = []
        // Where stakes differ, fewer may weigh as much as may be faulty.
        for _ in 0..<RoleKinds.drawsOfLiars where liars.count < most {
            let position = Int(random.below(UInt64(chain.nodes.count)))
            if !liars.contains(position), chain.genesisElectorate.isTolerable(liars + [position]) { liars.append(position) }
        }
        for position in liars { judge.liars.insert(chain.nodes[position].key) }
        return liars
    }
}

extension Electorate {
    /// Whether the whole may work without some members: they weigh less than a third.
    func isTolerable(_ positions: [Int]) -> Bool { 3 * positions.map { members[$0].weight }.reduce(0, +) < members.map(\.weight).reduce(0, +) }
}
