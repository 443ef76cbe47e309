import Cryptography

import Wire

/// What freezing and thawing a chain puts on the wire (R8), and what the roles of one notary ask each other (R7).
extension GoldenExamples {
    var gamma: ChainID { ChainID("gamma")! }

    private func consents(_ chain: ChainID, wish: ChainWish, since: Height, _ signers: [Int]) -> [Authorization] {
        signers.map { Consent(chain: chain, wish: wish, since: since, network: network, signer: notaries[$0].signer).authorization }
    }

    private func status(_ change: StatusChange) -> Transaction { Transaction(.status(change), chain: .notary, network: network) }

    var statusTransactions: [(name: String, transaction: Transaction)] {
        let genesis = BlockHeader.genesisHash(of: gamma, network: network)
        let freeze = StatusChange(
            chain: beta, head: .init(height: 7, hash: blockB), since: 5, consents: consents(beta, wish: .freeze, since: 5, [0, 2]))
        let first = StatusChange(
            chain: gamma, head: .init(height: 0, hash: genesis), since: 0, consents: consents(gamma, wish: .freeze, since: 0, [1, 3]))
        let thaw = StatusChange(chain: beta, head: nil, since: 9, consents: consents(beta, wish: .thaw, since: 9, [0, 1, 3]))
        let word = Consent.payload(chain: beta, wish: .leave, since: 9)
        let leave = StatusChange(
            chain: beta, head: .init(height: 7, hash: blockB), since: 9, consents: consents(beta, wish: .leave, since: 9, [0, 1, 2]),
            nodes: nodes.prefix(3).map { Authorization(key: $0.publicKey, signature: $0.signer.sign(.consent, network: network, word)) })
        let refund = Resolution(xid: cross.xid, evidence: absent, frozen: frozen)
        return [
            ("freeze", status(freeze)), ("first_freeze", status(first)), ("thaw", status(thaw)), ("leave", status(leave)),
            ("frozen_refund", Transaction(.refund(refund), chain: alpha, network: network)),
        ]
    }

    /// Entry of the notary chain's state: `beta` is frozen at height 7, by notary block 9.
    var statusEntry: [UInt8] {
        beta.text.padded.bytes + [1] + UInt64(7).bigEndianBytes + blockB.bytes + UInt64(9).bigEndianBytes
    }

    var frozen: StateEvidence {
        let siblings = [Self.hash("s0"), Self.hash("s1")]
        return StateEvidence(block: Self.hash("notary block"), proof: StateProof(value: statusEntry, siblings: siblings, other: nil))
    }

    var consent: Consent { Consent(chain: beta, wish: .freeze, since: 5, network: network, signer: notaries[0].signer) }

    var thawConsent: Consent { Consent(chain: beta, wish: .thaw, since: 9, network: network, signer: notaries[3].signer) }

    /// By one of beta's nodes.
    var leaveConsent: Consent { Consent(chain: beta, wish: .leave, since: 9, network: network, signer: nodes[1].signer) }

    var frozenNotice: LegNotice {
        LegNotice(
            chain: alpha, purpose: .refund, cross: cross, foreign: [notaryFinal], evidence: [absent], notary: "notary-1", frozen: frozen)
    }

    var branchHead: BranchHead {
        BranchHead(
            notary: "notary-1", chain: beta, height: 8, block: blockB, crosses: [CrossData(xid: cross.xid, operation: 7, chains: [])],
            relied: 7, generation: 2)
    }

    var releaseQuery: ReleaseQuery {
        ReleaseQuery(chain: beta, above: 7, generation: 2, network: network, signer: notaries[0].signer)
    }

    var standQuery: StandQuery {
        StandQuery(
            chain: beta, height: 7, hash: blockB, frozen: true, notaryHeight: 6, notaryBlock: Self.hash("notary block"), network: network,
            signer: notaries[0].signer)
    }

    var leaveQuery: StandQuery {
        StandQuery(
            chain: beta, height: 7, hash: blockB, frozen: true, leave: true, notaryHeight: 6, notaryBlock: Self.hash("notary block"), network: network,
            signer: notaries[0].signer)
    }

    var chainStates: [ChainState] {
        [
            ChainState(chain: alpha, height: 1, hash: mined.hash, frozen: false, since: 0, time: 1_700_000_001_000, consents: []),
            ChainState(
                chain: beta, height: 7, hash: blockB, frozen: true, since: 9, time: 1_700_000_002_000, consents: ["notary-1", "notary-3"]),
            ChainState(
                chain: gamma, height: 7, hash: blockB, frozen: true, since: 9, time: 1_700_000_002_000, consents: [], left: true,
                leavers: ["gamma-1", "notary-2"]),
        ]
    }

    var frozenProof: Response {
        .frozen(notaryFinal, StateProof(value: statusEntry, siblings: [Self.hash("s0")], other: nil))
    }
}
