import Cryptography
import Wire

/// Names a payment of one wallet.
package typealias PaymentKey = Int

/// What somebody wants paid, checked against the network (S810).
package struct PaymentOrder: Sendable {
    /// How the value moves.
    package enum Route: Hashable, Sendable {
        /// Within one chain.
        case transfer(chain: ChainID)
        /// From one chain to another through an exchange contract; the receiver gets the counter amount there.
        case exchange(Contract, from: ChainID, to: ChainID)
        /// Into the custody of a peg on its main chain; the same appears on the side chain, for the receiver.
        case lock(Contract)
        /// Back: burned on the side chain of a peg; the same is paid out of custody on the main chain, to the receiver.
        case redeem(Contract)
    }

    package var route: Route
    /// Signs as the payer.
    package var payer: Signer
    package var payee: PublicKey
    /// What the payer pays, on the payer's chain.
    package var asset: AssetID
    /// Minor units, at least 1.
    package var amount: Amount
    /// How far past the deciding chain's time the deadline lies; a transfer has none.
    package var deadlineMilliseconds: UInt64
    /// At most `Limits.memoBytes`.
    package var memo: String

    package init(
        route: Route, payer: Signer, payee: PublicKey, asset: AssetID, amount: Amount,
        deadlineMilliseconds: UInt64 = WalletTiming.deadlineMilliseconds, memo: String = ""
    ) {
        self.route = route
        self.payer = payer
        self.payee = payee
        self.asset = asset
        self.amount = amount
        self.deadlineMilliseconds = deadlineMilliseconds
        self.memo = memo
    }

    /// The chain whose collectors take the payment.
    package var homeChain: ChainID {
        switch route {
        case .transfer(let chain): chain
        case .exchange(_, let from, _): from
        case .lock(let peg): peg.first.chain
        case .redeem(let peg): peg.second.chain
        }
    }

    /// The chain on which the payment is decided.
    package var decidingChain: ChainID {
        switch route {
        case .transfer(let chain): chain
        case .exchange(_, _, let to): to
        case .lock(let peg): peg.first.chain
        case .redeem(let peg): peg.second.chain
        }
    }

    /// The two legs of an exchange: into the contract's reserve here, out of its reserve there.
    ///
    /// - Returns: nil when the contract has no side on one of the chains, or the amount does not come out even.
    func legs(_ contract: Contract, from: ChainID, to: ChainID) -> [Leg]? {
        guard let paying = contract.side(of: from), let owing = contract.side(of: to),
            let owed = contract.counterAmount(paying: amount, on: from), owed > 0
        else { return nil }
        return [
            Leg(chain: from, debit: payer.publicKey, credit: paying.reserve, asset: paying.asset, amount: amount),
            Leg(chain: to, debit: owing.reserve, credit: payee, asset: owing.asset, amount: owed),
        ]
    }
}

/// A payment as its payer signed it: these bytes, and no others, are ever handed in for it.
package struct SignedPayment: Hashable, Sendable {
    package var chain: ChainID
    package var decidingChain: ChainID
    /// Exact bytes of the transaction.
    package var bytes: [UInt8]
    package var id: Digest
    /// Nil for a transfer.
    package var xid: Digest?

    package init(chain: ChainID, decidingChain: ChainID, bytes: [UInt8], id: Digest, xid: Digest?) {
        self.chain = chain
        self.decidingChain = decidingChain
        self.bytes = bytes
        self.id = id
        self.xid = xid
    }

    /// A signed transaction of `chain`.
    package init(_ transaction: Transaction, chain: ChainID) {
        var deciding = chain
        if case .open(let cross) = transaction.kind { deciding = cross.decidingChain }
        self.init(chain: chain, decidingChain: deciding, bytes: transaction.bytes, id: transaction.id, xid: transaction.xid)
    }

    /// What a person looks the payment up by: the xid of a cross payment, else the transaction's id.
    package var name: Digest { xid ?? id }
}
