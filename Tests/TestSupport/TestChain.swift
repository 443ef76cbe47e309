import Chain
import Cryptography
import Ledger
import Wire

/// Makes final blocks of one chain with every signature they need, without any service running.
package struct TestChain {
    package let test: TestNetwork
    package let chain: ChainID
    package private(set) var tree: BlockTree
    package private(set) var blocks: [FinalBlock] = []
    private var slot: Slot = 0

    package init(_ test: TestNetwork, _ chain: ChainID) {
        self.test = test
        self.chain = chain
        tree = BlockTree(book: ElectorateBook(network: test.network), chain: chain) { $0.holds }
    }

    package var last: FinalHeader? { blocks.last?.final }

    /// A candidate on the final block for the next slot, signed by its leader.
    package mutating func candidate(_ items: [BlockItem], after milliseconds: UInt64 = 1_000) -> Block {
        tree.build(
            on: tree.finalHash, slot: slot + 1, time: tree.finalTime + milliseconds, items: items, notary: (height: 0, hash: .zero),
            signer: test.leader(of: slot + 1, chain: chain).signer
        ).block
    }

    /// Builds, certifies and finalizes the next block.
    @discardableResult
    package mutating func append(_ items: [BlockItem], after milliseconds: UInt64 = 1_000) -> FinalBlock {
        append(candidate(items, after: milliseconds))
    }

    /// Certifies and finalizes a candidate.
    @discardableResult
    package mutating func append(_ block: Block) -> FinalBlock {
        precondition(tree.validate(block) == .valid, "a test chain takes valid blocks")
        _ = tree.finalize(block.hash)
        slot = block.header.slot
        let item = FinalBlock(block: block, final: final(block))
        blocks.append(item)
        return item
    }

    /// Everything that shows a block to be final, by the first quorum of each set.
    package func final(_ block: Block, signers: Int? = nil) -> FinalHeader {
        FinalHeader(
            header: block.header, builderSignature: block.builderSignature, notary: chain == .notary ? nil : notaryCertificate(block),
            finality: certificate(block.header, kind: .final, signers: signers), descendants: [])
    }

    package func certified(_ block: Block) -> CertifiedCandidate {
        CertifiedCandidate(
            header: block.header, builderSignature: block.builderSignature, notary: chain == .notary ? nil : notaryCertificate(block))
    }

    /// A candidate of any sub-chain with its notary certificate.
    package func certified(of block: Block) -> CertifiedCandidate {
        CertifiedCandidate(header: block.header, builderSignature: block.builderSignature, notary: notaryCertificate(block))
    }

    /// Of the notary chain: what its final state says of a chain's recorded head.
    package mutating func proofOfHead(_ chain: ChainID) -> StateProof {
        tree.moveToFinal()
        return tree.ledger.proofOfHead(chain)
    }

    /// What the final state says of an account.
    package mutating func proofOfAccount(_ key: PublicKey) -> StateProof {
        tree.moveToFinal()
        return tree.ledger.proofOfAccount(key)
    }

    /// Of the notary chain: what its final state says of a declared contract.
    package mutating func proofOfContract(_ id: String, version: UInt32) -> StateProof {
        tree.moveToFinal()
        return tree.ledger.proofOfContract(id, version: version)
    }

    /// What the final state says of how far a target is stopped.
    package mutating func proofOfPause(_ target: PauseTarget) -> StateProof {
        tree.moveToFinal()
        return tree.ledger.proofOfPause(target)
    }

    /// What the final state says of an order of the peg `vault`.
    package mutating func proofOfBridge(_ kind: BridgeItem.Kind, _ order: Digest) -> StateProof {
        tree.moveToFinal()
        return tree.ledger.proofOfBridge(kind, of: "vault", order: order)
    }

    package func notaryCertificate(_ block: Block, signers: Int? = nil) -> NotaryCertificate {
        let keys = test.nodeKeys[.notary]!
        let payload = NotaryStatement(block.header, epoch: 0).payload
        let signatures = keys.prefix(signers ?? Quorum.size(of: keys.count)).enumerated().map {
            (position: $0, signature: $1.signer.sign(.notary, network: test.network.id, payload))
        }
        return NotaryCertificate(epoch: 0, signers: SignerSet(signatures, of: keys.count))
    }

    package func certificate(_ header: BlockHeader, kind: VoteKind, signers: Int? = nil) -> Certificate {
        let keys = test.nodeKeys[chain]!
        let statement = Statement(
            chain: chain, epoch: tree.chain.epoch(of: header.slot), slot: header.slot, kind: kind, hash: kind == .skip ? .zero : header.hash)
        let signatures = keys.prefix(signers ?? Quorum.size(of: keys.count)).enumerated().map {
            (position: $0, signature: $1.signer.sign(.vote, network: test.network.id, statement.payload))
        }
        return Certificate(statement: statement, signers: SignerSet(signatures, of: keys.count))
    }

    /// The final state's word on a cross transaction, as evidence for other chains.
    package mutating func evidence(_ xid: Digest) -> StateEvidence {
        tree.moveToFinal()
        return StateEvidence(block: tree.finalHash, proof: tree.ledger.proofOfCross(xid))
    }
}
