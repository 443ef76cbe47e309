import Cryptography
import Wire

/// A declared contract as the oracles compute it (A14).
struct ReplayContract: Sendable {
    let id: String
    let version: UInt32
    let terms: Contract
    let deployer: PublicKey
    /// Who handed it in.
    let node: PublicKey
    /// Notary block from which on it stands.
    let height: Height
    /// Bytes of the state tree's value.
    let bytes: [UInt8]

    init(_ terms: DeclaredTerms, node: PublicKey, height: Height, _ network: Digest) {
        id = terms.contract.id
        version = terms.contract.version
        deployer = terms.deployer
        self.node = node
        self.height = height
        var contract = terms.contract
        contract.first.reserve = ReplayContract.reserve(of: id, on: contract.first.chain, network)
        contract.second.reserve = ReplayContract.reserve(of: id, on: contract.second.chain, network)
        self.terms = contract
        bytes = CertificateOracle.number(height) + node.bytes + terms.body
    }

    /// What names it in state trees.
    static func name(_ id: String, _ version: UInt32) -> [UInt8] {
        let text = Array(id.utf8)
        return text + [UInt8](repeating: 0, count: 32 - text.count) + CertificateOracle.number(UInt64(version)).suffix(4)
    }

    /// Where what is paid under it goes.
    static func reserve(of id: String, on chain: ChainID, _ network: Digest) -> PublicKey {
        PublicKey(Blake2b.hash(Array("concordat/1/reserve".utf8) + [0] + network.bytes + CertificateOracle.padded(chain) + Array(id.utf8)))
    }
}

extension ReplayOracle {
    /// The header that evidence names, as the block shows it.
    func foreign(_ hash: Digest, of chain: ChainID, in block: ObservedBlock) throws(ReplayFault) -> BlockHeader {
        guard let header = block.foreign.first(where: { $0.header.hash == hash })?.header, header.chain == chain else {
            throw ReplayFault(what: "evidence names a block of \(chain) that is not shown")
        }
        return header
    }

    mutating func takeContract(
        _ transaction: Transaction, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState
    ) throws(ReplayFault) {
        try demand(outcome == .applied, "a contract cannot be rejected")
        switch transaction.kind {
        case .deploy(let deploy): try self.deploy(deploy, at: block.header.height, to: &state)
        case .adopt(let adopt): try self.adopt(adopt, in: block, to: &state)
        default: break
        }
    }

    /// The notary chain takes terms in.
    private mutating func deploy(_ deploy: Deploy, at height: Height, to state: inout ReplayState) throws(ReplayFault) {
        let terms = deploy.terms
        let contract = terms.contract
        try demand(state.chain == .notary, "declares a contract elsewhere than on the notary chain")
        try signed(terms.deployer, deploy.signature, "deploy", terms.body)
        try signed(deploy.node, deploy.nodeSignature, "sponsor", terms.body)
        let chains = state.chains(network).filter { $0.id == contract.first.chain || $0.id == contract.second.chain }
        try demand(chains.count == 2, "declares a contract between chains that the network does not have")
        try demand(chains.allSatisfy { state.statuses[$0.id]?.hasLeft != true }, "declares a contract with a chain that has left")
        try demand(chains.contains { $0.nodes.contains { $0.key == deploy.node } }, "declares a contract that no node of its chains has handed in")
        try demand(!network.contracts.contains { $0.id == contract.id }, "declares what the network's description has")
        let known = state.contracts.filter { $0.id == contract.id }
        try demand(contract.version == UInt32(known.count) + 1, "declares version \(contract.version) after \(known.count)")
        try demand(known.allSatisfy { $0.deployer == terms.deployer }, "declares a version of somebody else's contract")
        let isSameKind = known.allSatisfy { before in
            (before.terms.peg == nil) == (contract.peg == nil)
                && (contract.peg == nil || [before.terms.first.chain, before.terms.second.chain] == [contract.first.chain, contract.second.chain]
                    && [before.terms.first.asset, before.terms.second.asset] == [contract.first.asset, contract.second.asset])
        }
        try demand(isSameKind, "declares another kind of contract than before")
        let recent = state.contracts.count { $0.node == deploy.node && $0.height + 4_096 > height }
        try demand(recent < 64, "is one contract too many of its node")
        state.add(ReplayContract(terms, node: deploy.node, height: height, network.id))
        counted.add(.contractDeclared)
    }

    /// A sub-chain takes in what the notary chain holds. Whether it does is looked at in the end: a block may be seen before the notary block it
    /// relies on.
    private mutating func adopt(_ adopt: Adopt, in block: ObservedBlock, to state: inout ReplayState) throws(ReplayFault) {
        try demand(!state.contracts.contains { $0.id == adopt.id && $0.version == adopt.version }, "takes a contract in a second time")
        let header = try foreign(adopt.evidence.block, of: .notary, in: block)
        try demand(header.height <= block.header.fields.notaryHeight, "takes in terms by a notary block that its block does not know of")
        guard let value = adopt.evidence.proof.value, value.count > 40, let node = PublicKey(value[8..<40]),
            let terms = try? DeclaredTerms(decoding: Array(value[40...]), network: network.id)
        else { throw ReplayFault(what: "takes in what are no terms") }
        let contract = ReplayContract(terms, node: node, height: value[..<8].reduce(0) { $0 << 8 | Height($1) }, network.id)
        try demand(contract.id == adopt.id && contract.version == adopt.version && contract.bytes == value, "takes in another contract than it says")
        let sides = [contract.terms.first, contract.terms.second]
        guard let side = sides.first(where: { $0.chain == state.chain }) else { throw ReplayFault(what: "takes in terms between other chains") }
        state.add(contract)
        if state.accounts[side.reserve] == nil { state.set(ReplayAccount(), side.reserve) }
        if contract.terms.peg == nil { reserves.adopted(side) }
        adopted.append((contract, state.chain, header.height))
        counted.add(.contractAdopted)
    }

    /// Contracts that the notary chain holds and a chain they name does not have, in sentences.
    package func contractsNotAdopted(but excepted: [ChainID]) -> [String] {
        (states[.notary]?.contracts ?? []).flatMap { contract in
            [contract.terms.first.chain, contract.terms.second.chain].compactMap { chain in
                let hasIt = states[chain]?.contracts.contains { $0.bytes == contract.bytes } ?? false
                return hasIt || excepted.contains(chain) ? nil : "\(chain) lacks version \(contract.version) of \(contract.id)"
            }
        }
    }

    /// Invariant 2 for declared contracts: no chain has terms that the notary chain did not take.
    func judgeAdopted(at time: UInt64, _ findings: inout Findings) {
        let held = states[.notary]?.contracts ?? []
        for (contract, chain, height) in adopted {
            let isHeld = held.contains { $0.bytes == contract.bytes && $0.height <= height }
            if !isHeld { findings.report(.replay, "\(chain) has terms of \(contract.id) that the notary chain did not take", at: time) }
        }
    }
}
