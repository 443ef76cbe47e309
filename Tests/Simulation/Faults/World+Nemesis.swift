import RoleKit
import Wire

/// A fault that lasts: what ends it.
enum Relief {
    case unblock([(from: Int, to: Int)])
    case unclog(node: Int, microseconds: UInt64)
    case resetClock(node: Int, milliseconds: Int64)
}

extension World {
    func scheduleNemesis() {
        let due = now + plan.nemesisMicroseconds / 2 + random.below(plan.nemesisMicroseconds)
        if due < plan.faultsEndMicroseconds { queue.push(.nemesis, at: due) }
    }

    /// One scheduled fault begins.
    func nemesisActs() {
        guard isFaulty else { return }
        let kinds = plan.scheduled
        let kind = kinds[Int(random.below(UInt64(kinds.count)))]
        log?(now, "nemesis: \(kind.code)")
        switch kind {
        case .partition, .asymmetricPartition: partition(kind)
        case .isolation:
            let alone = drawNode()
            block(pairs { $0 == alone || $1 == alone }, kind)
        case .clog:
            let node = drawNode()
            let extra = 10_000 + random.below(2_000_000)
            tally.add(.clog)
            links.clog(node, microseconds: extra)
            relieveLater(.unclog(node: node, microseconds: extra))
        case .busRestart: restartBus(Int(random.below(UInt64(boots.count))))
        case .crashIdle: crash(drawInstance(), .crashIdle)
        case .crashNode:
            let node = drawNode()
            for instance in instances where instance.node == node { crash(instance, .crashNode) }
        case .crashAll: for instance in instances { crash(instance, .crashAll) }
        case .pause:
            let instance = drawInstance()
            tally.add(.pause)
            instance.pausedUntil = now + 1 + random.below(plan.longestMicroseconds)
        case .diskLost: loseDisk()
        case .bitFlip: for _ in 0..<1 + random.below(4) { flipBit() }
        case .clockJump: jumpClock()
        default: preconditionFailure("\(kind.code) is not a scheduled fault")
        }
        scheduleNemesis()
    }

    /// The bus's log and streams begin anew; every role that hears them is told that any of its topics may have a hole.
    private func restartBus(_ site: Int) {
        boots[site] += 1
        tally.add(.busRestart)
        for instance in instances {
            for topic in instance.core?.subscriptions ?? [] {
                queue.push(.input(instance: instance.index, life: instance.life, .lost(topic)), at: now + 1_000 + random.below(200_000))
            }
        }
    }

    private func drawNode() -> Int { Int(random.below(UInt64(nodeNames.count))) }

    private func drawInstance() -> Instance { instances[Int(random.below(UInt64(instances.count)))] }

    private func partition(_ kind: FaultKind) {
        let side = nodeNames.map { _ in random.below(2) == 0 }
        block(pairs { side[$0] != side[$1] && (kind == .partition || side[$0]) }, kind)
    }

    private func pairs(_ isCut: (Int, Int) -> Bool) -> [(from: Int, to: Int)] {
        var pairs: [(from: Int, to: Int)] = []
        for from in nodeNames.indices {
            for to in nodeNames.indices where from != to && isCut(from, to) { pairs.append((from, to)) }
        }
        return pairs
    }

    private func block(_ pairs: [(from: Int, to: Int)], _ kind: FaultKind) {
        tally.add(kind)
        for pair in pairs { links.block(from: pair.from, to: pair.to) }
        relieveLater(.unblock(pairs))
    }

    /// A node whose clock is an hour off proposes what nobody takes, and takes what nobody proposes: it counts as failing.
    private func jumpClock() {
        guard let node = drawFailing() else { return }
        let hour: Int64 = 3_600_000
        let milliseconds = Int64(random.below(UInt64(2 * hour))) - hour
        tally.add(.clockJump)
        shiftClock(node, milliseconds: milliseconds)
        relieveLater(.resetClock(node: node, milliseconds: milliseconds))
    }

    private func shiftClock(_ node: Int, milliseconds: Int64) {
        for instance in instances where instance.node == node { instance.clock.offsetMilliseconds += milliseconds }
    }

    private func relieveLater(_ relief: Relief) {
        reliefs.append(relief)
        queue.push(.relief(reliefs.count - 1), at: now + 1 + random.below(plan.longestMicroseconds))
    }

    /// A lasting fault ends; frames that waited arrive late, or are known to be lost where the bus's log no longer had them.
    func relieve(_ number: Int) {
        guard let relief = reliefs[number] else { return }
        reliefs[number] = nil
        switch relief {
        case .unclog(let node, let microseconds): links.unclog(node, microseconds: microseconds)
        case .resetClock(let node, let milliseconds): shiftClock(node, milliseconds: -milliseconds)
        case .unblock(let pairs): for pair in pairs { links.unblock(from: pair.from, to: pair.to) }
        }
        for item in links.takeFree() {
            let receiver = instances[item.receiver]
            guard receiver.life == item.life else { continue }
            if isFaulty, plan.has(.lossForGood), random.below(4) == 0 {
                tally.add(.lossForGood)
                queue.push(.input(instance: item.receiver, life: item.life, .lost(item.publication.topic)), at: now + random.below(1_000_000))
            } else {
                enqueue(item.publication, receiver, due: now + 1_000 + random.below(100_000), inOrder: true)
            }
        }
    }

    /// All faults end: links are free, buses stand, every process runs.
    package func heal() {
        guard isFaulty else { return }
        for number in reliefs.indices { relieve(number) }
        isFaulty = false
        for instance in instances {
            instance.pausedUntil = min(instance.pausedUntil, now)
            if !instance.isRunning { queue.push(.start(instance: instance.index), at: now + random.below(100_000)) }
        }
        log?(now, "healed")
    }
}
