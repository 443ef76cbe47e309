import Cryptography
import Determinism
import Wire

extension PaymentPlan {
    /// In half of all runs somebody declares a peg (B1 to B5): its members come to work, perhaps one of them lies; people lock value, and those
    /// who got something redeem a part of it. A new version may change the members meanwhile.
    mutating func planPegs(_ wallets: [Wallet], _ world: World) {
        guard world.random.below(2) == 0 else { return }
        let deployer = Deployer(cast: cast)
        deployer.join(world)
        let start = 100 + world.random.below(spanMilliseconds / 2 + 1)
        let first = Int(world.random.below(UInt64(cast.network.chains.count)))
        let others = cast.network.chains.filter { $0.id != cast.network.chains[first].id }
        let (main, side) = (cast.network.chains[first], others[Int(world.random.below(UInt64(others.count)))])
        let count = 1 + Int(world.random.below(4))
        // At most so many lie, or are away, that the others are enough, and too few to make value alone.
        let threshold = count / 2 + 1
        let keys = (0...count).map { KeyPair(seed: Blake2b.hash(.network, [UInt8($0), 77] + start.bigEndianBytes)).signer }
        let owner = wallets[Int(world.random.below(UInt64(wallets.count)))]
        let members = Array(keys.prefix(count))
        let contract = deployer.plan(peg(main, side, version: 1, members, threshold), by: owner.signer, startMilliseconds: start, world: world).contract
        var newest = contract
        var working = members
        if world.random.below(3) == 0 {
            working = Array(keys.suffix(count))
            newest = deployer.plan(
                peg(main, side, version: 2, working, threshold), by: owner.signer, startMilliseconds: start + 500 + world.random.below(6_000), world: world
            ).contract
        }
        let liar = count > 1 && count - threshold > 0 && world.random.below(2) == 0 ? Int(world.random.below(UInt64(count))) : nil
        for (position, key) in keys.enumerated() where working.contains(where: { $0.publicKey == key.publicKey }) || members.contains(where: { $0.publicKey == key.publicKey }) {
            let isLying = liar.map { working.indices.contains($0) && working[$0].publicKey == key.publicKey } ?? false
            let terms = working.contains { $0.publicKey == key.publicKey } ? newest : contract
            PegMember("member-\(position)", terms, signer: key, isLying: isLying, network: cast.network)
                .join(world, startMilliseconds: start + world.random.below(5_000))
        }
        // Few hold what is issued, so that some of them own enough of it to bring it back.
        let holders = (0..<2).map { _ in wallets[Int(world.random.below(UInt64(wallets.count)))] }
        func terms() -> Contract { world.random.below(3) == 0 ? contract : newest }
        for _ in 0..<(2 + world.random.below(6)) {
            let owners = wallets.filter { wallet in main.genesis.contains { $0.key == wallet.signer.publicKey } }
            let payer = owners[Int(world.random.below(UInt64(owners.count)))]
            let holder = holders[Int(world.random.below(2))].signer.publicKey
            order(.lock, terms(), main, by: payer, for: holder, most: 120, world, start + 1_000 + world.random.below(10_000))
        }
        for _ in 0..<(1 + world.random.below(6)) {
            let receiver = wallets[Int(world.random.below(UInt64(wallets.count)))].signer.publicKey
            let holder = holders[Int(world.random.below(2))]
            order(.redeem, terms(), side, by: holder, for: receiver, most: 40, world, start + 6_000 + world.random.below(20_000))
        }
    }

    private func peg(_ main: ChainDescription, _ side: ChainDescription, version: UInt32, _ members: [Signer], _ threshold: Int) -> Contract {
        guard let asset = cast.assets[main.id], let wrapped = PegTerms.wrapped(asset, of: main.id),
            let group = PegTerms.Members(members.map(\.publicKey), threshold: threshold)
        else { preconditionFailure("every chain has its asset, and a peg its members") }
        func account(_ chain: ChainID) -> PublicKey { ContractName.reserve(of: "vault", on: chain, network: cast.network.id) }
        return Contract(
            id: "vault", version: version, first: ContractSide(chain: main.id, asset: asset, reserve: account(main.id)),
            second: ContractSide(chain: side.id, asset: wrapped, reserve: account(side.id)), rateNumerator: 1, rateDenominator: 1, minimumAmount: 2,
            maximumAmount: 1_000, deadlineMaximumMilliseconds: 0, peg: PegTerms(issuers: group, releasers: group),
            brakes: drawBrakes("vault", version: version, most: 120))
    }

    private mutating func order(
        _ kind: BridgeOrder.Kind, _ contract: Contract, _ chain: ChainDescription, by payer: Wallet, for receiver: PublicKey, most: Amount, _ world: World,
        _ start: UInt64
    ) {
        let nonce = nonces[payer.signer.publicKey, default: 0]
        nonces[payer.signer.publicKey] = nonce + 1
        let order = BridgeOrder(
            kind, chain: chain.id, network: cast.network.id, contract: contract.id, version: contract.version, amount: 1 + world.random.below(most),
            receiver: receiver, nonce: nonce, memo: "", signer: payer.signer)
        let transaction = Transaction(kind == .lock ? .lock(order) : .redeem(order), chain: chain.id, network: cast.network.id)
        payer.plan(payment(kind == .lock ? .lock : .redeem, transaction, chain, world), startMilliseconds: start, world: world)
    }
}
