import Cryptography
import Determinism
import Wire

extension PaymentPlan {
    /// A graph of two to five legs, drawn at random: swaps, cycles, splits and gifts, over two chains or more (A15). Its initiator opens it on
    /// every chain that holds a part; it may be that one of these refuses, and all others give back.
    mutating func planAgreement(_ kind: PaymentKind, _ wallets: [Wallet], _ world: World, _ start: UInt64) {
        let legs = drawLegs(wallets, world)
        guard let first = legs.first, let initiator = wallets.first(where: { $0.signer.publicKey == first.debit }) else {
            preconditionFailure("legs are drawn between wallets")
        }
        var signers: [Signer] = []
        for leg in legs where !signers.contains(where: { $0.publicKey == leg.debit }) {
            signers += wallets.filter { $0.signer.publicKey == leg.debit }.map(\.signer)
        }
        let nonce = nonces[initiator.signer.publicKey, default: 0]
        nonces[initiator.signer.publicKey] = nonce + 1
        let cross = CrossTransaction(
            network: cast.network.id, contract: Agreement.id, contractVersion: Agreement.version, legs: legs,
            deadline: VirtualClock.epochMilliseconds + offsetMilliseconds + start + 8_000 + world.random.below(12_000), nonce: nonce, memo: kind.rawValue,
            signers: signers)
        let asked = cast.network.confirmers(of: cross)
        for chain in cast.network.chains where cross.holdingChains.contains(chain.id) {
            var open = payment(kind, Transaction(.open(cross), chain: chain.id, network: cast.network.id), chain, world, cross: cross)
            open.receivers = wallets.filter { asked.contains($0.signer.publicKey) }.map { .init(wallet: $0) }
            initiator.plan(open, startMilliseconds: start + world.random.below(1_500), world: world)
        }
    }

    /// Legs of which not all are on one chain. Payers own what they pay, most receivers have an account.
    private func drawLegs(_ wallets: [Wallet], _ world: World) -> [Leg] {
        let chains = cast.network.chains
        let count = 2 + Int(world.random.below(4))
        var legs: [Leg] = []
        for index in 0..<count {
            var chain = chains[Int(world.random.below(UInt64(chains.count)))]
            if index == count - 1, legs.allSatisfy({ $0.chain == chain.id }) {
                let others = chains.filter { $0.id != chain.id }
                chain = others[Int(world.random.below(UInt64(others.count)))]
            }
            let owners = wallets.filter { wallet in chain.genesis.contains { $0.key == wallet.signer.publicKey } }
            let payer = owners[Int(world.random.below(UInt64(owners.count)))]
            let payees = (world.random.below(10) == 0 ? wallets : owners).filter { $0 !== payer }
            let payee = payees[Int(world.random.below(UInt64(payees.count)))]
            guard let asset = cast.assets[chain.id] else { preconditionFailure("every chain has its asset") }
            legs.append(
                Leg(chain: chain.id, debit: payer.signer.publicKey, credit: payee.signer.publicKey, asset: asset, amount: 1 + world.random.below(60)))
        }
        return legs
    }
}
