import Cryptography
import Determinism
import Wire

extension PaymentPlan {
    /// In half of all runs somebody declares a contract meanwhile (A14): perhaps with a second version, perhaps while another one declares the
    /// same; people put value into its reserves and pay under it, some of them too early.
    mutating func planContracts(_ wallets: [Wallet], _ world: World) {
        guard world.random.below(2) == 0 else { return }
        let deployer = Deployer(cast: cast)
        deployer.join(world)
        let start = 100 + world.random.below(spanMilliseconds / 2 + 1)
        let first = Int(world.random.below(UInt64(cast.network.chains.count)))
        let others = cast.network.chains.filter { $0.id != cast.network.chains[first].id }
        let pair = [cast.network.chains[first], others[Int(world.random.below(UInt64(others.count)))]]
        let owner = wallets[Int(world.random.below(UInt64(wallets.count)))]
        var versions = [deployer.plan(contract("bureau", pair, version: 1, rate: 3), by: owner.signer, startMilliseconds: start, world: world)]
        if world.random.below(3) == 0 {
            versions.append(
                deployer.plan(contract("bureau", pair, version: 2, rate: 4), by: owner.signer, startMilliseconds: start + world.random.below(4_000), world: world))
        }
        if world.random.below(3) == 0, let rival = wallets.first(where: { $0 !== owner }) {
            _ = deployer.plan(
                contract("bureau", pair, version: 1 + UInt32(world.random.below(2)), rate: 7), by: rival.signer,
                startMilliseconds: start + world.random.below(1_000), world: world)
        }
        for chain in pair { fund(versions[0].contract, on: chain, wallets, world, start) }
        for _ in 0..<(2 + world.random.below(5)) {
            pay(under: versions[Int(world.random.below(UInt64(versions.count)))].contract, pair, wallets, world, start + world.random.below(12_000))
        }
    }

    /// The first payments under a contract that has just been declared between two chains.
    mutating func planBureau(_ id: String, between pair: [ChainDescription], _ wallets: [Wallet], _ world: World) {
        let deployer = Deployer(cast: cast)
        deployer.join(world)
        let owner = wallets[Int(world.random.below(UInt64(wallets.count)))]
        let start = 100 + world.random.below(2_000)
        let terms = deployer.plan(contract(id, pair, version: 1, rate: 3), by: owner.signer, startMilliseconds: start, world: world)
        for chain in pair { fund(terms.contract, on: chain, wallets, world, start) }
        for _ in 0..<3 { pay(under: terms.contract, pair, wallets, world, start + 2_000 + world.random.below(8_000)) }
    }

    private func contract(_ id: String, _ pair: [ChainDescription], version: UInt32, rate: UInt64) -> Contract {
        let sides = pair.map { chain in
            guard let asset = cast.assets[chain.id] else { preconditionFailure("every chain has its asset") }
            return ContractSide(chain: chain.id, asset: asset, reserve: ContractName.reserve(of: id, on: chain.id, network: cast.network.id))
        }
        return Contract(
            id: id, version: version, first: sides[0], second: sides[1], rateNumerator: rate, rateDenominator: 1, minimumAmount: 1,
            maximumAmount: 5_000, deadlineMaximumMilliseconds: 60_000, brakes: drawBrakes(id, version: version, most: 300))
    }

    private func owners(of chain: ChainDescription, _ wallets: [Wallet]) -> [Wallet] {
        wallets.filter { wallet in chain.genesis.contains { $0.key == wallet.signer.publicKey } }
    }

    /// Transfers to a reserve: the first ones may come before the account is there.
    private mutating func fund(_ contract: Contract, on chain: ChainDescription, _ wallets: [Wallet], _ world: World, _ start: UInt64) {
        guard let side = contract.side(of: chain.id) else { preconditionFailure("a contract has a side on each of its chains") }
        let owners = owners(of: chain, wallets)
        for turn in 0..<UInt64(3) {
            let payer = owners[Int(world.random.below(UInt64(owners.count)))]
            let nonce = nonces[payer.signer.publicKey, default: 0]
            nonces[payer.signer.publicKey] = nonce + 1
            let transfer = Transfer(
                chain: chain.id, network: cast.network.id, to: side.reserve, asset: side.asset, amount: 2_000, nonce: nonce, memo: "",
                signer: payer.signer)
            payer.plan(
                payment(.transfer, Transaction(.transfer(transfer), chain: chain.id, network: cast.network.id), chain, world),
                startMilliseconds: start + 1_000 + 2_500 * turn, world: world)
        }
    }

    private mutating func pay(under contract: Contract, _ pair: [ChainDescription], _ wallets: [Wallet], _ world: World, _ start: UInt64) {
        let isForward = world.random.below(2) == 0
        let (from, to) = isForward ? (contract.first, contract.second) : (contract.second, contract.first)
        guard let chain = pair.first(where: { $0.id == from.chain }) else { preconditionFailure("a contract is between the pair") }
        let owners = owners(of: chain, wallets)
        let payer = owners[Int(world.random.below(UInt64(owners.count)))]
        let payees = wallets.filter { $0 !== payer }
        let payee = payees[Int(world.random.below(UInt64(payees.count)))]
        let units = 1 + world.random.below(100)
        let (paid, owed) = isForward ? (units, units * contract.rateNumerator) : (units * contract.rateNumerator, units)
        let nonce = nonces[payer.signer.publicKey, default: 0]
        nonces[payer.signer.publicKey] = nonce + 1
        let cross = CrossTransaction(
            network: cast.network.id, contract: contract.id, contractVersion: contract.version,
            legs: [
                Leg(chain: from.chain, debit: payer.signer.publicKey, credit: from.reserve, asset: from.asset, amount: paid),
                Leg(chain: to.chain, debit: to.reserve, credit: payee.signer.publicKey, asset: to.asset, amount: owed),
            ], deadline: VirtualClock.epochMilliseconds + offsetMilliseconds + start + 10_000 + world.random.below(10_000), nonce: nonce, memo: "declared",
            signers: [payer.signer])
        let open = Transaction(.open(cross), chain: chain.id, network: cast.network.id)
        var payment = payment(.crossDeclared, open, chain, world, cross: cross)
        payment.receivers = [.init(wallet: payee)]
        payer.plan(payment, startMilliseconds: start, world: world)
    }
}
