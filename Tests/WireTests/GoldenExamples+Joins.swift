import Cryptography

import Wire

/// What chains that join put on the wire (A16).
extension GoldenExamples {
    /// A mined chain of two nodes, with one account.
    var chainBody: ChainBody {
        let nodes = (0..<2).map { NodeDescription(id: "delta-\($0 + 1)", key: GoldenExamples.key(UInt8(48 + $0)).publicKey, site: "delta") }
        let work = WorkRule(intervalMilliseconds: 500, difficulty: 9_000, window: 8, confirmations: 2)
        let funds = [Balance(asset: AssetID("W")!, amount: 70_000)]
        return try! ChainBody(
            ChainDescription(
                id: ChainID("delta")!, engine: .pow, nodes: nodes, genesis: [GenesisAccount(key: alice.publicKey, balances: funds)],
                genesisTime: 1_700_000_000_000, work: work))
    }

    /// One that votes by stake.
    var stakedBody: ChainBody {
        let node = NodeDescription(id: "delta-1", key: GoldenExamples.key(48).publicKey, site: "delta", stake: 400)
        return try! ChainBody(
            ChainDescription(
                id: ChainID("delta")!, engine: .pos, nodes: [node], genesis: [], genesisTime: 5, epochs: EpochRule(slots: 128, margin: 32),
                stake: StakeRule(asset: AssetID("W")!, minimum: 100, unbondingMilliseconds: 60_000, slashNumerator: 1, slashDenominator: 3)))
    }

    var joinSignatures: [Signature] { (0..<2).map { chainBody.signed(by: GoldenExamples.key(UInt8(48 + $0)).signer, network: network) } }

    func admission(_ notary: Int) -> Admission {
        Admission(body: chainBody, signatures: joinSignatures, network: network, notary: notaries[notary].signer)
    }

    var join: Join {
        Join(body: chainBody, signatures: joinSignatures, admissions: [0, 1, 3].map { admission($0).authorization })
    }

    var chainEntry: ChainEntry { ChainEntry(body: chainBody, position: 1, height: 12, epoch: 3) }

    var joinNotice: JoinNotice {
        JoinNotice(
            chain: chainBody.chain.id, final: notaryFinal, proof: StateProof(value: chainEntry.encoded, siblings: [Self.hash("s0")], other: nil))
    }

    var joinTransactions: [(name: String, transaction: Transaction)] {
        [("join", Transaction(.join(join), chain: .notary, network: network))]
    }
}
