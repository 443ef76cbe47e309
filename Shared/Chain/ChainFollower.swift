import Cryptography
import Determinism
import RoleKit
import Wire

/// Follows a chain's final blocks in order for roles that do not vote on it: takes what the bus brings, asks the chain's
/// consensus services for what is missing, or archives when those stay silent, and trusts none (every certificate and every body is checked).
package struct ChainFollower: Sendable {
    /// What came of an input.
    package struct Step: Sendable {
        /// Blocks that are now known to be final, in order, each once.
        package var blocks: [FinalBlock] = []
        /// The state of a final block further on, where the chain is followed from now on; it comes before `blocks`.
        package var snapshot: FetchedSnapshot?
        package var effects: [RoleEffect] = []
    }

    package let chain: ChainDescription
    private let network: Network
    private var checker: CertificateChecker
    /// Whether somebody has answered, since this follower began, that the chain was no further than what it had handed out.
    package private(set) var isCaughtUp = false
    /// Newest final block handed out.
    package private(set) var height: Height
    package private(set) var head: Digest
    private var bodies: [Digest: Block] = [:]
    private var bodyOrder: [Digest] = []
    private var finals: [Height: FinalHeader] = [:]
    private var highestFinal: Height
    private let timer: TimerID
    private let calls: UInt64
    private let peers: [String]
    private let archives: [String]
    /// Whom to ask next.
    private var turn = 0
    private var archiveTurn = 0
    /// Whether the question under way went to an archive.
    private var hasAskedArchive = false
    /// Questions in a row that brought nothing although something is known to be missing.
    private var failures: UInt64 = 0
    private var outstandingCall: UInt64?
    /// When the timer will fire; nil while it is not set.
    private var timerAtMilliseconds: UInt64?
    private var lastNews: Moment?
    /// Fetches a snapshot when far behind; nil for owners that need every block.
    private var fetch: SnapshotFetch?
    private let blocksBehind: Height
    /// No snapshot above this height may be used.
    private let snapshotCeiling: Height

    /// Bodies kept until their final header comes.
    package static let bodiesMaximum = 64
    /// Final headers kept ahead of the next height.
    package static let headersAhead: Height = 256

    /// - Parameter height: newest final block the owner already has, 0 for none, with its hash `head`.
    /// - Parameter timer: a timer kind of the owner that the follower may use.
    /// - Parameter calls: call numbers from here to 2^32 above belong to the follower.
    /// - Parameter preferred: node asked first, usually the owner's own.
    /// - Parameter archives: recorders that hold the chain's final blocks too, asked in turn with its nodes while these bring nothing: of a
    ///   chain that has died, what some notaries have must still reach all of them.
    /// - Parameter attempts: how often the owner has begun anew because what it was given was no use to it: others are asked then.
    /// - Parameter snapshots: when to catch up by a snapshot; nil for never.
    /// - Parameter snapshotCeiling: no snapshot above this height is used.
    package init(
        book: ElectorateBook, chain: ChainID, verify: @escaping @Sendable (SignatureCheck) -> Bool, height: Height = 0, head: Digest? = nil,
        timer: UInt8, calls: UInt64, preferred: String? = nil, archives: [String] = [], attempts: UInt64 = 0,
        snapshots: SnapshotPolicy? = nil, snapshotCeiling: Height = .max
    ) {
        guard let description = book.network.chain(chain) else { preconditionFailure("a follower follows a chain of its network") }
        network = book.network
        self.chain = description
        checker = CertificateChecker(book: book, verify: verify)
        self.height = height
        self.head = head ?? book.network.genesisHash(of: chain)
        highestFinal = height
        self.timer = TimerID(kind: timer)
        self.calls = calls
        let nodes = description.listed.map(\.id)
        peers = nodes.filter { $0 == preferred } + nodes.filter { $0 != preferred }
        self.archives = archives
        failures = attempts
        turn = Int(attempts / 2 % UInt64(max(1, peers.count)))
        archiveTurn = Int(attempts / 2 % UInt64(max(1, archives.count)))
        blocksBehind = snapshots?.blocksBehind ?? .max
        self.snapshotCeiling = snapshotCeiling
        fetch = snapshots.map { _ in
            SnapshotFetch(book: book, chain: chain, verify: verify, nodes: nodes, calls: calls + SnapshotFetch.callRange)
        }
    }

    /// Begins: asks for whatever is newer than what the owner has.
    package mutating func started(at now: Moment) -> Step {
        lastNews = now
        return ask(at: now)
    }

    /// A candidate's body went by; it may become final.
    package mutating func candidate(_ block: Block, at now: Moment) -> Step {
        guard block.header.chain == chain.id, block.header.height > height, bodies[block.hash] == nil else { return Step() }
        bodies[block.hash] = block
        bodyOrder.append(block.hash)
        if bodyOrder.count > ChainFollower.bodiesMaximum { bodies[bodyOrder.removeFirst()] = nil }
        return advance(at: now)
    }

    /// A final header went by.
    package mutating func final(_ final: FinalHeader, at now: Moment) -> Step {
        guard final.header.chain == chain.id else { return Step() }
        lastNews = now
        guard final.header.height > height else { return Step() }
        highestFinal = max(highestFinal, final.header.height)
        guard finals[final.header.height] == nil, final.header.height <= height + ChainFollower.headersAhead else { return advance(at: now) }
        guard isShown(final) else { return Step(effects: [.count(.peerFault, by: 1)]) }
        finals[final.header.height] = final
        return advance(at: now)
    }

    /// Frames of the chain's topics are gone.
    package mutating func lost(at now: Moment) -> Step { ask(at: now) }

    /// - Returns: nil when the call is not the follower's.
    package mutating func answered(call: UInt64, _ response: Response, at now: Moment) -> Step? {
        guard call >= calls, call < calls + 1 << 32 else { return nil }
        if let step = fetch?.answered(call: call, response) { return fetched(step, at: now) }
        guard call == outstandingCall else { return Step() }
        outstandingCall = nil
        guard case .blocks(let blocks, let newest) = response else { return Step(effects: retry(at: now)) }
        lastNews = now
        if !hasAskedArchive, let orders = fetchSnapshot(newest: newest) { return Step(effects: orders) }
        var step = Step()
        for item in blocks {
            guard let final = item.final, final.header.chain == chain.id else {
                step.effects.append(.count(.peerFault, by: 1))
                continue
            }
            bodies[final.hash] = item.block
            if isShown(final) { finals[final.header.height] = final }
            let more = advance(at: now, asking: false)
            step.blocks += more.blocks
            bodies[final.hash] = nil
        }
        if !step.blocks.isEmpty {
            failures = 0
            step.effects.append(.count(.caughtUp, by: UInt64(step.blocks.count)))
        }
        // A peer's claim to be ahead is only worth another question, of another peer if this one brought nothing.
        if newest > height || highestFinal > height {
            step.effects += step.blocks.isEmpty ? retry(at: now) : ask(at: now).effects
        } else {
            failures = 0
            isCaughtUp = true
            step.effects += wake(afterMilliseconds: idleMilliseconds, at: now)
        }
        return step
    }

    /// - Returns: nil when the timer is not the follower's.
    package mutating func timerFired(_ fired: TimerID, at now: Moment) -> Step? {
        guard fired == timer else { return nil }
        timerAtMilliseconds = nil
        // News may keep coming while nobody has answered yet.
        if highestFinal > height || !isCaughtUp { return ask(at: now) }
        if let lastNews, now.milliseconds(since: lastNews) < idleMilliseconds {
            return Step(effects: wake(afterMilliseconds: idleMilliseconds, at: now))
        }
        return ask(at: now)
    }

    /// With no news for this long, the follower asks whether it missed something.
    private var idleMilliseconds: UInt64 { network.timing.heartbeatMilliseconds * 2 + network.timing.beatMilliseconds }

    /// Hands out what is next, and asks when it is known to be missing.
    private mutating func advance(at now: Moment, asking: Bool = true) -> Step {
        var step = Step()
        while let final = finals[height + 1] {
            guard final.header.parent == head else {
                // A proof of another branch than the one followed: R7 says stay; the owner's evidence topic tells people.
                step.effects.append(
                    .raise(
                        code: "two_branches", detail: "chain \(chain.id) has a final block \(final.hash) at height \(height + 1) off the followed branch",
                        severity: .critical))
                finals[height + 1] = nil
                break
            }
            guard let body = bodies[final.hash] else { break }
            finals[height + 1] = nil
            bodies[final.hash] = nil
            bodyOrder.removeAll { $0 == final.hash }
            height += 1
            head = final.hash
            step.blocks.append(FinalBlock(block: body, final: final))
        }
        highestFinal = max(highestFinal, height)
        if asking, highestFinal > height, outstandingCall == nil {
            // The body or an earlier header may still be on its way; give it a moment.
            step.effects += wake(afterMilliseconds: failures == 0 ? ChainFollower.graceMilliseconds : retryMilliseconds, at: now)
        }
        return step
    }

    private mutating func isShown(_ final: FinalHeader) -> Bool {
#if PLANTED_BUGS
        if PlantedBug.finalUnchecked.isPlanted { return true }
#endif
        return checker.fault(in: final) == nil
    }

    /// How long something announced may take to arrive before it is asked for.
    package static let graceMilliseconds: UInt64 = 50

    private var retryMilliseconds: UInt64 { network.timing.fetchMilliseconds << min(failures, 4) }

    /// Sets the timer unless it fires sooner anyway: news that keep coming must not put a question off for ever.
    private mutating func wake(afterMilliseconds wait: UInt64, at now: Moment) -> [RoleEffect] {
        let due = now.monotonicMilliseconds + wait
#if PLANTED_BUGS
        if PlantedBug.questionPutOff.isPlanted { return [.setTimer(timer, afterMilliseconds: wait)] }
#endif
        if let timerAtMilliseconds, timerAtMilliseconds <= due { return [] }
        timerAtMilliseconds = due
        return [.setTimer(timer, afterMilliseconds: wait)]
    }

    private mutating func retry(at now: Moment) -> [RoleEffect] {
        failures += 1
        return wake(afterMilliseconds: retryMilliseconds, at: now)
    }

    private mutating func ask(at now: Moment) -> Step {
        guard outstandingCall == nil else { return Step() }
        callsMade += 1
        let call = calls + callsMade % SnapshotFetch.callRange
        outstandingCall = call
        return Step(effects: [
            .call(
                call, service: nextService(),
                .fetchBlocks(chain: chain.id, from: height + 1, limit: Limits.blocksPerAnswer),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 4)
        ])
    }

    private var callsMade: UInt64 = 0

    /// The chain's nodes in turn; after the second question that brought nothing, every other one goes to an archive.
    private mutating func nextService() -> String {
        hasAskedArchive = failures > 1 && failures.isMultiple(of: 2) && !archives.isEmpty
        if hasAskedArchive {
            archiveTurn = (archiveTurn + 1) % archives.count
            return archives[archiveTurn]
        }
        let node = peers[turn]
        turn = (turn + 1) % peers.count
        return Service.name(.consensus, chain: chain.id, node: node)
    }

    // MARK: snapshots

    /// Begins to fetch a snapshot when a peer says that the chain is far ahead; nil when it is not, or none can be used.
    private mutating func fetchSnapshot(newest: Height) -> [RoleEffect]? {
        guard fetch?.mayBegin ?? false, newest > height, newest - height > blocksBehind, snapshotCeiling > height else { return nil }
        return fetch?.begin(above: height, through: snapshotCeiling)
    }

    private mutating func fetched(_ fetched: SnapshotFetch.Step, at now: Moment) -> Step {
        var step = Step(effects: fetched.effects)
        if let snapshot = fetched.snapshot, snapshot.final.header.height > height {
            height = snapshot.final.header.height
            head = snapshot.final.hash
            highestFinal = max(highestFinal, height)
            finals = finals.filter { $0.key > height }
            step.snapshot = snapshot
            let more = advance(at: now, asking: false)
            step.blocks = more.blocks
            step.effects += more.effects
        }
        if fetched.snapshot != nil || fetched.hasFailed { step.effects += ask(at: now).effects }
        return step
    }
}
