import Cryptography
import Wire

/// What stands behind one node of a `pos` chain: who has bonded how much, and what is on its way back.
package struct StakeEntry: Hashable, Sendable {
    /// An account's share.
    package struct Bond: Hashable, Sendable {
        package var account: PublicKey
        package var amount: Amount

        package init(account: PublicKey, amount: Amount) {
            self.account = account
            self.amount = amount
        }
    }

    /// An account's share that returns at the first block past a time; until then it can be slashed.
    package struct Unbonding: Hashable, Sendable {
        package var account: PublicKey
        package var amount: Amount
        package var release: ChainTime

        package init(account: PublicKey, amount: Amount, release: ChainTime) {
            self.account = account
            self.amount = amount
            self.release = release
        }
    }

    /// Node id.
    package let node: String
    /// Ascending by account, none of them zero.
    package internal(set) var bonds: [Bond]
    /// In the order in which they return, none of them zero.
    package internal(set) var unbondings: [Unbonding] = []
    /// What slashing has taken from it for good.
    package internal(set) var burned: Amount = 0

    package init(node: String, bonds: [Bond]) {
        self.node = node
        self.bonds = bonds
    }

    /// The node's weight from the next electorate on. Supply bounds every sum here.
    package var bonded: Amount { bonds.reduce(0) { $0 + $1.amount } }
    /// Everything that belongs to somebody and is not in an account.
    package var staked: Amount { bonded + unbondings.reduce(0) { $0 + $1.amount } }

    /// Entries of a snapshot ascend by this: the node's id, padded with zeros to 32 bytes.
    static func order(_ node: String) -> Digest { ShortText(node, where: { _ in true })?.padded ?? .zero }

    /// What an account has bonded to the node.
    package func bonded(by account: PublicKey) -> Amount { bonds.first { $0.account == account }?.amount ?? 0 }

    mutating func add(_ amount: Amount, by account: PublicKey) {
        guard let place = bonds.firstIndex(where: { $0.account >= account }) else {
            bonds.append(Bond(account: account, amount: amount))
            return
        }
        if bonds[place].account == account {
            bonds[place].amount += amount
        } else {
            bonds.insert(Bond(account: account, amount: amount), at: place)
        }
    }

    /// - Precondition: the account has bonded as much.
    mutating func unbond(_ amount: Amount, of account: PublicKey, release: ChainTime) {
        guard let place = bonds.firstIndex(where: { $0.account == account }), bonds[place].amount >= amount else {
            preconditionFailure("only what is bonded is taken back")
        }
        bonds[place].amount -= amount
        if bonds[place].amount == 0 { bonds.remove(at: place) }
        // Chain time grows and the delay does not change, so the list stays in order.
        unbondings.append(Unbonding(account: account, amount: amount, release: release))
    }

    /// Takes a fraction of everything, whoever it belongs to.
    ///
    /// - Returns: how much that is.
    mutating func slash(_ rule: StakeRule) -> Amount {
        let before = staked
        for place in bonds.indices { bonds[place].amount -= rule.slashed(of: bonds[place].amount) }
        for place in unbondings.indices { unbondings[place].amount -= rule.slashed(of: unbondings[place].amount) }
        bonds.removeAll { $0.amount == 0 }
        unbondings.removeAll { $0.amount == 0 }
        let taken = before - staked
        burned += taken
        return taken
    }

    /// The exact bytes the state tree commits to: node id padded to 32, burned u64, count u16, then of each bond account 32 and amount
    /// u64; count u16, then of each unbonding account 32, amount u64, release u64.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let node = reader.digest()?.paddedName, NodeName.isValid(node), let burned = reader.number(UInt64.self), let bondCount = reader.number(UInt16.self)
        else { return nil }
        var bonds: [Bond] = []
        for _ in 0..<bondCount {
            guard let account = reader.digest(), let amount = reader.number(UInt64.self), amount > 0,
                bonds.last.map({ $0.account.digest < account }) ?? true
            else { return nil }
            bonds.append(Bond(account: PublicKey(account), amount: amount))
        }
        var unbondings: [Unbonding] = []
        guard let count = reader.number(UInt16.self) else { return nil }
        for _ in 0..<count {
            guard let account = reader.digest(), let amount = reader.number(UInt64.self), amount > 0, let release = reader.number(UInt64.self),
                unbondings.last.map({ $0.release <= release }) ?? true
            else { return nil }
            unbondings.append(Unbonding(account: PublicKey(account), amount: amount, release: release))
        }
        guard reader.isAtEnd else { return nil }
        self.init(node: node, bonds: bonds)
        self.unbondings = unbondings
        self.burned = burned
    }
}

extension StakeEntry: StateValue {
    var stateKey: Digest { StateKey.stake(node) }
    var valueByteCount: Int { 32 + 8 + 2 + bonds.count * 40 + 2 + unbondings.count * 48 }

    func write(into writer: inout ValueWriter) {
        guard let name = ShortText(node, where: { _ in true }) else { preconditionFailure("a node's id is at most 32 bytes") }
        writer.put(name.padded)
        writer.put(burned)
        writer.put(UInt16(bonds.count))
        for bond in bonds {
            writer.put(bond.account.digest)
            writer.put(bond.amount)
        }
        writer.put(UInt16(unbondings.count))
        for unbonding in unbondings {
            writer.put(unbonding.account.digest)
            writer.put(unbonding.amount)
            writer.put(unbonding.release)
        }
    }
}
