import Determinism
import Foundation

/// Carries out the faults of every group's plan, each group's one after the other, and takes each back.
final class Nemesis {
    /// A fault under way.
    final class Active {
        let fault: Fault
        let number: Int
        let begin: Double
        /// Position in the timeline.
        let entry: Int
        var step = 0
        /// When the next step is due.
        var stepAt = 0.0
        var damage: Damage?

        init(_ fault: Fault, number: Int, begin: Double, entry: Int) {
            (self.fault, self.number, self.begin, self.entry) = (fault, number, begin, entry)
        }
    }

    private struct Lane {
        var group: Layout.Group
        var plan: FaultPlan
        var waiting: Fault?
        var startAt = 0.0
        var active: Active?
    }

    let layout: Layout
    let hosts: Hosts
    let keeper: Keeper
    let timeline: Timeline
    private var lanes: [Lane]
    private var lastNumber = 0

    /// A disk while nothing is wrong with it.
    static let diskBytes: UInt64 = 2 << 30
    /// Longest wait for processes to run again after a kill.
    private static let recoverySeconds = 15.0

    init(_ layout: Layout, hosts: Hosts, keeper: Keeper, timeline: Timeline, kinds: [FaultKind], seed: UInt64) {
        self.layout = layout
        self.hosts = hosts
        self.keeper = keeper
        self.timeline = timeline
        lanes = layout.groups.map { Lane(group: $0, plan: FaultPlan($0, of: layout, kinds: kinds, seed: seed)) }
    }

    /// Starts what is due and ends what is over.
    func tick(mayStart: Bool = true) throws {
        let now = monotonicSeconds()
        for index in lanes.indices {
            if let active = lanes[index].active {
                guard try isOver(active, now) else { continue }
                try end(active, now)
                lanes[index].active = nil
            } else if let fault = lanes[index].waiting {
                guard mayStart, lanes[index].startAt <= now else { continue }
                lanes[index].waiting = nil
                lanes[index].active = try begin(fault, now)
            } else {
                let (pause, fault) = lanes[index].plan.next()
                lanes[index].waiting = fault
                lanes[index].startAt = now + pause
            }
        }
    }

    /// Whether no fault is under way.
    var isQuiet: Bool { lanes.allSatisfy { $0.active == nil } }

    /// Takes back every fault whose time could be cut short; the others end by themselves.
    func heal() throws {
        for index in lanes.indices {
            lanes[index].waiting = nil
            guard let active = lanes[index].active, active.damage == nil, active.fault.seconds > 0 else { continue }
            try end(active, monotonicSeconds())
            lanes[index].active = nil
        }
    }

    private func begin(_ fault: Fault, _ now: Double) throws -> Active {
        lastNumber += 1
        let entry = timeline.begin(fault, at: now)
        let active = Active(fault, number: lastNumber, begin: now, entry: entry)
        switch fault.kind {
        case .kill, .killNode, .killBus, .killChain, .killAll: for name in fault.targets where !isDamaged(name) { keeper.kill(name) }
        case .down: for name in fault.targets { keeper.hold(name) }
        case .stop, .stopNode, .stopBus: for name in fault.targets { keeper.signal(name, SIGSTOP) }
        case .partition, .split: for host in fault.targets { try hosts.damage(host, active.number, Hosts.Rule(way: .both)) }
        case .oneWay, .loss, .siteCut, .clientsCut: try damageLink(active)
        case .diskFull: try fill(fault.targets[0])
        case .clock: active.stepAt = now
        case .votesTail, .walTail, .bitFlip: active.damage = Damage(fault, self)
        }
        return active
    }

    private func isOver(_ active: Active, _ now: Double) throws -> Bool {
        let fault = active.fault
        switch fault.kind {
        case .kill, .killNode, .killBus, .killChain, .killAll:
            // The keeper has to notice the end first.
            guard now - active.begin > 0.2 else { return false }
            return fault.targets.allSatisfy { keeper.isRunning($0) || keeper.isHeld($0) } || now - active.begin > Nemesis.recoverySeconds
        case .clock:
            if active.step < fault.skews.count, active.stepAt <= now {
                try setClock(fault.targets[0], milliseconds: fault.skews[active.step])
                active.step += 1
                active.stepAt = now + fault.seconds / Double(fault.skews.count)
            }
            return now - active.begin >= fault.seconds
        case .votesTail, .walTail, .bitFlip: return try active.damage?.tick(now) ?? true
        default: return now - active.begin >= fault.seconds
        }
    }

    private func end(_ active: Active, _ now: Double) throws {
        let fault = active.fault
        switch fault.kind {
        case .stop, .stopNode, .stopBus: for name in fault.targets { keeper.signal(name, SIGCONT) }
        case .partition, .split, .oneWay, .loss, .siteCut, .clientsCut: for host in fault.targets { try hosts.heal(host, active.number) }
        case .down: for name in fault.targets { try keeper.start(name) }
        case .diskFull: try Hosts.resizeDisk(layout.disk(of: fault.targets[0]), bytes: Nemesis.diskBytes)
        case .clock: try setClock(fault.targets[0], milliseconds: 0)
        case .kill, .killNode, .killBus, .killChain, .killAll, .votesTail, .walTail, .bitFlip: break
        }
        timeline.end(active.entry, at: now, outcome: active.damage?.outcome ?? "")
    }

    /// Whether somebody watches what a process does with damaged files.
    private func isDamaged(_ name: String) -> Bool { lanes.contains { $0.active?.damage != nil && $0.active?.fault.targets == [name] } }

    private func damageLink(_ active: Active) throws {
        let fault = active.fault
        var rule = Hosts.Rule(way: fault.parameters["way"].flatMap { Hosts.Rule.Way(rawValue: $0) } ?? .both)
        if let percent = fault.parameters["percent"].flatMap({ Int($0) }) { rule.percent = percent }
        if let bus = fault.parameters["bus"].flatMap({ hosts.addresses[$0] }) { rule.peers = [bus] }
        if fault.kind == .siteCut {
            rule.peers = layout.groups.map(\.busHost).filter { $0 != fault.targets[0] }.compactMap { hosts.addresses[$0] }
        }
        try hosts.damage(fault.targets[0], active.number, rule)
    }

    /// Makes the disk no larger than what it holds: the next byte finds no room, as on one that somebody else has filled.
    private func fill(_ node: String) throws {
        let disk = layout.disk(of: node)
        for slack: UInt64 in [8, 64, 512, 4_096] {
            let bytes = Hosts.usedBytes(disk) + slack * 1_024
            // It may have grown meanwhile.
            if (try? Hosts.resizeDisk(disk, bytes: bytes)) != nil { return }
        }
        throw Command.Failed(description: "the disk of \(node) cannot be filled")
    }

    private func setClock(_ node: String, milliseconds: Int64) throws {
        try Nemesis.writeClock(layout.clock(of: node), milliseconds: milliseconds)
    }

    /// Written in place: processes have the file mapped.
    static func writeClock(_ path: String, milliseconds: Int64) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Command.Failed(description: "\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var nanoseconds = milliseconds * 1_000_000
        guard pwrite(file, &nanoseconds, 8, 0) == 8 else { throw Command.Failed(description: "\(path): \(String(cString: strerror(errno)))") }
    }
}
