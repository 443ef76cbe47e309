import Wire

/// What an account owns, one amount an asset, ascending by asset, none of them zero.
///
/// The lowest asset is held inline: an account of one asset, which is the usual one, needs no memory of its own.
package struct Balances: Hashable, Sendable {
    /// The lowest asset; amount 0 when the account owns nothing.
    private var lowest: Balance
    /// The others, ascending.
    private var others: [Balance] = []

    private static let nothing = Balance(asset: AssetID("none")!, amount: 0)

    /// Nothing.
    package init() {
        lowest = Balances.nothing
    }

    /// - Returns: nil unless the list is strictly ascending and free of zeros.
    package init?(_ list: [Balance]) {
        guard list.allSatisfy({ $0.amount > 0 }), zip(list, list.dropFirst()).allSatisfy({ $0.asset < $1.asset }) else { return nil }
        lowest = list.first ?? Balances.nothing
        others = Array(list.dropFirst())
    }

    /// How many assets there are.
    package var count: Int { lowest.amount == 0 ? 0 : 1 + others.count }

    /// Every balance, ascending by asset.
    package var list: [Balance] { lowest.amount == 0 ? [] : [lowest] + others }

    /// Calls `body` with every balance, ascending by asset.
    func forEach(_ body: (Balance) -> Void) {
        guard lowest.amount > 0 else { return }
        body(lowest)
        for balance in others { body(balance) }
    }

    /// The amount of an asset; 0 when there is none.
    @inline(__always)
    package func amount(of asset: AssetID) -> Amount {
        if lowest.asset == asset { return lowest.amount }
        return others.isEmpty ? 0 : others.first { $0.asset == asset }?.amount ?? 0
    }

    /// Adds to an asset.
    ///
    /// - Precondition: the sum fits, which supply bounds.
    @inline(__always)
    package mutating func add(_ amount: Amount, of asset: AssetID) {
        if lowest.asset == asset && lowest.amount > 0 {
            lowest.amount += amount
        } else {
            insert(amount, of: asset)
        }
    }

    private mutating func insert(_ amount: Amount, of asset: AssetID) {
        let new = Balance(asset: asset, amount: amount)
        if lowest.amount == 0 {
            lowest = new
        } else if asset < lowest.asset {
            others.insert(lowest, at: 0)
            lowest = new
        } else if let place = others.firstIndex(where: { $0.asset >= asset }) {
            if others[place].asset == asset { others[place].amount += amount } else { others.insert(new, at: place) }
        } else {
            others.append(new)
        }
    }

    /// Takes from an asset; at zero the asset is gone.
    ///
    /// - Precondition: there is enough.
    @inline(__always)
    package mutating func take(_ amount: Amount, of asset: AssetID) {
        if lowest.asset == asset && lowest.amount > amount {
            lowest.amount -= amount
        } else {
            takeAll(amount, of: asset)
        }
    }

    private mutating func takeAll(_ amount: Amount, of asset: AssetID) {
        precondition(self.amount(of: asset) >= amount, "a debit is covered")
        if lowest.asset == asset {
            lowest = others.isEmpty ? Balances.nothing : others.removeFirst()
        } else if let place = others.firstIndex(where: { $0.asset == asset }) {
            others[place].amount -= amount
            if others[place].amount == 0 { others.remove(at: place) }
        }
    }
}
