import Cryptography
import Wire

extension Seeds {
    /// Values that are well formed and as large as they can be, by those who may lie.
    mutating func addExtremes() {
        for chain in [Stage.alpha, ChainID.notary] {
            let liar = liar(of: chain)
            for number in [UInt64(4), 1 << 62, UInt64.max] {
                let last = header(chain, liar, height: number, slot: number, parent: .zero, time: number)
                add("header", last.bytes)
                let child = header(chain, liar, height: number &+ 1 == 0 ? 1 : number + 1, slot: UInt64.max, parent: last.hash, time: UInt64.max)
                addFinal(last, [], chain, liar)
                if number < UInt64.max { addFinal(last, [child], chain, liar) }
                if number == UInt64.max { addFinal(last, [header(chain, liar, height: 1, slot: 4, parent: last.hash, time: 1)], chain, liar) }
                for kind in [VoteKind.notar, .skip, .final] {
                    let statement = Statement(chain: chain, epoch: 0, slot: number, kind: kind, hash: kind == .skip ? .zero : last.hash)
                    let vote = Vote(statement, network: Stage.network.id, signer: liar)
                    add("vote", vote.encoded)
                    add("message", Message.vote(vote).encoded())
                    addToRoles(.vote(vote), chain)
                }
            }
        }
    }

    private func liar(of chain: ChainID) -> Signer {
        guard let node = Stage.network.chain(chain)?.nodes.last, let signer = Stage.cast.nodeSigners[node.id] else {
            preconditionFailure("every chain of the stage has a liar")
        }
        return signer
    }

    private func header(_ chain: ChainID, _ liar: Signer, height: Height, slot: Slot, parent: Digest, time: ChainTime) -> BlockHeader {
        BlockHeader(
            BlockHeader.Fields(
                chain: chain, height: height, epoch: 0, slot: slot, parent: parent, parentSlot: slot - 1, time: time, transactionsRoot: .zero,
                transactionCount: 0, foreignRoot: .zero, stateRoot: .zero, notaryHeight: UInt64.max, notaryHead: .zero, builder: liar.publicKey))
    }

    private mutating func addFinal(_ first: BlockHeader, _ descendants: [BlockHeader], _ chain: ChainID, _ liar: Signer) {
        let network = Stage.network.id
        let last = descendants.last ?? first
        let statement = Statement(chain: chain, epoch: 0, slot: last.slot, kind: .final, hash: last.hash)
        let vote = liar.sign(.vote, network: network, statement.payload)
        let notaries = NotaryCertificate(
            epoch: 0, signers: SignerSet([(3, self.liar(of: .notary).sign(.notary, network: network, NotaryStatement(first, epoch: 0).payload))], of: 4))
        let signature = liar.sign(.candidate, network: network, first.bytes)
        let final = FinalHeader(
            header: first, builderSignature: signature, notary: chain == .notary ? nil : notaries,
            finality: Certificate(statement: statement, signers: SignerSet([(3, vote)], of: 4)), descendants: descendants)
        add("final-header", final.encoded)
        add("message", Message.final(final).encoded())
        let block = Block(header: first, builderSignature: signature, transactions: [], outcomes: [], foreign: [])
        let certified = CertifiedCandidate(header: first, builderSignature: signature, notary: final.notary)
        add("block", block.encoded)
        for message in [Message.final(final), .candidate(block), .certified(certified)] { addToRoles(message, chain) }
    }

    /// A script of one message for every role that may hear it.
    private mutating func addToRoles(_ message: Message, _ chain: ChainID) {
        for (door, address) in RoleStage.all where address.chain == chain {
            let publisher = Stage.addresses.firstIndex { $0.chain == chain && $0.node.hasSuffix("-4") } ?? 0
            let step = Script.Step(0, [UInt8(publisher)] + message.encoded())
            add("role-\(door)", Script([step, Script.Step(4, [50])]).bytes)
        }
    }
}
