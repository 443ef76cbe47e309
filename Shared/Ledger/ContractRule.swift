import Cryptography
import Determinism
import Wire

/// Contracts that are declared while the network runs (A14): the notary chain takes them, then the chains they name.
extension LedgerState {
    /// The notary chain takes terms: they stand from this block on.
    ///
    /// The caller has verified both signatures. Reasons are found in this order: wrongChain; notAllowed when the network does not have one
    /// of the chains, when its description has a contract of this id, when the node is none of those chains', when another client has
    /// declared the version before, when that is no peg and this is one, or the other way round, or a peg changes its sides, or when a peg's
    /// wrapped asset is there from the beginning; superseded when there is this version already; notReady when the version before is missing;
    /// chainLeft when one of the chains
    /// has left; overloaded when the node has handed in as many lately as it may.
    mutating func applyDeploy(_ deploy: Deploy, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        let terms = deploy.terms
        let contract = terms.contract
        let parties = [contract.first.chain, contract.second.chain].compactMap { subChain($0) }
        guard parties.count == 2, !network.contracts.contains(where: { $0.id == contract.id }), parties.contains(where: { $0.hasNode(deploy.node) })
        else { return .invalid(.notAllowed) }
        if contract.version > 1, let before = entry(of: contract.id, version: contract.version - 1) {
            guard before.terms.deployer == terms.deployer, contract.mayFollow(before.terms.contract) else { return .invalid(.notAllowed) }
        }
        // What a peg issues has to be all that there is of the wrapped asset, and its accounts begin empty.
        if contract.peg != nil,
            parties.contains(where: { chain in
                chain.id == contract.second.chain && chain.hasInGenesis(contract.second.asset)
                    || chain.genesis.contains { $0.key == contract.side(of: chain.id)?.reserve }
            })
        {
            return .invalid(.notAllowed)
        }
        guard entry(of: contract.id, version: contract.version) == nil else { return .invalid(.superseded) }
        guard contract.version == 1 || entry(of: contract.id, version: contract.version - 1) != nil else { return .invalid(.notReady) }
        guard !parties.contains(where: { status(of: $0.id)?.hasLeft == true }) else { return .invalid(.chainLeft) }
        let recent = contracts.count { $0.node == deploy.node && $0.height + Limits.contractWindow > block.height }
        guard recent < Limits.contractsPerNode else { return .invalid(.overloaded) }
        insert(ContractEntry(terms: terms, node: deploy.node, height: block.height))
        return .applied
    }

    /// A sub-chain that the terms name takes them in, as the notary chain's state has them, and opens the reserve account.
    ///
    /// Reasons are found in this order: wrongChain on the notary chain, duplicateTransaction when they are here, those of the evidence
    /// (`EvidenceCheck.contract`), wrongChain when the terms do not name this chain.
    mutating func applyAdopt(_ adopt: Adopt, foreign: ForeignBlocks) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        guard entry(of: adopt.id, version: adopt.version) == nil else { return .invalid(.duplicateTransaction) }
        switch EvidenceCheck.contract(adopt.id, version: adopt.version, in: adopt.evidence, foreign: foreign, network: network.id) {
        case .failure(let reason): return .invalid(reason)
        case .success(let entry):
            guard let side = entry.terms.contract.side(of: chain) else { return .invalid(.wrongChain) }
            insert(entry)
            if place(of: side.reserve) == nil { insert(Account(key: side.reserve)) }
            return .applied
        }
    }

    /// A declared contract that this chain knows, with the effects of the open block.
    package func entry(of id: String, version: UInt32) -> ContractEntry? {
        let place = contracts.place(of: id, version)
        guard place < contracts.count, contracts[place].isNamed(id, version) else { return nil }
        return contracts[place]
    }

    /// Terms of a version that count here, with the effects of the open block; nil when there are none.
    package func contract(_ id: String, version: UInt32) -> Contract? { terms(id, version: version) }

    /// Terms that a cross transaction may name here: of the network's description, or declared and taken in.
    func terms(_ id: String, version: UInt32) -> Contract? {
        network.contract(id, version: version) ?? entry(of: id, version: version)?.terms.contract
    }

    private mutating func insert(_ entry: ContractEntry) {
        contracts.insert(entry, at: contracts.place(of: entry.terms.contract.id, entry.terms.contract.version))
    }

    /// The leaves of contracts in which two states differ, with their values in the second.
    func contractChanges(from old: [ContractEntry], to new: [ContractEntry]) -> [StateTree.Change] {
        // Contracts are only added, or taken back, and what stands under a name never changes.
        guard old.count != new.count else { return [] }
        return old.filter { !new.has($0) }.map { (key: $0.stateKey, value: nil) } + new.filter { !old.has($0) }.map { (key: $0.stateKey, value: $0.valueHash) }
    }
}

extension ContractEntry {
    var stateKey: Digest { StateKey.contract(terms.contract.id, version: terms.contract.version) }
    var valueHash: Digest { StateKey.valueHash(encoded) }

    fileprivate func isNamed(_ id: String, _ version: UInt32) -> Bool { terms.contract.version == version && terms.contract.id == id }

    /// Contracts ascend by name, then by version.
    static func precedes(_ left: ContractEntry, _ right: ContractEntry) -> Bool {
        left.terms.name.lexicographicallyPrecedes(right.terms.name)
    }
}

extension [ContractEntry] {
    /// Where a contract stands, or would stand, among contracts that ascend.
    fileprivate func place(of id: String, _ version: UInt32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let found = self[middle].terms.contract
            // Names are of bytes below 128: a string's order is theirs.
            if (found.id, found.version) < (id, version) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether a contract of that name and version stands among contracts that ascend.
    fileprivate func has(_ entry: ContractEntry) -> Bool {
        let contract = entry.terms.contract
        let place = place(of: contract.id, contract.version)
        return place < count && self[place].isNamed(contract.id, contract.version)
    }
}

extension EvidenceCheck {
    /// The entry that `evidence` shows of a contract on the notary chain.
    ///
    /// - Returns: reasons as of `finding`; notReady when the notary chain did not have it.
    package static func contract(
        _ id: String, version: UInt32, in evidence: StateEvidence, foreign: ForeignBlocks, network: Digest
    ) -> Result<ContractEntry, Reason> {
        guard let header = foreign[evidence.block] else { return .failure(.evidenceMissing) }
#if PLANTED_BUGS
        let isUnchecked = PlantedBug.contractUnproven.isPlanted
#else
        let isUnchecked = false
#endif
        guard header.chain == .notary, isUnchecked || root(of: evidence.proof, for: StateKey.contract(id, version: version)) == header.stateRoot
        else { return .failure(.evidenceInvalid) }
        guard let value = evidence.proof.value else { return .failure(.notReady) }
        guard let entry = ContractEntry(decoding: value, network: network), entry.isNamed(id, version), entry.height <= header.height else {
            return .failure(.evidenceInvalid)
        }
        return .success(entry)
    }
}
