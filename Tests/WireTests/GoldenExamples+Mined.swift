import Cryptography

import Wire

/// What mined chains and hand-overs put on the wire.
extension GoldenExamples {
    static let workTarget: UInt64 = (1 << 58) - 1

    /// The first block of `alpha` as a miner builds it: its nonce is still to be found.
    var template: BlockHeader.Fields {
        BlockHeader.Fields(
            chain: alpha, height: 1, epoch: 0, slot: 1, parent: BlockHeader.genesisHash(of: alpha, network: network), parentSlot: 0,
            time: 1_700_000_001_000, transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: Self.hash("state"),
            notaryHeight: 2, notaryHead: Self.hash("notary head"), builder: nodes[2].publicKey, workTarget: Self.workTarget)
    }

    /// The same with the smallest nonce that meets the target.
    var mined: BlockHeader {
        var fields = template
        var header: BlockHeader
        repeat {
            fields.workNonce += 1
            header = BlockHeader(fields)
        } while !WorkRule.isMet(Self.workTarget, by: header.hash)
        return header
    }

    var minedCandidate: CertifiedCandidate {
        let header = mined
        let payload = NotaryStatement(header, epoch: 0).payload
        let signers = SignerSet([3, 0, 2].map { ($0, notaries[$0].signer.sign(.notary, network: network, payload)) }, of: notaries.count)
        return CertifiedCandidate(
            header: header, builderSignature: nodes[2].signer.sign(.candidate, network: network, header.bytes),
            notary: NotaryCertificate(epoch: 0, signers: signers))
    }

    var minedCrosses: [CrossData] { [CrossData(xid: cross.xid, operation: 3, chains: [alpha, beta])] }

    /// A final header of the mined block, shown to be final by what is given.
    func minedFinal(_ finality: Finality) -> FinalHeader {
        let candidate = minedCandidate
        return FinalHeader(
            header: candidate.header, builderSignature: candidate.builderSignature, notary: candidate.notary, finality: finality)
    }

    var minedRecord: Transaction {
        Transaction(.record(Record(final: minedFinal(.pending), crosses: minedCrosses)), chain: .notary, network: network)
    }

    /// A final block of the notary chain.
    var notaryFinal: FinalHeader {
        let header = BlockHeader(
            BlockHeader.Fields(
                chain: .notary, height: 6, epoch: 0, slot: 9, parent: Self.hash("notary parent"), parentSlot: 8, time: 1_700_000_003_000,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: Self.hash("notary state"), notaryHeight: 0,
                notaryHead: .zero, builder: notaries[1].publicKey))
        let statement = Statement(chain: .notary, epoch: 0, slot: 9, kind: .final, hash: header.hash)
        let signers = SignerSet(
            [1, 2, 3].map { ($0, notaries[$0].signer.sign(.vote, network: network, statement.payload)) }, of: notaries.count)
        return FinalHeader(
            header: header, builderSignature: notaries[1].signer.sign(.candidate, network: network, header.bytes), notary: nil,
            finality: Certificate(statement: statement, signers: signers), descendants: [])
    }

    /// The notary chain's state says that the mined block is the newest recorded one.
    var recordedHead: RecordedHead {
        let header = mined
        let entry = alpha.text.padded.bytes + header.height.bigEndianBytes + header.hash.bytes + header.time.bigEndianBytes
        return RecordedHead(
            notary: notaryFinal, proof: StateProof(value: entry, siblings: [Self.hash("s0"), .zero, Self.hash("s2")], other: nil))
    }

    var notarized: Notarized {
        Notarized(notary: "notary-1", certified: minedCandidate, crosses: minedCrosses, isConfirmed: true)
    }

    /// A block of `alpha` in whose state `alpha-2` alone votes in epoch 1.
    var shownHandover: Handover {
        let count: [UInt8] = [0, 1]
        let member = Array("alpha-2".utf8) + [UInt8](repeating: 0, count: 25) + nodes[1].publicKey.bytes + UInt64(500).bigEndianBytes
        let entry = UInt64(1).bigEndianBytes + Self.hash("seed").bytes + count + member + [0, 0]
        return Handover(chain: alpha, epoch: 1, final: final, proof: StateProof(value: entry, siblings: [Self.hash("s0")], other: nil))
    }
}
