import Cryptography
import Wire

/// An account: who owns it, which nonces it has used, what it holds.
package struct Account: Hashable, Sendable {
    /// Its owner's key, which is its name.
    package let key: PublicKey
    /// A Register for it stands in a block of the chain: its id has had its one answer.
    package internal(set) var isRegistered: Bool
    package internal(set) var nonces: NonceWindow
    package internal(set) var balances: Balances

    package init(key: PublicKey, isRegistered: Bool = false, nonces: NonceWindow = NonceWindow(), balances: Balances = Balances()) {
        self.key = key
        self.isRegistered = isRegistered
        self.nonces = nonces
        self.balances = balances
    }

    /// The exact bytes the state tree commits to: key 32, registered u8, nonce base u64, nonce bits 4×u64, count u16, then asset
    /// padded to 32 and amount u64 of each balance, ascending by asset.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote.
    ///
    /// - Returns: nil for anything that `encoded` never writes.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let key = reader.digest(), let registered = reader.number(UInt8.self), registered <= 1, let base = reader.number(UInt64.self),
            let first = reader.number(UInt64.self), let second = reader.number(UInt64.self),
            let third = reader.number(UInt64.self), let fourth = reader.number(UInt64.self),
            let nonces = NonceWindow(base: base, words: (first, second, third, fourth)),
            let count = reader.number(UInt16.self)
        else { return nil }
        var list: [Balance] = []
        for _ in 0..<count {
            guard let asset = reader.digest()?.paddedName.flatMap({ AssetID($0) }), let amount = reader.number(UInt64.self)
            else { return nil }
            list.append(Balance(asset: asset, amount: amount))
        }
        guard reader.isAtEnd, let balances = Balances(list) else { return nil }
        self.init(key: PublicKey(key), isRegistered: registered == 1, nonces: nonces, balances: balances)
    }
}

extension Account: StateValue {
    private static let headByteCount = 32 + 1 + 8 + 32 + 2
    private static let balanceByteCount = 32 + 8

    var stateKey: Digest { StateKey.account(key) }
    var valueByteCount: Int { Account.headByteCount + balances.count * Account.balanceByteCount }

    func write(into writer: inout ValueWriter) {
        let words = nonces.words
        writer.put(key.digest)
        writer.put(UInt8(isRegistered ? 1 : 0))
        writer.put(nonces.base)
        writer.put(words.0)
        writer.put(words.1)
        writer.put(words.2)
        writer.put(words.3)
        writer.put(UInt16(balances.count))
        balances.forEach { balance in
            writer.put(balance.asset.text.padded)
            writer.put(balance.amount)
        }
    }
}
