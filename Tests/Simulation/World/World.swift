import Cryptography
import Determinism
import RoleKit
import Wire

/// A whole network in one thread, from one seed: real cores over virtual network, disks and clocks.
///
/// Events happen in order of (virtual time, insertion). Nothing in here reads a clock or draws chance but from `random`.
///
/// Its variables, and an instance's, are touched some hundred times an event, by one thread and never by what they themselves call:
/// looking for overlapping accesses at run time took a twentieth of a seed's time.
package final class World {
    /// The network as it is at last, with every chain that joins.
    package internal(set) var network: Network
    /// As it is at the beginning.
    package let founding: Network
    package let memo: SignatureMemo
    @exclusivity(unchecked) package var random: SeededRandom
    /// Virtual microseconds.
    @exclusivity(unchecked) package internal(set) var now: UInt64 = 0
    @exclusivity(unchecked) package internal(set) var instances: [Instance] = []
    package let plan: FaultPlan
    /// Where the plan's crashes in the middle of a turn happen.
    let crashPoints: [FaultKind]
    @exclusivity(unchecked) package internal(set) var tally = FaultTally()
    @exclusivity(unchecked) package internal(set) var trace = TraceHash()
    @exclusivity(unchecked) package internal(set) var steps: UInt64 = 0
    /// Alarms the cores raised.
    package internal(set) var alarms: [Alarm] = []
    @exclusivity(unchecked) package internal(set) var counters: [Counter: UInt64] = [:]
    /// Watches everything and judges it.
    @exclusivity(unchecked) package var judge: Judge
    /// Every line of what happens, when somebody wants to read it.
    @exclusivity(unchecked) package var log: ((UInt64, String) -> Void)?
    /// Whether the network was found never to come to rest; its clock stands still from then on.
    private var isRestless = false
    /// Whether faults still happen.
    @exclusivity(unchecked) package internal(set) var isFaulty = true

    @exclusivity(unchecked) var queue = EventQueue()
    var clients: [any SimulatedClient] = []
    /// Topic → position; positions are given as topics are first heard of.
    @exclusivity(unchecked) var topicPositions: [Topic: Int] = [:]
    /// Topic position → instances that hear it.
    @exclusivity(unchecked) var subscribers: [[Int]] = []
    /// Service name → instances that answer it.
    var services: [String: [Int]] = [:]
    @exclusivity(unchecked) var calls: [UInt64: OpenCall] = [:]
    var lastCall: UInt64 = 0
    @exclusivity(unchecked) var lastGeneration: UInt64 = 0
    var nodeNames: [String] = []
    @exclusivity(unchecked) var siteNames: [String] = []
    /// Bus boots per site.
    @exclusivity(unchecked) var boots: [UInt64] = []
    @exclusivity(unchecked) var links: Links
    /// The sub-chain that is corrupt to its last node; nil for none.
    @exclusivity(unchecked) var conspiracy: Conspiracy?
    /// The sub-chain whose nodes all stop; nil for none.
    var dead: DeadChain?
    /// Faults that last, by number; nil when they have ended.
    @exclusivity(unchecked) var reliefs: [Relief?] = []
    /// Nodes whose disk or clock has failed: never more of a chain than may be faulty.
    var failingNodes: Set<Int> = []
    /// When roles make snapshots, and when they fetch them.
    var snapshots = SnapshotPolicy()
    /// How often validators remind other chains.
    var reminders = ReminderRate()
    /// Keys that nodes take later, by public key.
    var laterKeys: @Sendable (PublicKey) -> Signer? = { _ in nil }

    /// - Parameter joining: a chain that will join; where it stands on the notary chain is not known yet.
    package init(network founding: Network, seed: UInt64, plan: FaultPlan, memo: SignatureMemo, joining: ChainBody? = nil) {
        self.founding = founding
        let entry = joining.map { ChainEntry(body: $0, position: 0, height: 0, epoch: 0) }
        let network = entry.map { founding.grown(by: $0) } ?? founding
        self.network = network
        self.plan = plan
        crashPoints = plan.crashPoints
        self.memo = memo
        random = SeededRandom(seed: seed)
        judge = Judge(network: network, memo: memo)
        for chain in [network.notary] + network.chains {
            for node in chain.listed {
                nodeNames.append(node.id)
                if !siteNames.contains(node.site) { siteNames.append(node.site) }
            }
        }
        boots = [UInt64](repeating: 1, count: siteNames.count)
        links = Links(nodes: nodeNames.count)
    }

    /// Adds an instance; it starts at a drawn moment within the first tenth of a second.
    ///
    /// - Parameter habits: what it does when its node lies.
    /// - Parameter isLate: it begins with the network as it has become.
    package func add(
        _ kind: RoleKind, at address: RoleAddress, signer: Signer, strategy: NotaryStrategy = .all, habits: [FaultKind] = [], isLate: Bool = false
    ) {
        guard let node = nodeNames.firstIndex(of: address.node), let chain = network.chain(nodeChain(address)),
            let site = siteNames.firstIndex(of: chain.listed.first { $0.id == address.node }?.site ?? "")
        else { preconditionFailure("an instance belongs to a node of the network") }
        let memo = memo
        let context = RoleContext(
            network: isLate ? network : founding, address: address, signer: signer, verify: { memo.holds($0) }, notaryStrategy: strategy,
            snapshots: snapshots, reminders: reminders, laterKeys: laterKeys)
        let instance = Instance(
            index: instances.count, address: address, node: node, site: site, kind: kind, context: context, clock: clock(of: node),
            habits: habits)
        instances.append(instance)
        for service in address.services { services[service, default: []].append(instance.index) }
        instance.restartPending = true
        queue.push(.start(instance: instance.index), at: now + random.below(100_000))
    }

    /// A validator watches a sub-chain, but its node belongs to the notary chain.
    private func nodeChain(_ address: RoleAddress) -> ChainID { address.role == .validator ? .notary : address.chain }

    /// Clocks belong to machines: all instances of a node share them.
    private func clock(of node: Int) -> VirtualClock {
        if let neighbour = instances.first(where: { $0.node == node }) { return neighbour.clock }
        var clock = VirtualClock(monotonicStartMilliseconds: random.below(1_000_000))
        if plan.has(.clockOffset) {
            clock.offsetMilliseconds = Int64(random.below(4_000)) - 2_000
            tally.add(.clockOffset)
        }
        if plan.has(.clockDrift) {
            clock.driftPerMillion = Int64(random.below(400)) - 200
            tally.add(.clockDrift)
        }
        return clock
    }

    /// Starts the schedule of faults.
    package func unleash() {
        if plan.has(.slowNetwork) { tally.add(.slowNetwork) }
        if let conspiracy { queue.push(.part, at: max(now, conspiracy.partAt)) }
        if let dead { queue.push(.death, at: max(now, dead.at)) }
        if !plan.scheduled.isEmpty, plan.nemesisMicroseconds > 0 { scheduleNemesis() }
    }

    /// Events that may wait at once; a healthy network stays far below.
    private static let mostEventsWaiting = 1_000_000

    /// Lets everything happen up to, and with, a virtual time.
    ///
    /// - Parameter mostSteps: a bound that a healthy network never meets.
    package func run(until end: UInt64, mostSteps: UInt64) {
        while let due = queue.nextTime, due <= end {
            guard steps < mostSteps else {
                if isRestless { return }
                isRestless = true
                judge.findings.report(.progress, "the network never comes to rest: \(steps) steps by \(now / 1_000) ms", at: now)
                return
            }
            guard queue.count < World.mostEventsWaiting else {
                judge.findings.report(.progress, "messages multiply without end: \(queue.count) wait, such as \(queue.sample)", at: now)
                return
            }
            now = due
            steps += 1
            happen(queue.pop())
            if judge.findings.isFull { return }
        }
        now = max(now, end)
    }

    /// How long `run(atMost:)` goes on between two looks.
    private static let lookMicroseconds: UInt64 = 20_000

    /// Lets everything happen until something is so, and no longer than a virtual time.
    package func run(atMost microseconds: UInt64, mostSteps: UInt64, until isDone: () -> Bool) {
        let end = now + microseconds
        while now < end, !isDone() {
            let next = min(end, now + World.lookMicroseconds)
            run(until: next, mostSteps: mostSteps)
            if now < next { return }
        }
    }

    private func happen(_ event: Event) {
        switch event {
        case .deliver(let index, let life, let publication): deliver(publication, to: index, life: life)
        case .timer(let index, let life, let id, let generation):
            let instance = instances[index]
            guard instance.life == life, instance.timers[id] == generation else { return }
            if postpone(event, instance) { return }
            instance.timers[id] = nil
            turn(instance, .timerFired(id))
        case .input(let index, let life, let input):
            let instance = instances[index]
            guard instance.life == life, instance.isRunning else { return }
            if postpone(event, instance) { return }
            turn(instance, input)
        case .mined(let index, let life, let token): mined(event, instances[index], life: life, token: token)
        case .start(let index): start(instances[index])
        case .callTimeout(let call): answer(call, .failure(.notReady, detail: "timeout"))
        case .answer(let call, let response): answer(call, response)
        case .notice(let client, let notice): clients[client].noticed(notice, world: self)
        case .clientTimer(let client, let key): clients[client].timerFired(key, world: self)
        case .nemesis: nemesisActs()
        case .part: part()
        case .death: die()
        case .relief(let number): relieve(number)
        }
    }

    /// Puts an event of a paused instance off until it goes on.
    func postpone(_ event: @autoclosure () -> Event, _ instance: Instance) -> Bool {
        guard instance.pausedUntil > now else { return false }
        queue.push(event(), at: instance.pausedUntil)
        return true
    }
}
