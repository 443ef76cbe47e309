import Cryptography
import Determinism
import Wire

/// The core of a role: one value, driven alike by the real shell and by the simulator.
package protocol RoleCore: Machine where Input == RoleInput, Effect == RoleEffect {
    /// Small tables, whose rows are handed over whole at creation; others are read in portions.
    static var recoveredTables: [StoreTable] { get }

    /// - Throws: which stored row cannot be used.
    init(context: RoleContext, recovered: StoredState) throws(StoredFault)

    /// Topics it hears.
    var subscriptions: [Topic] { get }
    /// Newest final height it has reached, for status.
    var height: Height { get }
    /// Items waiting, for status.
    var waiting: Int { get }
    /// When the oldest of them was taken on, Unix milliseconds; nil for none, and for roles that wait for others' clocks only.
    var oldestWaitingMilliseconds: UInt64? { get }
}

extension RoleCore {
    package var oldestWaitingMilliseconds: UInt64? { nil }
}

/// What a role is given at creation.
package struct RoleContext: Sendable {
    package var network: Network
    package var address: RoleAddress
    /// Signs as the role's node.
    package var signer: Signer { keys.first }
    /// All keys of the node.
    package var keys: KeyRing
    /// Checks a signature; the simulator remembers answers, the shell does not.
    package var verify: @Sendable (SignatureCheck) -> Bool
    /// How builders choose notaries (A12).
    package var notaryStrategy: NotaryStrategy
    /// When snapshots are made and fetched.
    package var snapshots: SnapshotPolicy
    /// How often validators remind other chains of legs.
    package var reminders: ReminderRate

    package init(
        network: Network, address: RoleAddress, signer: Signer, verify: @escaping @Sendable (SignatureCheck) -> Bool = { $0.holds },
        notaryStrategy: NotaryStrategy = .all, snapshots: SnapshotPolicy = SnapshotPolicy(),
        reminders: ReminderRate = ReminderRate(), laterKeys: @escaping @Sendable (PublicKey) -> Signer? = { _ in nil }
    ) {
        self.network = network
        self.address = address
        keys = KeyRing(node: address.node, first: signer, others: laterKeys)
        self.verify = verify
        self.notaryStrategy = notaryStrategy
        self.snapshots = snapshots
        self.reminders = reminders
    }

    /// The same with the chains that a role's store knows to have joined (A16).
    ///
    /// - Parameter rows: table `joined`. A row that was damaged ends them: what it was is said again.
    package func grown(by rows: [StoredRow]) -> RoleContext {
        var context = self
        for row in rows where row.key >= UInt64(network.joined.count) {
            guard !row.isDamaged, let entry = ChainEntry(decoding: row.value), entry.position == context.network.joined.count,
                context.network.chain(entry.chain.id) == nil
            else { break }
            context.network = context.network.grown(by: entry)
        }
        return context
    }

    /// The chain the role serves.
    package var chain: ChainDescription {
        guard let chain = network.chain(address.chain) else { preconditionFailure("a role serves a chain of its network") }
        return chain
    }

    /// Recorders that keep final blocks of every chain, without itself; the own notary's first.
    package var archives: [String] {
        let nodes = network.notary.listed.map(\.id)
        let ordered = nodes.filter { $0 == address.node } + nodes.filter { $0 != address.node }
        return ordered.filter { address.role != .recorder || $0 != address.node }.map { Service.name(.recorder, chain: .notary, node: $0) }
    }
}

/// When a role makes a snapshot of its chain's state, and when it fetches one (V-8, V-9). The simulator makes them often.
package struct SnapshotPolicy: Hashable, Sendable {
    /// Final blocks after which a snapshot is made.
    package var blocks: Height
    /// Transactions after which one is made before that.
    package var transactions: Int
    /// A node that is further behind than so many blocks asks for a snapshot.
    package var blocksBehind: Height

    package init(
        blocks: Height = Limits.snapshotBlocks, transactions: Int = Limits.snapshotTransactions,
        blocksBehind: Height = Limits.snapshotBlocksBehind
    ) {
        self.blocks = blocks
        self.transactions = transactions
        self.blocksBehind = blocksBehind
    }
}

/// How often one notary's validator of one chain may say again what it, or another notary, has said before, whatever waits. A chain with a
/// long queue would else be buried under reminders, each with headers and paths, and its queue become longer. The simulator allows few.
package struct ReminderRate: Hashable, Sendable {
    /// Reminders a second in the long run.
    package var perSecond: Int
    /// Reminders at once.
    package var atOnce: Int

    package init(perSecond: Int = Limits.remindersPerSecond, atOnce: Int = Limits.remindersAtOnce) {
        self.perSecond = perSecond
        self.atOnce = atOnce
    }
}
