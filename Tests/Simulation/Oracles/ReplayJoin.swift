import Cryptography
import Wire

extension ReplayState {
    /// Sub-chains as of this state: those that the network began with, then those that have joined.
    func chains(_ network: Network) -> [ChainDescription] { Array(network.founding) + joined }
}

extension ReplayOracle {
    func genesisHash(of chain: ChainID) -> Digest { ReplayOracle.genesisHash(of: chain, network) }

    /// What stands for a chain before its first block.
    static func genesisHash(of chain: ChainID, _ network: Network) -> Digest {
        let tag = Array("concordat/1/genesis".utf8) + [0] + network.id.bytes
        guard let entry = network.joined.first(where: { $0.chain.id == chain }) else { return Blake2b.hash(tag + Array(chain.description.utf8)) }
        return Blake2b.hash(tag + CertificateOracle.padded(chain) + Blake2b.hash(entry.body.bytes).bytes)
    }

    /// A chain joins: new in name and nodes, signed by each of them, admitted by more than two thirds of the notaries.
    mutating func join(_ join: Join, _ outcome: Outcome, in header: BlockHeader, to state: inout ReplayState) throws(ReplayFault) {
        try demand(outcome == .applied, "a chain that joins cannot be rejected")
        let chain = join.body.chain
        try demand(state.chain == .notary, "joins elsewhere than on the notary chain")
        let known = state.chains(network)
        try demand(!known.contains { $0.id == chain.id } && known.count < 24, "joins a chain that there is, or one too many")
        let others = network.notary.listed + known.flatMap(\.nodes)
        let keys = Set(others.map(\.key) + state.election.stands.values.map(\.key))
        try demand(chain.nodes.allSatisfy { node in !others.contains { $0.id == node.id } && !keys.contains(node.key) }, "joins with another chain's node")
        try demand(chain.genesisTime <= header.fields.time, "joins before its genesis time")
        try demand(join.signatures.count == chain.nodes.count, "joins without all of its nodes")
        for (node, signature) in zip(chain.nodes, join.signatures) { try signed(node.key, signature, "join", join.body.bytes) }
        let notaries = election.notaries(of: election.epoch(ofSlot: header.slot)) ?? []
        let signers = Set(join.admissions.map(\.key))
        try demand(signers.isSubset(of: notaries) && signers.count == join.admissions.count, "joins by the word of strangers")
        try demand(3 * signers.count > 2 * notaries.count, "joins though too few notaries admit it")
        for item in join.admissions { try signed(item.key, item.signature, "admit", Blake2b.hash(join.body.bytes).bytes) }
        let place = Array(CertificateOracle.number(UInt64(state.joined.count)).suffix(2))
        let epoch = CertificateOracle.number(UInt64(election.terms.count - 1))
        state.add(chain, place + CertificateOracle.number(header.height) + epoch + join.body.bytes)
        election.joined(chain.id)
        counted.add(.chainJoined)
    }
}
