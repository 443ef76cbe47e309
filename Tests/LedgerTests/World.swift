import Cryptography
import Ledger
import Wire

/// Two chains and a notary chain that trade X of alpha for Y of beta, ten Y for one X.
struct World {
    static let alphaID = ChainID("alpha")!
    static let betaID = ChainID("beta")!
    static let x = AssetID("X")!
    static let y = AssetID("Y")!
    static let z = AssetID("Z")!
    static let alice = signer(1), bob = signer(2), carol = signer(3), dave = signer(4), stranger = signer(9)
    /// The contract's accounts; as a real network's, nobody else has their keys.
    static let reserveOnAlpha = signer(20), reserveOnBeta = signer(21)
    static let network = makeNetwork()
    /// Longest deadline of the contract.
    static let deadlineMaximum: UInt64 = 60_000

    var alpha = LedgerState(network: World.network, chain: World.alphaID)
    var beta = LedgerState(network: World.network, chain: World.betaID)

    static func signer(_ number: UInt64) -> Signer { KeyPair(seed: Digest(a: number, b: 0, c: 0, d: 0)).signer }

    static func makeNetwork(
        alpha: [GenesisAccount]? = nil, minimum: Amount = 2, maximum: Amount = 400, reserveOnBetaHas: Amount = 5_000
    ) -> Network {
        let nodes = [NodeDescription(id: "n-1", key: signer(30).publicKey, site: "s")]
        let onAlpha = [
            funds(alice, (x, 1_000)), funds(carol, (x, 50), (z, 20)), funds(dave), funds(reserveOnAlpha, (x, 500)),
        ]
        let onBeta = [funds(dave, (y, 1_000)), funds(reserveOnBeta, (y, reserveOnBetaHas))]
        return Network(
            id: Digest(a: 7, b: 7, c: 7, d: 7),
            notary: ChainDescription(id: .notary, engine: .bft, nodes: nodes, genesis: [], genesisTime: 1_000),
            chains: [
                ChainDescription(id: alphaID, engine: .bft, nodes: nodes, genesis: alpha ?? onAlpha, genesisTime: 1_000),
                ChainDescription(id: betaID, engine: .bft, nodes: nodes, genesis: onBeta, genesisTime: 1_000),
            ],
            contracts: [
                Contract(
                    id: "xy", version: 1, first: ContractSide(chain: alphaID, asset: x, reserve: reserveOnAlpha.publicKey),
                    second: ContractSide(chain: betaID, asset: y, reserve: reserveOnBeta.publicKey), rateNumerator: 10,
                    rateDenominator: 1, minimumAmount: minimum, maximumAmount: maximum, deadlineMaximumMilliseconds: deadlineMaximum)
            ],
            timing: Timing())
    }

    static func funds(_ owner: Signer, _ balances: (AssetID, Amount)...) -> GenesisAccount {
        GenesisAccount(key: owner.publicKey, balances: balances.map { Balance(asset: $0.0, amount: $0.1) })
    }

    // MARK: transactions

    static func transfer(
        _ amount: Amount, _ asset: AssetID = x, from sender: Signer, to receiver: Signer, nonce: UInt64, on chain: ChainID = alphaID
    ) -> Transaction {
        Transaction(
            .transfer(
                Transfer(
                    chain: chain, network: network.id, to: receiver.publicKey, asset: asset, amount: amount, nonce: nonce, memo: "",
                    signer: sender)), chain: chain, network: network.id)
    }

    static func register(_ owner: Signer, on chain: ChainID = alphaID) -> Transaction {
        Transaction(.register(Register(chain: chain, network: network.id, signer: owner)), chain: chain, network: network.id)
    }

    static func on(_ chain: ChainID, _ kind: Transaction.Kind) -> Transaction {
        Transaction(kind, chain: chain, network: network.id)
    }

    /// Alice's `amount` X on alpha for ten times as many Y to Bob on beta.
    static func exchange(
        _ amount: Amount = 10, deadline: ChainTime = 20_000, nonce: UInt64 = 0, contract: String = "xy", version: UInt32 = 1,
        legs: [Leg]? = nil, signers: [Signer] = [alice]
    ) -> CrossTransaction {
        CrossTransaction(
            network: network.id, contract: contract, contractVersion: version, legs: legs ?? exchangeLegs(amount), deadline: deadline,
            nonce: nonce, memo: "", signers: signers)
    }

    static func exchangeLegs(_ amount: Amount = 10) -> [Leg] {
        [
            Leg(chain: alphaID, debit: alice.publicKey, credit: reserveOnAlpha.publicKey, asset: x, amount: amount),
            Leg(chain: betaID, debit: reserveOnBeta.publicKey, credit: bob.publicKey, asset: y, amount: amount * 10),
        ]
    }

    /// Dave's `amount` Y on beta for a tenth as many X to Carol on alpha.
    static func reverse(_ amount: Amount = 100, deadline: ChainTime = 20_000, nonce: UInt64 = 0) -> CrossTransaction {
        exchange(
            deadline: deadline, nonce: nonce,
            legs: [
                Leg(chain: betaID, debit: dave.publicKey, credit: reserveOnBeta.publicKey, asset: y, amount: amount),
                Leg(chain: alphaID, debit: reserveOnAlpha.publicKey, credit: carol.publicKey, asset: x, amount: amount / 10),
            ], signers: [dave])
    }

    static func open(_ cross: CrossTransaction) -> Transaction { on(cross.holdingChains[0], .open(cross)) }

    static func confirm(_ cross: CrossTransaction, by receiver: Signer = bob, _ shown: [Shown]) -> Transaction {
        let signature = receiver.sign(.confirm, network: network.id, cross.xid.bytes)
        return on(
            cross.decidingChain,
            .confirm(
                Confirm(
                    cross: cross, confirmations: [Authorization(key: receiver.publicKey, signature: signature)],
                    holds: shown.map(\.evidence))))
    }

    static func refuse(_ cross: CrossTransaction, by receiver: Signer = bob, reason: String = "no") -> Transaction {
        let signature = receiver.sign(.refuse, network: network.id, cross.xid.bytes + Array(reason.utf8))
        return on(
            cross.decidingChain,
            .refuse(
                Refuse(cross: cross, reason: reason, authorization: Authorization(key: receiver.publicKey, signature: signature))))
    }

    static func cancel(_ cross: CrossTransaction, by initiator: Signer = alice) -> Transaction {
        let signature = initiator.sign(.cancel, network: network.id, cross.xid.bytes)
        return on(
            cross.decidingChain,
            .cancel(Cancel(cross: cross, authorization: Authorization(key: initiator.publicKey, signature: signature))))
    }

    static func settle(_ cross: CrossTransaction, _ shown: Shown) -> Transaction {
        on(cross.holdingChains[0], .settle(Resolution(xid: cross.xid, evidence: shown.evidence)))
    }

    static func refund(_ cross: CrossTransaction, _ shown: Shown) -> Transaction {
        on(cross.holdingChains[0], .refund(Resolution(xid: cross.xid, evidence: shown.evidence)))
    }
}

/// Evidence, and the final block it is about.
struct Shown {
    var final: FinalHeader
    var evidence: StateEvidence

    /// What `state` says of `xid` after its last block.
    init(_ xid: Digest, in state: LedgerState) {
        final = Shown.final(of: state)
        evidence = StateEvidence(block: final.hash, proof: state.proofOfCross(xid))
    }

    /// The last block of `state`, as final; ledgers look at headers only.
    static func final(of state: LedgerState) -> FinalHeader {
        header(chain: state.chain, height: max(state.height, 1), time: state.time, root: state.root)
    }

    static func header(
        chain: ChainID, height: Height, time: ChainTime, root: Digest = .zero, parent: Digest = .zero
    ) -> FinalHeader {
        let header = BlockHeader(
            .init(
                chain: chain, height: height, epoch: 0, slot: height, parent: parent, parentSlot: height - 1, time: time,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: root, notaryHeight: 0, notaryHead: .zero,
                builder: World.signer(30).publicKey))
        let none = SignerSet([], of: 1)
        let statement = Statement(chain: chain, epoch: 0, slot: height, kind: .final, hash: header.hash)
        return FinalHeader(
            header: header, builderSignature: Signature(first: .zero, second: .zero), notary: NotaryCertificate(epoch: 0, signers: none),
            finality: Certificate(statement: statement, signers: none), descendants: [])
    }
}

extension LedgerState {
    /// Makes and commits a block; what every transaction came to. Invalid ones leave no trace, as if they had not been in it.
    @discardableResult
    mutating func block(
        _ transactions: Transaction..., at time: ChainTime? = nil, showing shown: [FinalHeader] = []
    ) -> [Application] {
        block(transactions, at: time, showing: shown)
    }

    @discardableResult
    mutating func block(_ transactions: [Transaction], at time: ChainTime? = nil, showing shown: [FinalHeader] = []) -> [Application] {
        begin(height: height + 1, time: time ?? self.time + 1)
        let applications = transactions.map { apply($0, foreign: ForeignBlocks(shown)) }
        _ = commit()
        return applications
    }

    func balance(_ owner: Signer, _ asset: AssetID) -> Amount { account(owner.publicKey)?.balances.amount(of: asset) ?? 0 }

    /// The root by definition: a fresh tree over what the ledger says of everything that may exist.
    func rootFromScratch(accounts: [PublicKey], xids: [Digest] = [], chains: [ChainID] = []) -> Digest {
        var changes: [StateTree.Change] = []
        for key in accounts {
            if let account = account(key) { changes.append((StateKey.account(key), StateKey.valueHash(account.encoded))) }
        }
        for xid in xids {
            if let entry = cross(xid) { changes.append((StateKey.cross(xid), StateKey.valueHash(entry.encoded))) }
        }
        for chain in chains {
            if let head = head(of: chain) { changes.append((StateKey.head(chain), StateKey.valueHash(head.encoded))) }
        }
        var tree = StateTree()
        tree.update(changes)
        return tree.root
    }
}
