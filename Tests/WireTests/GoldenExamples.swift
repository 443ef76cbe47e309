import Cryptography

import Wire

/// The structures that golden.py writes by hand, made by the project's own types.
struct GoldenExamples {
    let network = Blake2b.hash(.network, Array("golden example".utf8))
    let alpha = ChainID("alpha")!
    let beta = ChainID("beta")!
    let alice = GoldenExamples.key(1)
    let bob = GoldenExamples.key(2)
    let reserveA = GoldenExamples.key(3)
    let reserveB = GoldenExamples.key(4)
    let nodes = (0..<4).map { GoldenExamples.key(16 + $0) }
    let notaries = (0..<4).map { GoldenExamples.key(32 + $0) }
    let blockA = GoldenExamples.hash("block a")
    let blockB = GoldenExamples.hash("block b")

    static func key(_ number: UInt8) -> KeyPair { KeyPair(seed: Digest([UInt8](repeating: number, count: 32))!) }
    /// Keys that weigh the same, as electorate.
    func electorate(_ keys: [KeyPair]) -> Electorate? {
        Electorate(keys.enumerated().map { Electorate.Member(node: "node-\($0 + 1)", key: $1.publicKey, weight: 1) })
    }

    static func hash(_ text: String) -> Digest { Blake2b.hash(Array(text.utf8)) }

    var cross: CrossTransaction {
        let x = AssetID("X")!, y = AssetID("Y")!
        return CrossTransaction(
            network: network, contract: "alpha-beta", contractVersion: 1,
            legs: [
                Leg(chain: alpha, debit: alice.publicKey, credit: reserveA.publicKey, asset: x, amount: 10),
                Leg(chain: beta, debit: reserveB.publicKey, credit: bob.publicKey, asset: y, amount: 100),
            ],
            deadline: 1_700_000_060_000, nonce: 5, memo: "rent", signers: [alice.signer])
    }

    var present: StateEvidence {
        StateEvidence(block: blockA, proof: StateProof(value: Array("entry".utf8), siblings: [Self.hash("s0"), .zero], other: nil))
    }

    var absent: StateEvidence {
        let other = StateProof.Leaf(key: Self.hash("key"), value: Self.hash("value"))
        return StateEvidence(block: blockB, proof: StateProof(value: nil, siblings: [Self.hash("s1")], other: other))
    }

    var transfer: Transaction {
        let transfer = Transfer(
            chain: alpha, network: network, to: bob.publicKey, asset: AssetID("X")!, amount: 1000, nonce: 7, memo: "lunch",
            signer: alice.signer)
        return Transaction(.transfer(transfer), chain: alpha, network: network)
    }

    var settle: Transaction {
        Transaction(.settle(Resolution(xid: cross.xid, evidence: present)), chain: alpha, network: network)
    }

    var transactions: [(name: String, transaction: Transaction)] {
        let cross = cross
        let confirmation = Authorization(
            key: bob.publicKey, signature: bob.signer.sign(.confirm, network: network, cross.xid.bytes))
        let refusal = Answer(xid: cross.xid, refusal: "no thanks", network: network, signer: bob.signer)
        let cancellation = Authorization(
            key: alice.publicKey, signature: alice.signer.sign(.cancel, network: network, cross.xid.bytes))
        let record = Record(final: final, crosses: [CrossData(xid: cross.xid, operation: 3, chains: [alpha, beta])])
        let register = Register(chain: alpha, network: network, signer: alice.signer)
        return [
            ("register", Transaction(.register(register), chain: alpha, network: network)),
            ("transfer", transfer),
            ("open", Transaction(.open(cross), chain: alpha, network: network)),
            (
                "confirm",
                Transaction(
                    .confirm(Confirm(cross: cross, confirmations: [confirmation], holds: [present])), chain: beta, network: network)
            ),
            (
                "refuse",
                Transaction(
                    .refuse(Refuse(cross: cross, reason: "no thanks", authorization: refusal.authorization)), chain: beta, network: network)
            ),
            ("cancel", Transaction(.cancel(Cancel(cross: cross, authorization: cancellation)), chain: beta, network: network)),
            ("settle", settle),
            ("refund", Transaction(.refund(Resolution(xid: cross.xid, evidence: absent)), chain: alpha, network: network)),
            ("record", Transaction(.record(record), chain: .notary, network: network)),
            ("candidacy", Transaction(.candidacy(candidacy), chain: .notary, network: network)),
            (
                "withdrawal",
                Transaction(
                    .candidacy(Candidacy(node: "notary-1", number: 10, isWithdrawn: true, network: network, signer: notaries[0].signer)),
                    chain: .notary, network: network)
            ),
            ("ballot", Transaction(.ballot(ballot), chain: .notary, network: network)),
            ("closing", Transaction(.closing(closing), chain: .notary, network: network)),
            ("bond", Transaction(.bond(stake(.bond, 500, nonce: 11)), chain: alpha, network: network)),
            ("unbond", Transaction(.unbond(stake(.unbond, 200, nonce: 12)), chain: alpha, network: network)),
            ("mined_record", minedRecord),
        ] + statusTransactions + contractTransactions + bridgeTransactions + brakeTransactions + joinTransactions
    }

    func stake(_ kind: StakeOrder.Kind, _ amount: Amount, nonce: UInt64) -> StakeOrder {
        StakeOrder(kind, chain: alpha, network: network, node: "alpha-2", amount: amount, nonce: nonce, signer: bob.signer)
    }

    var handover: Handover { Handover(chain: alpha, epoch: 1, final: final, proof: present.proof) }

    var candidacy: Candidacy { Candidacy(node: "notary-1", number: 9, network: network, signer: notaries[0].signer, newKey: bob.signer) }

    var ballot: Ballot {
        Ballot(chain: alpha, approved: ["notary-5", "notary-1"], number: 3, network: network, signer: nodes[0].signer)
    }

    var closing: Closing { Closing(chain: alpha, epoch: 6, network: network, signer: notaries[1].signer) }

    func chain(of transaction: Transaction) -> ChainID {
        switch transaction.kind {
        case .confirm, .refuse, .cancel, .redeem, .issue: beta
        case .record, .candidacy, .ballot, .closing, .status, .deploy, .pause, .join: .notary
        default: alpha
        }
    }

    var transactionsRoot: Digest {
        MerkleTree.root(leaves: [
            MerkleTree.leaf(transfer.bytes, outcome: 0), MerkleTree.leaf(transfer.bytes, outcome: 1),
            MerkleTree.leaf(settle.bytes, outcome: 0),
        ])
    }

    var header: BlockHeader {
        BlockHeader(
            BlockHeader.Fields(
                chain: alpha, height: 1, epoch: 0, slot: 3, parent: BlockHeader.genesisHash(of: alpha, network: network), parentSlot: 0,
                time: 1_700_000_001_000, transactionsRoot: transactionsRoot, transactionCount: 3, foreignRoot: .zero,
                stateRoot: Self.hash("state"), notaryHeight: 2, notaryHead: Self.hash("notary head"), builder: nodes[2].publicKey))
    }

    var child: BlockHeader {
        BlockHeader(
            BlockHeader.Fields(
                chain: alpha, height: 2, epoch: 0, slot: 4, parent: header.hash, parentSlot: 3, time: 1_700_000_002_000,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: Self.hash("state"), notaryHeight: 0,
                notaryHead: .zero, builder: nodes[3].publicKey))
    }

    var signature: Signature { nodes[2].signer.sign(.candidate, network: network, header.bytes) }

    var notaryCertificate: NotaryCertificate {
        let payload = NotaryStatement(header, epoch: 0).payload
        return NotaryCertificate(
            epoch: 0,
            signers: SignerSet(
                [3, 0, 1].map { ($0, notaries[$0].signer.sign(.notary, network: network, payload)) }, of: notaries.count))
    }

    var final: FinalHeader {
        let statement = Statement(chain: alpha, epoch: 0, slot: 4, kind: .final, hash: child.hash)
        let signers = SignerSet(
            [0, 3, 1].map { ($0, nodes[$0].signer.sign(.vote, network: network, statement.payload)) }, of: nodes.count)
        return FinalHeader(
            header: header, builderSignature: signature, notary: notaryCertificate,
            finality: Certificate(statement: statement, signers: signers), descendants: [child])
    }
}
