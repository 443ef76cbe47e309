import Determinism

/// Everything that the nemesis does.
enum FaultKind: String, CaseIterable, Codable, Sendable {
    /// kill -9 of one process, of all processes of a node, of a bus, of all nodes of a chain, of everything at once.
    case kill, killNode = "kill-node", killBus = "kill-bus", killChain = "kill-chain", killAll = "kill-all"
    /// All processes of a node are killed and not started again for a while.
    case down
    /// SIGSTOP, later SIGCONT, of one process, or of a node or a bus.
    case stop, stopNode = "stop-node", stopBus = "stop-bus"
    /// A node's host hears and reaches nobody; only one of the two; so do two of four nodes; a site's bus is cut off from the others,
    /// or from all clients.
    case partition, oneWay = "one-way", split, siteCut = "site-cut", clientsCut = "clients-cut"
    /// A part of the packets is lost.
    case loss
    /// A node's disk has no byte left.
    case diskFull = "disk-full"
    /// A node's clock is wrong, and jumps.
    case clock
    /// Of a process that was killed: the end of its votes.log, of its store.sqlite-wal is cut off; one bit of a stored block is flipped.
    case votesTail = "votes-tail", walTail = "wal-tail", bitFlip = "bit-flip"

    /// Faults of the cables between hosts.
    static let ofCables: [FaultKind] = [.partition, .oneWay, .split, .siteCut, .clientsCut, .loss]

    /// How often in one round of a group's faults.
    var share: Int {
        switch self {
        case .kill: 4
        case .stop, .partition: 3
        case .killNode, .stopNode, .oneWay, .loss, .diskFull, .clock, .walTail, .bitFlip: 2
        case .killBus, .killChain, .killAll, .down, .stopBus, .split, .siteCut, .clientsCut, .votesTail: 1
        }
    }
}

/// One fault as planned.
struct Fault: Sendable {
    var kind: FaultKind
    /// Hosts or processes.
    var targets: [String]
    /// How long it lasts; what has no length of its own ends when its processes run again.
    var seconds: Double
    /// For the timeline.
    var parameters: [String: String] = [:]
    /// Hours, minutes or seconds by which a clock is wrong, one after the other, in milliseconds.
    var skews: [Int64] = []
    /// Drives what is drawn only when the fault is carried out: where a file is damaged.
    var draw: UInt64 = 0
}

/// The faults of one group of nodes, one after the other: at most one node of a group has a fault of its own at any time.
struct FaultPlan: Sendable {
    private let group: Layout.Group
    private let layout: Layout
    private let kinds: [FaultKind]
    private var random: SeededRandom
    private var bag: [FaultKind] = []

    /// - Parameter kinds: what is drawn from.
    init(_ group: Layout.Group, of layout: Layout, kinds: [FaultKind], seed: UInt64) {
        self.group = group
        self.kinds = kinds
        self.layout = layout
        // The name makes the groups of a seed differ.
        random = SeededRandom(seed: group.name.utf8.reduce(seed &* 0x9E37_79B9) { $0 &* 31 &+ UInt64($1) })
    }

    /// The next fault, and the seconds of quiet before it.
    mutating func next() -> (pause: Double, fault: Fault) {
        if bag.isEmpty { refill() }
        let kind = bag.removeLast()
        let pause = 0.8 + random.unit() * 3.2
        return (pause, fault(kind))
    }

    private mutating func refill() {
        bag = kinds.flatMap { Array(repeating: $0, count: $0.share) }
        // Once a round is enough for what hits all groups.
        if group.name != layout.groups.last?.name { bag.removeAll { $0 == .killAll } }
        bag.shuffle(using: &random)
    }

    private mutating func fault(_ kind: FaultKind) -> Fault {
        let node = pick(group.nodes)
        let process = pick(group.processes(of: node))
        var fault = Fault(kind: kind, targets: [node], seconds: 3 + random.unit() * 9, draw: random.next())
        switch kind {
        case .kill: (fault.targets, fault.seconds) = ([process], 0)
        case .killNode: (fault.targets, fault.seconds) = (group.processes(of: node), 0)
        case .killBus: (fault.targets, fault.seconds) = ([group.bus], 0)
        case .killChain: (fault.targets, fault.seconds) = (group.nodes.flatMap { group.processes(of: $0) }, 0)
        case .killAll: (fault.targets, fault.seconds) = (layout.processes, 0)
        case .down: (fault.targets, fault.seconds) = (group.processes(of: node), 10 + random.unit() * 35)
        case .stop: (fault.targets, fault.seconds) = ([process], stopSeconds())
        case .stopNode: (fault.targets, fault.seconds) = (group.processes(of: node), stopSeconds())
        case .stopBus: (fault.targets, fault.seconds) = ([group.bus], 1 + random.unit() * 7)
        case .partition, .diskFull: break
        case .oneWay: fault.parameters["way"] = random.below(2) == 0 ? "in" : "out"
        case .split:
            let other = pick(group.nodes.filter { $0 != node })
            fault.targets = [node, other]
        case .siteCut:
            fault.targets = [group.busHost]
            fault.parameters["way"] = pick(["both", "both", "in", "out"])
        case .clientsCut:
            fault.targets = [Layout.clients]
            fault.parameters["bus"] = group.busHost
        case .loss:
            fault.targets = [random.below(3) == 0 ? group.busHost : node]
            fault.parameters["percent"] = "\(5 + random.below(31))"
        case .clock:
            fault.seconds = 6 + random.unit() * 12
            fault.skews = skews()
            fault.parameters["skew_milliseconds"] = fault.skews.map { "\($0)" }.joined(separator: " ")
        case .votesTail: (fault.targets, fault.seconds) = ([pick(group.voters(of: node))], 0)
        case .walTail: (fault.targets, fault.seconds) = ([process], 0)
        case .bitFlip: (fault.targets, fault.seconds) = ([pick(group.keepers(of: node))], 0)
        }
        return fault
    }

    /// Mostly short: a pause that garbage collection or a snapshot of a machine would make; sometimes half a minute.
    private mutating func stopSeconds() -> Double {
        let draw = random.unit()
        return 1 + draw * draw * 29
    }

    /// An hour off, a step of seconds, back again: never the same twice in a row.
    private mutating func skews() -> [Int64] {
        let hour: Int64 = 3_600_000
        let first = random.below(2) == 0 ? hour : -hour
        let step = Int64(random.below(20_000)) - 10_000
        switch random.below(3) {
        case 0: return [first]
        case 1: return [first, -first, first]
        default: return [step, -step, first, step]
        }
    }

    private mutating func pick<Element>(_ choices: [Element]) -> Element { choices[Int(random.below(UInt64(choices.count)))] }
}

extension SeededRandom {
    /// From 0 up to, and without, 1.
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
