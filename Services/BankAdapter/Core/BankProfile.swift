import Cryptography
import Wire

/// A currency of the outside world and the asset that stands for it on a chain.
package struct BankCurrency: Hashable, Sendable {
    /// Three capital letters (ISO 4217).
    package var code: String
    package var asset: AssetID
    /// Digits after the point.
    package var digits: Int

    package init(code: String, asset: AssetID, digits: Int) {
        self.code = code
        self.asset = asset
        self.digits = digits
    }
}

/// Another bank that this one pays.
package struct BankPartner: Hashable, Sendable {
    package var bic: String
    package var chain: ChainID
    /// The bank's own account on its chain.
    package var account: PublicKey
    package var currency: BankCurrency

    package init(bic: String, chain: ChainID, account: PublicKey, currency: BankCurrency) {
        self.bic = bic
        self.chain = chain
        self.account = account
        self.currency = currency
    }
}

/// What an adapter knows of its bank: who it is on which chain, and whom it can pay (A19).
package struct BankProfile: Hashable, Sendable {
    package var name: String
    package var bic: String
    package var chain: ChainID
    /// The account on the chain that holds what the bank owes its customers.
    package var account: PublicKey
    package var currency: BankCurrency
    package var partners: [BankPartner]
    /// The contract to exchange under, `ID` or `ID@VERSION`, where an instruction names none; nil for the first that fits.
    package var contract: String?
    /// How long a payment may take.
    package var deadlineMilliseconds: UInt64

    package init(
        name: String, bic: String, chain: ChainID, account: PublicKey, currency: BankCurrency, partners: [BankPartner], contract: String?,
        deadlineMilliseconds: UInt64
    ) {
        self.name = name
        self.bic = bic
        self.chain = chain
        self.account = account
        self.currency = currency
        self.partners = partners
        self.contract = contract
        self.deadlineMilliseconds = deadlineMilliseconds
    }
}
