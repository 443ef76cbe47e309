import Cryptography
import Wire

/// An account as the oracles compute it.
package struct ReplayAccount: Sendable, Hashable {
    /// A Register of it stands in the chain.
    var isRegistered = false
    var nonceBase: UInt64 = 0
    /// Used nonces above the base.
    var usedNonces: Set<UInt64> = []
    /// Ascending by asset, no zeros.
    var balances: [(asset: AssetID, amount: Amount)] = []

    package init() {}

    package static func == (left: ReplayAccount, right: ReplayAccount) -> Bool { left.bytes(.zero) == right.bytes(.zero) }
    package func hash(into hasher: inout Hasher) { hasher.combine(nonceBase) }

    func amount(_ asset: AssetID) -> Amount { balances.first { $0.asset == asset }?.amount ?? 0 }

    func mayUse(_ nonce: UInt64) -> Bool { nonce >= nonceBase && nonce - nonceBase < 256 && !usedNonces.contains(nonce) }

    mutating func use(_ nonce: UInt64) {
        usedNonces.insert(nonce)
        while usedNonces.remove(nonceBase) != nil { nonceBase += 1 }
    }

    /// Adds, or takes with a negative sign. False, and nothing done, when there is not enough or too much.
    package mutating func move(_ asset: AssetID, _ amount: Amount, isDebit: Bool) -> Bool {
        let before = self.amount(asset)
        let (after, overflow) = isDebit ? before.subtractingReportingOverflow(amount) : before.addingReportingOverflow(amount)
        guard !overflow else { return false }
        balances.removeAll { $0.asset == asset }
        if after > 0 { balances.append((asset, after)) }
        balances.sort { $0.asset < $1.asset }
        return true
    }

    /// The value bytes of the state tree.
    func bytes(_ key: Digest) -> [UInt8] {
        var words: [UInt64] = [0, 0, 0, 0]
        for nonce in usedNonces.sorted() { words[Int((nonce - nonceBase) / 64)] |= 1 << ((nonce - nonceBase) % 64) }
        var bytes = key.bytes + [isRegistered ? 1 : 0] + CertificateOracle.number(nonceBase)
        for word in words { bytes += CertificateOracle.number(word) }
        bytes += CertificateOracle.number(UInt64(balances.count)).suffix(2)
        for balance in balances { bytes += ReplayEntry.padded(balance.asset) + CertificateOracle.number(balance.amount) }
        return bytes
    }
}

/// A cross transaction on one chain, as the oracles compute it.
struct ReplayEntry: Sendable {
    /// 0 none, 1 held, 2 settled, 3 refunded, 4 rejected.
    var hold: UInt8 = 0
    /// 0 none, 1 committed, 2 refused, 3 cancelled.
    var decision: UInt8 = 0
    let decider: ChainID
    var deadline: UInt64
    /// Heights of the blocks that opened, decided and resolved it; 0 for none.
    var heights: [Height] = [0, 0, 0]
    /// Held legs with their positions.
    var legs: [(index: Int, leg: Leg)] = []

    init(_ cross: CrossTransaction) {
        decider = cross.legs[cross.legs.count - 1].chain
        deadline = cross.deadline
    }

    func bytes(_ xid: Digest) -> [UInt8] {
        var bytes = xid.bytes + [hold, decision] + CertificateOracle.padded(decider) + CertificateOracle.number(deadline)
        for height in heights { bytes += CertificateOracle.number(height) }
        bytes += CertificateOracle.number(UInt64(legs.count)).suffix(2)
        for (index, leg) in legs {
            bytes += CertificateOracle.number(UInt64(index)).suffix(2)
            bytes += leg.debit.bytes + leg.credit.bytes + ReplayEntry.padded(leg.asset) + CertificateOracle.number(leg.amount)
        }
        return bytes
    }

    static func padded(_ asset: AssetID) -> [UInt8] {
        let name = Array(asset.description.utf8)
        return name + [UInt8](repeating: 0, count: 32 - name.count)
    }
}

/// One chain's whole state, as the oracles compute it from its blocks alone.
package struct ReplayState: Sendable {
    package let chain: ChainID
    package private(set) var accounts: [PublicKey: ReplayAccount] = [:]
    private(set) var entries: [Digest: ReplayEntry] = [:]
    /// Recorded heads on the notary chain: height and hash.
    private(set) var heads: [ChainID: (height: Height, hash: Digest)] = [:]
    /// Whether chains are frozen, and the notary block since which they are or are not.
    private(set) var statuses: [ChainID: (isFrozen: Bool, hasLeft: Bool, since: Height)] = [:]
    /// Keys in the order in which they came to be; dictionaries have none.
    private(set) var accountOrder: [PublicKey] = []
    private(set) var entryOrder: [Digest] = []
    private var offences: Set<[UInt8]> = []
    /// Chains that have joined, in the order in which they did.
    private(set) var joined: [ChainDescription] = []
    /// Declared contracts, in the order in which they came.
    private(set) var contracts: [ReplayContract] = []
    /// What has crossed pegs.
    var bridge = ReplayBridge()
    /// What has passed under contracts with brakes.
    var flows: [ReplayFlows] = []
    /// How far targets are stopped.
    var pauses: [ReplayPause] = []
    /// What notary nodes want, and what sub-chain nodes vote for.
    private(set) var election = ReplayElection()
    /// Who votes, and what stands behind them.
    var stakes: ReplayStakes
    private var tree = ReplayTree()

    package init(_ description: ChainDescription) {
        chain = description.id
        stakes = ReplayStakes(description)
        for genesis in description.genesis {
            var account = ReplayAccount()
            for balance in genesis.balances where balance.amount > 0 { _ = account.move(balance.asset, balance.amount, isDebit: false) }
            set(account, genesis.key)
        }
        for place in stakes.nodes.indices {
            if accounts[stakes.nodes[place].key] == nil { set(ReplayAccount(), stakes.nodes[place].key) }
            setStake(place)
        }
    }

    package var root: Digest { tree.root }

    /// Writes what stands behind a node.
    mutating func setStake(_ place: Int) {
        tree.set(stakes.nodes[place].bytes, kind: "state-stake", name: Array(stakes.nodes[place].id.utf8))
    }

    /// Writes who votes next, if the block settles it.
    mutating func settle(_ header: BlockHeader) -> Bool {
        guard let (epoch, bytes) = stakes.settle(header) else { return false }
        tree.set(bytes, kind: "state-epoch", name: CertificateOracle.number(epoch))
        if epoch > 8 { tree.remove(kind: "state-epoch", name: CertificateOracle.number(epoch - 8)) }
        return true
    }

    package mutating func set(_ account: ReplayAccount, _ key: PublicKey) {
        if accounts.updateValue(account, forKey: key) == nil { accountOrder.append(key) }
        tree.set(account.bytes(key.digest), kind: "state-account", name: key.bytes)
    }

    mutating func set(_ entry: ReplayEntry, _ xid: Digest) {
        if entries.updateValue(entry, forKey: xid) == nil { entryOrder.append(xid) }
        tree.set(entry.bytes(xid), kind: "state-cross", name: xid.bytes)
    }

    mutating func setHead(_ header: BlockHeader) {
        heads[header.chain] = (header.height, header.hash)
        let bytes = CertificateOracle.padded(header.chain) + CertificateOracle.number(header.height) + header.hash.bytes
            + CertificateOracle.number(header.fields.time)
        tree.set(bytes, kind: "state-head", name: Array(header.chain.description.utf8))
    }

    /// A chain is frozen or thawed at its recorded head, or leaves there.
    mutating func setStatus(_ chain: ChainID, isFrozen: Bool, hasLeft: Bool = false, _ head: (height: Height, hash: Digest), notaryHeight: Height) {
        statuses[chain] = (isFrozen, hasLeft, notaryHeight)
        let bytes = CertificateOracle.padded(chain) + [hasLeft ? 3 : isFrozen ? 1 : 2] + CertificateOracle.number(head.height) + head.hash.bytes
            + CertificateOracle.number(notaryHeight)
        tree.set(bytes, kind: "state-frozen", name: Array(chain.description.utf8))
    }

    /// Records an offence; false when it is recorded.
    mutating func addOffence(_ name: [UInt8], content: [UInt8]) -> Bool {
        guard offences.insert(name).inserted else { return false }
        let id = Blake2b.hash(Array("concordat/1/offence".utf8) + [0] + name)
        tree.set(name + content, kind: "state-offence", name: id.bytes)
        return true
    }

    mutating func set(_ candidacy: ReplayElection.Stand, of node: String) {
        election.stands[node] = candidacy
        tree.set(candidacy.bytes(node), kind: "state-candidacy", name: Array(node.utf8))
    }

    mutating func set(_ vote: ReplayElection.Vote, by voter: PublicKey, on chain: ChainID) {
        let name = CertificateOracle.padded(chain) + voter.bytes
        election.votes[name] = vote
        tree.set(vote.bytes(name), kind: "state-ballot", name: name)
    }

    /// A chain has joined.
    mutating func add(_ chain: ChainDescription, _ bytes: [UInt8]) {
        joined.append(chain)
        tree.set(bytes, kind: "state-chain", name: Array(chain.id.description.utf8))
    }

    /// A contract stands here from now on.
    mutating func add(_ contract: ReplayContract) {
        contracts.append(contract)
        tree.set(contract.bytes, kind: "state-contract", name: ReplayContract.name(contract.id, contract.version))
    }

    /// Writes who has closed an epoch for a chain.
    mutating func set(_ closed: ReplayElection.Closed, of chain: ChainID) {
        election.closed[chain] = closed
        tree.set(closed.bytes(chain), kind: "state-closing", name: Array(chain.description.utf8))
    }

    /// Writes who votes in an epoch; those long past are not kept.
    mutating func setEpoch(_ epoch: Epoch, _ bytes: [UInt8], keeping count: UInt64) {
        tree.set(bytes, kind: "state-epoch", name: CertificateOracle.number(epoch))
        if epoch > count { tree.remove(kind: "state-epoch", name: CertificateOracle.number(epoch - count)) }
    }

    /// Writes an entry of the state tree.
    mutating func write(_ bytes: [UInt8], kind: String, name: [UInt8]) { tree.set(bytes, kind: kind, name: name) }

    /// Moves value; false, and nothing done, when the debit does not cover it or an account is not there.
    package mutating func move(from debit: PublicKey?, to credit: PublicKey?, _ asset: AssetID, _ amount: Amount) -> Bool {
        if let debit {
            guard var account = accounts[debit], account.move(asset, amount, isDebit: true) else { return false }
            set(account, debit)
        }
        if let credit {
            guard var account = accounts[credit], account.move(asset, amount, isDebit: false) else { return false }
            set(account, credit)
        }
        return true
    }
}
