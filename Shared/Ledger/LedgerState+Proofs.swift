import Cryptography
import Wire

extension LedgerState {
    /// Shows a cross entry, or that there is none, under the root of the last commit.
    package func proofOfCross(_ xid: Digest) -> StateProof {
        proof(of: StateKey.cross(xid), value: committedCross(xid)?.encoded)
    }

    /// Shows an account, or that there is none, under the root of the last commit.
    package func proofOfAccount(_ key: PublicKey) -> StateProof {
        proof(of: StateKey.account(key), value: committedAccount(key)?.encoded)
    }

    /// Shows the newest recorded block of a chain, or that there is none, under the root of the last commit.
    ///
    /// - Precondition: no block is open.
    package func proofOfHead(_ chain: ChainID) -> StateProof {
        precondition(open == nil, "a recorded head is shown between blocks")
        return proof(of: StateKey.head(chain), value: head(of: chain)?.encoded)
    }

    /// Shows a chain's status, or that it never was frozen, under the root of the last commit.
    ///
    /// - Precondition: no block is open.
    package func proofOfStatus(_ chain: ChainID) -> StateProof {
        precondition(open == nil, "a status is shown between blocks")
        return proof(of: StateKey.status(chain), value: status(of: chain)?.encoded)
    }

    /// Shows an order of a peg, or what it became, or that there is none, under the root of the last commit.
    ///
    /// - Precondition: no block is open, and the contract has the form of a name.
    package func proofOfBridge(_ kind: BridgeItem.Kind, of contract: String, order: Digest) -> StateProof {
        precondition(open == nil, "an order is shown between blocks")
        return proof(of: StateKey.bridge(kind, contract, order), value: item(kind, of: contract, order: order)?.encoded)
    }

    /// Shows how much has crossed a peg, or that nothing ever did, under the root of the last commit.
    ///
    /// - Precondition: no block is open, and the contract has the form of a name.
    package func proofOfLane(_ contract: String) -> StateProof {
        precondition(open == nil, "a lane is shown between blocks")
        return proof(of: StateKey.lane(contract), value: lanes.first { $0.contract == contract }?.encoded)
    }

    /// Shows what has passed under a contract in an asset, or that nothing was counted, under the root of the last commit.
    ///
    /// - Precondition: no block is open, and the contract has the form of a name.
    package func proofOfMeter(_ contract: String, _ asset: AssetID) -> StateProof {
        precondition(open == nil, "a meter is shown between blocks")
        return proof(of: StateKey.meter(contract, asset), value: meter(of: contract, asset)?.encoded)
    }

    /// Shows how far a target is stopped, or that it never was, under the root of the last commit.
    ///
    /// - Precondition: no block is open.
    package func proofOfPause(_ target: PauseTarget) -> StateProof {
        precondition(open == nil, "a pause is shown between blocks")
        return proof(of: StateKey.pause(target), value: pause(of: target)?.encoded)
    }

    /// Shows a declared contract's entry, or that there is none, under the root of the last commit.
    ///
    /// - Precondition: no block is open, and the id has the form of a name.
    package func proofOfContract(_ id: String, version: UInt32) -> StateProof {
        precondition(open == nil, "a contract is shown between blocks")
        return proof(of: StateKey.contract(id, version: version), value: entry(of: id, version: version)?.encoded)
    }

    /// Shows a chain that has joined, or that there is none, under the root of the last commit.
    ///
    /// - Precondition: no block is open.
    package func proofOfChain(_ id: ChainID) -> StateProof {
        precondition(open == nil, "a chain is shown between blocks")
        return proof(of: StateKey.chain(id), value: joined.first { $0.chain.id == id }?.encoded)
    }

    func proof(of key: Digest, value: [UInt8]?) -> StateProof {
        let path = tree.proof(of: key)
        guard value == nil, case .leaf(let otherKey, let otherValue) = path.terminal else {
            return StateProof(value: value, siblings: path.siblings, other: nil)
        }
        return StateProof(value: nil, siblings: path.siblings, other: .init(key: otherKey, value: otherValue))
    }

    /// The entry as of the last commit, whatever an open block did to it.
    private func committedCross(_ xid: Digest) -> CrossEntry? {
        guard let place = crossIndex[xid] else { return nil }
        guard open != nil else { return crosses[Int(place)].entry }
        if Int(place) >= journal.crossCount { return nil }
        return journal.crosses.first { $0.place == place }?.entry ?? crosses[Int(place)].entry
    }

    /// The account as of the last commit, whatever an open block did to it.
    private func committedAccount(_ key: PublicKey) -> Account? {
        guard let place = place(of: key) else { return nil }
        guard open != nil else { return slots[place].account }
        if place >= journal.accountCount { return nil }
        return journal.accounts.first { $0.place == place }?.slot.account ?? slots[place].account
    }
}
