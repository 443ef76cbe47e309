/// How value stands behind the nodes of a `pos` chain (A3, B7).
package struct StakeRule: Hashable, Sendable {
    /// What is bonded.
    package var asset: AssetID
    /// The least that is bonded at once, and that a node needs to vote; in minor units, at least 1.
    package var minimum: Amount
    /// Chain time until what was taken back returns, in milliseconds: longer than two epochs take.
    package var unbondingMilliseconds: UInt64
    /// The part of a node's stake that an offence costs.
    package var slashNumerator: UInt64
    package var slashDenominator: UInt64

    package init(
        asset: AssetID, minimum: Amount = 1, unbondingMilliseconds: UInt64 = 3_600_000, slashNumerator: UInt64 = 1, slashDenominator: UInt64 = 2
    ) {
        precondition(minimum > 0 && slashDenominator > 0 && slashNumerator <= slashDenominator, "a rule of stake takes a part of what there is")
        self.asset = asset
        self.minimum = minimum
        self.unbondingMilliseconds = unbondingMilliseconds
        self.slashNumerator = slashNumerator
        self.slashDenominator = slashDenominator
    }

    /// What an offence takes from an amount, rounded down.
    package func slashed(of amount: Amount) -> Amount {
        // A part of a 64-bit number fits 64 bits.
        slashDenominator.dividingFullWidth(amount.multipliedFullWidth(by: slashNumerator)).quotient
    }
}
