import Wire

/// Which core plays which role.
package struct RoleKinds: Sendable {
    package var collector: RoleKind
    package var builder: RoleKind
    package var consensus: RoleKind
    package var validator: RoleKind
    package var recorder: RoleKind

    package init(collector: RoleKind, builder: RoleKind, consensus: RoleKind, validator: RoleKind, recorder: RoleKind) {
        self.collector = collector
        self.builder = builder
        self.consensus = consensus
        self.validator = validator
        self.recorder = recorder
    }
}

extension World {
    /// Adds every instance of a network, as `up` does it.
    package func addAll(_ kinds: RoleKinds, _ cast: Cast, _ shape: Shape) {
        for chain in cast.network.chains {
            for (position, node) in chain.nodes.enumerated() {
                guard let signer = cast.nodeSigners[node.id] else { continue }
                for replica in 1...(position == 0 ? shape.replicas : 1) {
                    add(kinds.collector, at: RoleAddress(role: .collector, chain: chain.id, node: node.id, replica: replica), signer: signer)
                }
                add(kinds.builder, at: RoleAddress(role: .builder, chain: chain.id, node: node.id), signer: signer, strategy: shape.strategy)
                add(kinds.consensus, at: RoleAddress(role: .consensus, chain: chain.id, node: node.id), signer: signer)
            }
        }
        for node in cast.network.notary.nodes {
            guard let signer = cast.nodeSigners[node.id] else { continue }
            for chain in cast.network.chains {
                add(kinds.validator, at: RoleAddress(role: .validator, chain: chain.id, node: node.id), signer: signer)
            }
            add(kinds.recorder, at: RoleAddress(role: .recorder, chain: .notary, node: node.id), signer: signer)
            add(kinds.consensus, at: RoleAddress(role: .consensus, chain: .notary, node: node.id), signer: signer)
        }
    }
}
