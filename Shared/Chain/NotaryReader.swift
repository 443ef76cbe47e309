import Cryptography
import Determinism
import RoleKit
import Wire

/// Reads the notary chain's final blocks for a role that judges candidates, and keeps what they say in the role's store.
package struct NotaryReader: Sendable {
    package private(set) var view: NotaryView
    private var follower: ChainFollower
    private let network: Network
    /// The chain whose contracts are kept in view, and pauses with them; nil for none.
    private let contractsOf: ChainID?
    /// Row of table `facts` that holds what has been read.
    private let fact: UInt64

    /// What came of an input.
    package struct Step: Sendable {
        package var changes: [NotaryView.Change] = []
        package var effects: [RoleEffect] = []
        /// Whether anything was read.
        package var hasRead = false
    }

    /// - Parameter contractsOf: the chain whose declared contracts the owner speaks of, if it does.
    /// - Parameter timer: a timer kind of the owner, `calls`: call numbers from here to 2^32 above, `fact`: a key of table `facts`.
    package init(
        context: RoleContext, book: ElectorateBook, recovered: StoredState, timer: UInt8, calls: UInt64, fact: UInt64, contractsOf: ChainID? = nil
    ) {
        network = context.network
        self.contractsOf = contractsOf
        self.fact = fact
        let row = recovered[.facts].first { $0.key == fact && !$0.isDamaged }
        view = row.flatMap { NotaryView(decoding: $0.value, network: context.network) } ?? NotaryView(network: context.network)
        follower = ChainFollower(
            book: book, chain: .notary, verify: context.verify, height: view.height, head: view.hash, timer: timer,
            calls: calls, preferred: context.address.node, snapshots: context.snapshots)
    }

    /// Topics to hear.
    package static let subscriptions: [Topic] = [.candidate(.notary), .notaryHeader]

    /// Begins: asks for what is newer than what has been read.
    package mutating func started(at now: Moment) -> Step { take(follower.started(at: now)) }
    /// A notary candidate's body went by.
    package mutating func candidate(_ block: Block, at now: Moment) -> Step { take(follower.candidate(block, at: now)) }
    /// A final notary header went by.
    package mutating func final(_ final: FinalHeader, at now: Moment) -> Step { take(follower.final(final, at: now)) }
    /// Frames of the notary chain's topics are gone.
    package mutating func lost(at now: Moment) -> Step { take(follower.lost(at: now)) }

    /// - Returns: nil when the call is not the reader's.
    package mutating func answered(call: UInt64, _ response: Response, at now: Moment) -> Step? {
        follower.answered(call: call, response, at: now).map { take($0) }
    }

    /// - Returns: nil when the timer is not the reader's.
    package mutating func timerFired(_ timer: TimerID, at now: Moment) -> Step? {
        follower.timerFired(timer, at: now).map { take($0) }
    }

    /// The chain has taken these contracts in, once and for all.
    package mutating func forgetDeclared(where isOver: (NotaryView.Declared) -> Bool) { view.forgetDeclared(where: isOver) }

    private mutating func take(_ step: ChainFollower.Step) -> Step {
        // The notary chain's own state is nobody's here: what is fetched of it is not stored.
        var result = Step(
            effects: step.effects.filter {
                if case .persist = $0 { false } else { true }
            })
        if let snapshot = step.snapshot { view.jump(to: snapshot.final.header, snapshot.ledger) }
        for item in step.blocks { result.changes += view.read(item.block) }
        if contractsOf == nil { view.forgetPauses() }
        view.forgetDeclared { [contractsOf] contract in !(contractsOf.map { contract.names($0) } ?? false) }
        result.hasRead = !step.blocks.isEmpty || step.snapshot != nil
        if result.hasRead { result.effects.insert(.persist([.put(.facts, key: fact, value: view.encoded)]), at: 0) }
        return result
    }
}
