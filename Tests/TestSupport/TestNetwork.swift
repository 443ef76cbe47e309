import Cryptography
import Wire

/// A small network with known keys, for tests: chains `alpha` (asset X) and `beta` (asset Y), one exchange contract at 1:10.
package struct TestNetwork: Sendable {
    package let network: Network
    /// Key pairs of each chain's nodes, in voting order.
    package let nodeKeys: [ChainID: [KeyPair]]
    package let alice: KeyPair
    package let bob: KeyPair
    package let carol: KeyPair
    package static let alpha = ChainID("alpha")!
    package static let beta = ChainID("beta")!
    package static let assetX = AssetID("X")!
    package static let assetY = AssetID("Y")!
    /// Chain time of every genesis.
    package static let genesisTime: ChainTime = 1_800_000_000_000
    package static let funds: Amount = 1_000_000

    /// - Parameter nodes: nodes of each sub-chain; `notaries`: of the notary chain.
    /// - Parameter accounts: more accounts of alpha; `epochs`: of alpha, whose electorates are all of its nodes.
    /// - Parameter members: of a peg `vault` from alpha to beta, all but one of whom have to attest; none for no peg.
    /// - Parameter work: how alpha is mined; nil when votes decide there as well; `elections`: epochs of the notaries, who are elected then.
    package init(
        nodes: Int = 4, notaries: Int = 4, accounts: [GenesisAccount] = [], epochs: EpochRule? = nil, work: WorkRule? = nil,
        elections: EpochRule? = nil, members: [KeyPair] = []
    ) {
        let alpha = TestNetwork.alpha
        let beta = TestNetwork.beta
        alice = TestNetwork.key(1)
        bob = TestNetwork.key(2)
        carol = TestNetwork.key(3)
        let reserveAlpha = TestNetwork.key(4).publicKey
        let reserveBeta = TestNetwork.key(5).publicKey
        var keys: [ChainID: [KeyPair]] = [:]
        func description(_ chain: ChainID, count: Int, first: UInt64, genesis: [GenesisAccount]) -> ChainDescription {
            let pairs = (0..<count).map { TestNetwork.key(first + UInt64($0)) }
            keys[chain] = pairs
            let rule = chain == TestNetwork.alpha ? work : nil
            return ChainDescription(
                id: chain, engine: rule == nil ? .bft : .pow,
                nodes: pairs.enumerated().map { NodeDescription(id: "\(chain)-\($0 + 1)", key: $1.publicKey, site: chain.description) },
                genesis: genesis, genesisTime: TestNetwork.genesisTime, work: rule, epochs: chain == alpha ? epochs : nil)
        }
        let x = [Balance(asset: TestNetwork.assetX, amount: TestNetwork.funds)]
        let y = [Balance(asset: TestNetwork.assetY, amount: TestNetwork.funds * 10)]
        let chains = [
            description(
                alpha, count: nodes, first: 100,
                genesis: [
                    .init(key: alice.publicKey, balances: x), .init(key: carol.publicKey, balances: x),
                    .init(key: bob.publicKey, balances: []), .init(key: reserveAlpha, balances: x),
                ] + accounts),
            description(
                beta, count: nodes, first: 200,
                genesis: [
                    .init(key: bob.publicKey, balances: y), .init(key: alice.publicKey, balances: []),
                    .init(key: reserveBeta, balances: y),
                ]),
        ]
        var notary = description(.notary, count: notaries, first: 300, genesis: [])
        if let elections { (notary.epochs, notary.election) = (elections, ElectionRule(seats: notaries, lead: 8, standby: [])) }
        let (custody, returned) = (TestNetwork.key(6).publicKey, TestNetwork.key(7).publicKey)
        var described = chains
        var pegs: [Contract] = []
        if let group = PegTerms.Members(members.map(\.publicKey), threshold: max(members.count - 1, 1)) {
            for (index, account) in [custody, returned].enumerated() { described[index].genesis.append(.init(key: account, balances: [])) }
            pegs.append(
                Contract(
                    id: "vault", version: 1, first: ContractSide(chain: alpha, asset: TestNetwork.assetX, reserve: custody),
                    second: ContractSide(chain: beta, asset: AssetID("alpha/X")!, reserve: returned), rateNumerator: 1, rateDenominator: 1, minimumAmount: 1,
                    maximumAmount: TestNetwork.funds, deadlineMaximumMilliseconds: 0, peg: PegTerms(issuers: group, releasers: group)))
        }
        network = Network(
            id: Blake2b.hash(.network, Array("test".utf8)), notary: notary,
            chains: described,
            contracts: pegs + [
                Contract(
                    id: "exchange-alpha-beta", version: 1,
                    first: ContractSide(chain: alpha, asset: TestNetwork.assetX, reserve: reserveAlpha),
                    second: ContractSide(chain: beta, asset: TestNetwork.assetY, reserve: reserveBeta), rateNumerator: 10,
                    rateDenominator: 1, minimumAmount: 1, maximumAmount: TestNetwork.funds, deadlineMaximumMilliseconds: 600_000)
            ], timing: Timing())
        nodeKeys = keys
    }

    /// The key pair of a number.
    package static func key(_ number: UInt64) -> KeyPair { KeyPair(seed: Blake2b.hash(Array("key \(number)".utf8))) }

    package var contract: Contract { network.contracts[network.contracts.count - 1] }

    /// Alice's (or anybody's) payment through the exchange contract from alpha to an account of beta.
    package func cross(
        from payer: KeyPair, to receiver: PublicKey, amount: Amount, deadline: ChainTime = TestNetwork.genesisTime + 60_000,
        nonce: UInt64 = 1
    ) -> CrossTransaction {
        CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: contract.version,
            legs: [
                Leg(
                    chain: TestNetwork.alpha, debit: payer.publicKey, credit: contract.first.reserve, asset: TestNetwork.assetX,
                    amount: amount),
                Leg(
                    chain: TestNetwork.beta, debit: contract.second.reserve, credit: receiver, asset: TestNetwork.assetY,
                    amount: amount * 10),
            ], deadline: deadline, nonce: nonce, memo: "", signers: [payer.signer])
    }

    /// A transfer on alpha.
    package func transfer(from sender: KeyPair, to receiver: PublicKey, amount: Amount, nonce: UInt64) -> Transaction {
        Transaction(
            .transfer(
                Transfer(
                    chain: TestNetwork.alpha, network: network.id, to: receiver, asset: TestNetwork.assetX, amount: amount, nonce: nonce,
                    memo: "", signer: sender.signer)), chain: TestNetwork.alpha, network: network.id)
    }

    /// Key pair of the leader of a slot.
    package func leader(of slot: Slot, chain: ChainID) -> KeyPair {
        let keys = nodeKeys[chain]!
        return keys[Int((slot - 1) % UInt64(keys.count))]
    }
}
