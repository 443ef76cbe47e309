import Cryptography
import Determinism
import RoleKit
import Wire

/// Draws a seed's payments and gives them to wallets.
package struct PaymentPlan {
    package var cast: Cast
    package let count: Int
    /// Payments start within this span, milliseconds.
    package let spanMilliseconds: UInt64
    var nonces: [PublicKey: UInt64] = [:]
    /// When the plan is made, by the virtual clock; payments start so much later than they say.
    var offsetMilliseconds: UInt64 = 0

    package init(cast: Cast, count: Int, spanMilliseconds: UInt64) {
        self.cast = cast
        self.count = count
        self.spanMilliseconds = spanMilliseconds
    }

    /// Makes the wallets and what they will pay.
    package mutating func wallets(in world: World) -> [Wallet] {
        let wallets = cast.people.enumerated().map { index, signer in
            let wallet = Wallet(name: "client-\(index)", signer: signer, manner: world.random.below(2) == 0 ? .watches : .polls)
            wallet.index = world.add(wallet)
            wallet.receivingChains = cast.network.chains.map(\.id)
            return wallet
        }
        for _ in 0..<count {
            let kind = PaymentKind.weighted[Int(world.random.below(UInt64(PaymentKind.weighted.count)))]
            let start = 200 + world.random.below(spanMilliseconds)
            plan(kind, wallets, world, start)
        }
        planContracts(wallets, world)
        planPegs(wallets, world)
        return wallets
    }

    private mutating func plan(_ kind: PaymentKind, _ wallets: [Wallet], _ world: World, _ start: UInt64) {
        var chain = cast.network.chains[Int(world.random.below(UInt64(cast.network.chains.count)))]
        let staked = cast.network.chains.first { $0.stake != nil }
        let kind = kind == .bond && staked == nil ? .transfer : kind
        if kind == .bond, let staked { chain = staked }
        let owners = wallets.filter { wallet in chain.genesis.contains { $0.key == wallet.signer.publicKey } }
        let payer = owners[Int(world.random.below(UInt64(owners.count)))]
        var others = kind.isCross ? wallets : owners
        others.removeAll { $0 === payer }
        let payee = others[Int(world.random.below(UInt64(others.count)))]
        if kind == .bond {
            planBond(chain, payer, world, start)
        } else if kind.isAgreement {
            planAgreement(kind, wallets, world, start)
        } else if kind.isCross {
            planCross(kind, chain, payer, payee, world, start)
        } else if kind == .register {
            let register = Transaction(
                .register(Register(chain: chain.id, network: cast.network.id, signer: payee.signer)), chain: chain.id, network: cast.network.id)
            payee.plan(payment(kind, register, chain, world), startMilliseconds: start, world: world)
        } else {
            planTransfer(kind, chain, payer, payee, world, start)
        }
    }

    /// A bond, and an order to take back a part of it, which may come first and is refused then.
    private mutating func planBond(_ chain: ChainDescription, _ payer: Wallet, _ world: World, _ start: UInt64) {
        let node = chain.nodes[Int(world.random.below(UInt64(chain.nodes.count)))].id
        let amount = 150 + world.random.below(150)
        for (kind, part) in [(StakeOrder.Kind.bond, amount), (.unbond, 1 + amount / 2)] {
            let nonce = nonces[payer.signer.publicKey, default: 0]
            nonces[payer.signer.publicKey] = nonce + 1
            let order = StakeOrder(
                kind, chain: chain.id, network: cast.network.id, node: node, amount: part, nonce: nonce, signer: payer.signer)
            let transaction = Transaction(kind == .bond ? .bond(order) : .unbond(order), chain: chain.id, network: cast.network.id)
            let later = kind == .bond ? 0 : world.random.below(4_000)
            payer.plan(payment(.bond, transaction, chain, world), startMilliseconds: start + later, world: world)
        }
    }

    mutating func planTransfer(
        _ kind: PaymentKind, _ chain: ChainDescription, _ payer: Wallet, _ payee: Wallet, _ world: World, _ start: UInt64
    ) {
        let nonce = nonces[payer.signer.publicKey, default: 0]
        nonces[payer.signer.publicKey] = nonce + 1
        let amount: Amount =
            switch kind {
            case .transferPoor: 1_000_000_000
            case .transferOverflow: .max - world.random.below(3)
            default: 1 + world.random.below(100)
            }
        let receiver = kind == .transferUnknownPayee ? PublicKey(Blake2b.hash(nonce.bigEndianBytes)) : payee.signer.publicKey
        let honest = transfer(chain, payer.signer, receiver, amount, nonce)
        switch kind {
        case .transferBadSignature:
            let key = payer.signer.publicKey
            let liar = Signer(publicKey: key) { _ in Signature(first: Blake2b.hash([1]), second: Blake2b.hash([2])) }
            payer.plan(payment(kind, transfer(chain, liar, receiver, amount, nonce), chain, world), startMilliseconds: start, world: world)
        case .transferWrongChain:
            let other = cast.network.chains.first { $0.id != chain.id } ?? chain
            let services = [Service.name(.collector, chain: other.id)]
            payer.plan(
                Payment(kind: kind, chain: other.id, bytes: honest.bytes, id: honest.id, cross: nil, services: services),
                startMilliseconds: start, world: world)
        case .transferMany:
            var many = payment(kind, honest, chain, world)
            many.services = chain.nodes.map { Service.name(.collector, chain: chain.id, node: $0.id) }
            payer.plan(many, startMilliseconds: start, world: world)
        case .transferMalformed:
            var malformed = payment(kind, honest, chain, world)
            // A field that nobody knows, with value 0.
            malformed.bytes += [0xF8, 0x07, 0x00]
            payer.plan(malformed, startMilliseconds: start, world: world)
        case .doubleSpend:
            payer.plan(payment(kind, honest, chain, world), startMilliseconds: start, world: world)
            let second = transfer(chain, payer.signer, receiver, amount + 1, nonce)
            payer.plan(payment(kind, second, chain, world), startMilliseconds: start, world: world)
        default: payer.plan(payment(kind, honest, chain, world), startMilliseconds: start, world: world)
        }
    }

    private func transfer(_ chain: ChainDescription, _ signer: Signer, _ to: PublicKey, _ amount: Amount, _ nonce: UInt64) -> Transaction {
        guard let asset = cast.assets[chain.id] else { preconditionFailure("every chain has its asset") }
        let transfer = Transfer(
            chain: chain.id, network: cast.network.id, to: to, asset: asset, amount: amount, nonce: nonce, memo: "", signer: signer)
        return Transaction(.transfer(transfer), chain: chain.id, network: cast.network.id)
    }

    private mutating func planCross(
        _ kind: PaymentKind, _ chain: ChainDescription, _ payer: Wallet, _ payee: Wallet, _ world: World, _ start: UInt64
    ) {
        let contracts = cast.network.contracts.filter { $0.side(of: chain.id) != nil }
        let contract = contracts[Int(world.random.below(UInt64(contracts.count)))]
        let isForward = contract.first.chain == chain.id
        let (from, to) = isForward ? (contract.first, contract.second) : (contract.second, contract.first)
        var paid = 10 * (1 + world.random.below(40))
        if kind == .crossPoor { paid = 90_000 }
        var owed = isForward ? paid * 10 : paid / 10
        if kind == .crossBadTerms { owed += 1 }
        if kind == .crossOverflow { (paid, owed) = (.max / 2 + paid, .max / 2 + owed) }
        // Deadlines are chain time; the payer's clock stands in for it.
        let deadline = VirtualClock.epochMilliseconds + offsetMilliseconds + start + 8_000 + world.random.below(12_000)
        let nonce = nonces[payer.signer.publicKey, default: 0]
        nonces[payer.signer.publicKey] = nonce + 1
        let cross = CrossTransaction(
            network: cast.network.id, contract: contract.id, contractVersion: contract.version,
            legs: [
                Leg(chain: from.chain, debit: payer.signer.publicKey, credit: from.reserve, asset: from.asset, amount: paid),
                Leg(chain: to.chain, debit: to.reserve, credit: payee.signer.publicKey, asset: to.asset, amount: owed),
            ], deadline: deadline, nonce: nonce, memo: kind.rawValue, signers: [payer.signer])
        let open = Transaction(.open(cross), chain: chain.id, network: cast.network.id)
        var payment = payment(kind, open, chain, world, cross: cross)
        payment.receivers = [.init(wallet: payee)]
        if kind == .crossCancelled {
            let authorization = Authorization(
                key: payer.signer.publicKey, signature: payer.signer.sign(.cancel, network: cast.network.id, cross.xid.bytes))
            payment.cancel =
                Transaction(.cancel(Cancel(cross: cross, authorization: authorization)), chain: to.chain, network: cast.network.id).bytes
        }
        payer.plan(payment, startMilliseconds: start, world: world)
    }

    /// Handed to any collector of the chain, or to those of two nodes in turn.
    func payment(
        _ kind: PaymentKind, _ transaction: Transaction, _ chain: ChainDescription, _ world: World, cross: CrossTransaction? = nil
    ) -> Payment {
        let any = Service.name(.collector, chain: chain.id)
        let first = chain.nodes[Int(world.random.below(UInt64(chain.nodes.count)))]
        let second = chain.nodes[Int(world.random.below(UInt64(chain.nodes.count)))]
        let named = [first, second].map { Service.name(.collector, chain: chain.id, node: $0.id) }
        return Payment(
            kind: kind, chain: chain.id, bytes: transaction.bytes, id: transaction.id, cross: cross,
            services: world.random.below(2) == 0 ? [any] : named)
    }
}
