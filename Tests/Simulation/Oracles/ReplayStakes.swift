import Cryptography
import Wire

/// A voter as the oracles compute it.
package struct ReplayVoter: Sendable, Hashable {
    var node: String
    var key: PublicKey
    var weight: UInt64
}

/// Who votes on a chain in which epoch, and what stands behind its nodes: computed from its blocks by rules written here a second time.
struct ReplayStakes: Sendable {
    struct Node: Sendable {
        var id: String
        var key: PublicKey
        var bonds: [(account: PublicKey, amount: Amount)] = []
        var unbondings: [(account: PublicKey, amount: Amount, release: ChainTime)] = []
        var burned: Amount = 0

        var bonded: Amount { bonds.map(\.amount).reduce(0, +) }

        var bytes: [UInt8] {
            var bytes = ReplayStakes.padded(id) + CertificateOracle.number(burned) + CertificateOracle.number(UInt64(bonds.count)).suffix(2)
            for bond in bonds { bytes += bond.account.bytes + CertificateOracle.number(bond.amount) }
            bytes += CertificateOracle.number(UInt64(unbondings.count)).suffix(2)
            for item in unbondings { bytes += item.account.bytes + CertificateOracle.number(item.amount) + CertificateOracle.number(item.release) }
            return bytes
        }
    }

    let chain: ChainDescription
    var nodes: [Node] = []
    /// By epoch, from 0.
    private(set) var electorates: [[ReplayVoter]] = []
    private var seeds: [Digest] = []
    /// Value that came back to its owners.
    private(set) var returned: UInt64 = 0

    init(_ chain: ChainDescription) {
        self.chain = chain
        guard let rule = chain.stake else {
            electorates = [chain.nodes.map { ReplayVoter(node: $0.id, key: $0.key, weight: 1) }]
            seeds = [.zero]
            return
        }
        nodes = chain.nodes.map { Node(id: $0.id, key: $0.key, bonds: $0.stake > 0 ? [($0.key, $0.stake)] : []) }
        electorates = [voters(rule)]
        seeds = [Blake2b.hash(Array("concordat/1/epoch-seed".utf8) + [0] + Array(chain.id.description.utf8))]
    }

    func epoch(of slot: Slot) -> Int { chain.epochs.map { Int((slot - 1) / $0.slots) } ?? 0 }

    /// Who may build for a slot; nil when nobody is known to.
    func leader(of slot: Slot) -> ReplayVoter? {
        let epoch = epoch(of: slot)
        guard epoch < electorates.count else { return nil }
        let voters = electorates[epoch]
        guard chain.stake != nil else { return voters[Int((slot - 1) % UInt64(voters.count))] }
        let lot = Blake2b.hash(Array("concordat/1/leader".utf8) + [0] + seeds[epoch].bytes + CertificateOracle.number(slot)).bytes
        var place = lot.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % voters.map(\.weight).reduce(0, +)
        for voter in voters {
            if place < voter.weight { return voter }
            place -= voter.weight
        }
        return nil
    }

    private func voters(_ rule: StakeRule) -> [ReplayVoter] {
        nodes.filter { $0.bonded >= rule.minimum && $0.bonded > 0 }.map { ReplayVoter(node: $0.id, key: $0.key, weight: $0.bonded) }
    }

    /// The first block past a cut settles who votes next.
    ///
    /// - Returns: the entry of the state, with its epoch; nil when this block settles nothing.
    mutating func settle(_ header: BlockHeader) -> (epoch: UInt64, bytes: [UInt8])? {
        guard let rule = chain.epochs else { return nil }
        let epoch = epoch(of: header.slot)
        let end = UInt64(epoch + 1) * rule.slots
        guard header.slot + rule.margin > end, electorates.count == epoch + 1 else { return nil }
        let next = chain.stake.map { voters($0) } ?? []
        electorates.append(next.isEmpty ? electorates[epoch] : next)
        let seed = Blake2b.hash(Array("concordat/1/epoch-seed".utf8) + [0] + seeds[epoch].bytes + header.fields.parent.bytes)
        seeds.append(seed)
        var bytes = CertificateOracle.number(UInt64(epoch + 1)) + seed.bytes
        bytes += CertificateOracle.number(UInt64(electorates[epoch + 1].count)).suffix(2)
        for voter in electorates[epoch + 1] {
            bytes += ReplayStakes.padded(voter.node) + voter.key.bytes + CertificateOracle.number(voter.weight)
        }
        return (UInt64(epoch + 1), bytes + [0, 0])
    }

    mutating func bond(_ order: StakeOrder, at place: Int) {
        if let found = nodes[place].bonds.firstIndex(where: { $0.account == order.account }) {
            nodes[place].bonds[found].amount += order.amount
        } else {
            nodes[place].bonds.append((order.account, order.amount))
            nodes[place].bonds.sort { $0.account.bytes.lexicographicallyPrecedes($1.account.bytes) }
        }
    }

    mutating func unbond(_ order: StakeOrder, at place: Int, release: ChainTime) {
        guard let found = nodes[place].bonds.firstIndex(where: { $0.account == order.account }) else { return }
        nodes[place].bonds[found].amount -= order.amount
        nodes[place].bonds.removeAll { $0.amount == 0 }
        nodes[place].unbondings.append((order.account, order.amount, release))
    }

    func bonded(by account: PublicKey, at place: Int) -> Amount { nodes[place].bonds.first { $0.account == account }?.amount ?? 0 }

    /// Half, or whatever the network says, of every bond of a node, those on their way back included.
    mutating func slash(_ place: Int) {
        guard let rule = chain.stake else { return }
        func cut(_ amount: Amount) -> Amount { amount / rule.slashDenominator * rule.slashNumerator + amount % rule.slashDenominator * rule.slashNumerator / rule.slashDenominator }
        for index in nodes[place].bonds.indices {
            let taken = cut(nodes[place].bonds[index].amount)
            nodes[place].bonds[index].amount -= taken
            nodes[place].burned += taken
        }
        for index in nodes[place].unbondings.indices {
            let taken = cut(nodes[place].unbondings[index].amount)
            nodes[place].unbondings[index].amount -= taken
            nodes[place].burned += taken
        }
        nodes[place].bonds.removeAll { $0.amount == 0 }
        nodes[place].unbondings.removeAll { $0.amount == 0 }
    }

    /// What returns to its owners in a block of this time, node by node.
    mutating func release(at time: ChainTime) -> [(place: Int, account: PublicKey, amount: Amount)] {
        var released: [(place: Int, account: PublicKey, amount: Amount)] = []
        for place in nodes.indices {
            for item in nodes[place].unbondings where item.release <= time { released.append((place, item.account, item.amount)) }
            nodes[place].unbondings.removeAll { $0.release <= time }
        }
        returned += UInt64(released.count)
        return released
    }

    /// Everything that is behind nodes, on its way back, or burned.
    var total: Amount { nodes.reduce(0) { $0 + $1.bonded + $1.unbondings.map(\.amount).reduce(0, +) + $1.burned } }

    static func padded(_ name: String) -> [UInt8] { Array(name.utf8) + [UInt8](repeating: 0, count: 32 - name.utf8.count) }
}
