import Cryptography
import Determinism
import RoleKit
import Wire

/// What became of one seed.
package struct SeedReport: Sendable {
    package var seed: UInt64
    package var shape: Shape
    package var violations: [Violation]
    package var tally: FaultTally
    package var rules: RuleTally
    package var trace: UInt64
    package var steps: UInt64
    package var virtualMilliseconds: UInt64
    package var blocks: UInt64
    package var payments: Int
    /// Kind and ending → how often.
    package var endings: [String: Int]
    package var settled: Int
    package var refunded: Int
    package var codecUses: UInt64
    package var counters: [Counter: UInt64]
    package var alarms: [String]
    /// Milliseconds from healing to rest.
    package var restMilliseconds: UInt64
}

/// One seed from beginning to end: faults while people pay, then healing, then progress is demanded, then everything is judged.
package struct SeedRun {
    package var seed: UInt64
    package var kinds: RoleKinds
    package var payments: Int
    /// Whether every network has the size that the rate is measured with, `Shape()`'s: 2 chains of 4 nodes, 4 notaries.
    package var isStandard = false
    /// Whether the first chain of every network is mined.
    package var isMined = false
    /// Whether a chain joins; nil for one seed of four.
    package var joins: Bool?
    /// Whether a chain leaves; nil for one seed of six.
    package var leaves: Bool?
    package var log: ((UInt64, String) -> Void)?
    /// Milliseconds after healing within which everything must have come to an end (invariant 11). Skip timeouts grow with every slot
    /// that failed, so the last one of a long fault may itself be long.
    package var progressMilliseconds: UInt64 = 180_000
    private static let mostSteps: UInt64 = 2_000_000
    private static let sliceMicroseconds: UInt64 = 250_000

    package init(seed: UInt64, kinds: RoleKinds, payments: Int = 50) {
        self.seed = seed
        self.kinds = kinds
        self.payments = payments
    }

    package func run() -> SeedReport {
        var random = SeededRandom(seed: seed ^ 0x5EED)
        var shape = Shape(drawing: &random, isMined: isMined)
        if isStandard { (shape.chains, shape.nodes, shape.notaries) = (Shape().chains, Shape().nodes, Shape().notaries) }
        // Of a generator of its own, so that all other seeds stay what they were.
        var late = SeededRandom(seed: seed ^ 0x101E)
        if joins ?? (!isStandard && late.below(4) == 0) { shape.joining = [.bft, .bft, .pow, .pos][Int(late.below(4))] }
        // With so little room that dozens of legs compete for it, in one seed of three.
        var scarce = SeededRandom(seed: seed ^ 0x4E3D)
        if !isStandard, scarce.below(3) == 0 { shape.reminders = ReminderRate(perSecond: 2 + Int(scarce.below(3)), atOnce: 1 + Int(scarce.below(3))) }
        let plan = FaultPlan(drawing: &random)
        let memo = SignatureMemo()
        let cast = Cast(shape, seed: seed, memo: memo, silentMilliseconds: plan.silentMilliseconds)
        let world = World(network: cast.network, seed: seed, plan: plan, memo: memo, joining: cast.joining?.body)
        world.log = log
        world.addAll(kinds, cast, shape)
        var payments = PaymentPlan(
            cast: cast, count: payments, spanMilliseconds: [1_000, 5_000, plan.faultsEndMicroseconds / 1_000][Int(world.random.below(3))])
        let wallets = payments.wallets(in: world)
        Operators(cast: cast).join(world, spanMilliseconds: plan.faultsEndMicroseconds / 1_000)
        PauseOperators(cast: cast).join(world, spanMilliseconds: plan.faultsEndMicroseconds / 1_000)
        let applicants = applicants(cast, shape, payments, wallets)
        applicants?.join(world, spanMilliseconds: plan.faultsEndMicroseconds / 1_000)
        let leavers = leavers(world, cast, plan)
        let inspector = Inspector()
        inspector.join(world)
        world.unleash()
        world.run(until: plan.faultsEndMicroseconds, mostSteps: SeedRun.mostSteps)
        world.heal()
        let rest = demandProgress(world, wallets, applicants, leavers)
        demandReturn(world, cast)
        demandLeave(world, cast)
        if world.judge.findings.violations.allSatisfy({ $0.invariant == .progress }) { inspect(world, inspector) }
        world.judge.finish(at: world.now)
        return report(world, wallets, shape, rest)
    }

    /// Runs until every payment has ended, and every node and the record have reached what was final then.
    private func demandProgress(_ world: World, _ wallets: [Wallet], _ applicants: Applicants?, _ leavers: LeaveOperators?) -> UInt64 {
        let healed = world.now
        let limit = healed + progressMilliseconds * 1_000
        let before = heights(world)
        var targets: [Height]?
        while world.now < limit, world.judge.findings.violations.isEmpty {
            world.run(until: world.now + SeedRun.sliceMicroseconds, mostSteps: SeedRun.mostSteps)
            guard applicants?.isDone ?? true, leavers?.isDone(world) ?? true, wallets.allSatisfy({ $0.isDone(but: world.judge.corrupt) }) else { continue }
            if targets == nil { targets = zip(heights(world), before).map { max($0, $1 + 1) } }
            if let targets, missing(world, targets).isEmpty { return (world.now - healed) / 1_000 }
        }
        if world.judge.findings.violations.isEmpty {
            if applicants?.isDone == false { world.judge.findings.report(.progress, "a chain was to join, and has not", at: world.now) }
            if leavers?.isDone(world) == false { world.judge.findings.report(.progress, "a chain was to leave, and has not", at: world.now) }
            for payment in wallets.flatMap({ $0.openPayments(but: world.judge.corrupt) }).prefix(5) {
                world.judge.findings.report(.progress, "still open: \(payment)", at: world.now)
            }
            for item in missing(world, targets ?? before.map { $0 + 1 }).prefix(5) {
                world.judge.findings.report(.progress, item, at: world.now)
            }
        }
        return (world.now - healed) / 1_000
    }

    /// Those who would have a chain leave, where the seed has it; by a generator of its own, so that all other seeds stay what they were.
    private func leavers(_ world: World, _ cast: Cast, _ plan: FaultPlan) -> LeaveOperators? {
        var random = SeededRandom(seed: seed ^ 0x1EAF)
        guard leaves ?? (!isStandard && random.below(6) == 0), let chain = world.release() else { return nil }
        let operators = LeaveOperators(chain, cast: cast)
        operators.join(world, afterMilliseconds: 500 + random.below(plan.faultsEndMicroseconds / 1_000 * 3 / 2))
        return operators
    }

    /// A dead chain that does not come back leaves in half of all seeds, frozen as it is.
    private func demandLeave(_ world: World, _ cast: Cast) {
        guard let dead = world.dead, !dead.comesBack, dead.hasDied, seed.isMultiple(of: 2), world.judge.findings.violations.isEmpty,
            world.judge.replay.states[.notary]?.statuses[dead.chain]?.isFrozen == true
        else { return }
        let operators = LeaveOperators(dead.chain, cast: cast)
        operators.join(world, afterMilliseconds: 100)
        world.run(atMost: progressMilliseconds * 1_000, mostSteps: SeedRun.mostSteps) { operators.isDone(world) }
        if world.judge.findings.violations.isEmpty, !operators.isDone(world) {
            world.judge.findings.report(.progress, "\(dead.chain) was to leave", at: world.now)
        }
    }

    /// Those who would have a chain join, where the seed has one.
    private func applicants(_ cast: Cast, _ shape: Shape, _ payments: PaymentPlan, _ wallets: [Wallet]) -> Applicants? {
        guard let joining = cast.joining else { return nil }
        let kinds = kinds
        return Applicants(joining, cast: cast) { world, entry in
            world.addJoined(entry, kinds, cast, shape)
            var later = payments
            later.planJoined(joining, wallets, world)
        }
    }

    /// A dead chain that its operators have thawed goes on, unless its nodes hold final or notarized blocks that nobody had recorded when it was frozen:
    /// those count for nothing, and its nodes have to be set back first (docs/operations.md).
    private func demandReturn(_ world: World, _ cast: Cast) {
        guard let dead = world.dead, dead.comesBack, dead.hasDied, world.judge.findings.violations.isEmpty,
            let status = world.judge.replay.states[.notary]?.statuses[dead.chain], status.isFrozen
        else { return }
        let operators = FreezeOperators()
        operators.join(world)
        let recorded = world.judge.replay.recordedHeight(of: dead.chain)
        let isStuck = world.hasVoidBlocks(dead.chain)
        let undecided = world.undecidedCandidates(dead.chain)
        let limit = world.now + progressMilliseconds * 1_000
        world.revive()
        while world.now < limit, world.judge.findings.violations.isEmpty {
            operators.thaw(dead.chain, since: status.since, cast, world: world)
            world.run(until: world.now + 4 * SeedRun.sliceMicroseconds, mostSteps: SeedRun.mostSteps)
            let isThawed = world.judge.replay.states[.notary]?.statuses[dead.chain]?.isFrozen == false
            guard isThawed else { continue }
            if world.judge.replay.recordedHeight(of: dead.chain) > recorded { return }
            if isStuck || world.isNotarized(undecided, of: dead.chain) {
                // Nothing is to come of it, and the oracles see to it that nothing does.
                return world.run(until: world.now + SeedRun.stuckMicroseconds, mostSteps: SeedRun.mostSteps)
            }
        }
        if world.judge.findings.violations.isEmpty {
            world.judge.findings.report(.progress, "\(dead.chain) was to be thawed and to go on from height \(recorded)", at: world.now)
        }
    }

    /// How long a chain is watched that cannot go on.
    private static let stuckMicroseconds: UInt64 = 15_000_000

    /// What is final of every chain, whether the oracles have seen the blocks or the notary chain has recorded them.
    private func heights(_ world: World) -> [Height] {
        (world.network.chains + [world.network.notary]).map { max(seen($0.id, world), world.judge.replay.recordedHeight(of: $0.id)) }
    }

    /// Blocks of a chain that the oracles have replayed. A node that lies may be the first to have a block, and others may come to a later one by a
    /// snapshot: until an archive has it, nobody honest shows it.
    private func seen(_ chain: ChainID, _ world: World) -> Height { Height(world.judge.history.blocks(of: chain).count) }

    /// Who has not reached a target.
    private func missing(_ world: World, _ targets: [Height]) -> [String] {
        var missing: [String] = []
        for (chain, target) in zip(world.network.chains + [world.network.notary], targets) where chain.id != world.judge.corrupt {
            for instance in world.instances where instance.address.role == .consensus && instance.address.chain == chain.id && !instance.isByzantine {
                let height = world.judge.history.height(of: instance.name)
                if height < target { missing.append("\(instance.name) is at \(height) instead of \(target)") }
            }
            if seen(chain.id, world) < target { missing.append("nobody honest has stored \(chain.id) \(target)") }
            let recorded = world.judge.replay.recordedHeight(of: chain.id)
            if chain.id != .notary, recorded < target { missing.append("\(chain.id) is recorded to \(recorded) instead of \(target)") }
        }
        let excepted = [world.judge.corrupt, world.dead?.chain].compactMap { $0 }
        return missing + world.judge.replay.contractsNotAdopted(but: excepted) + world.judge.replay.ordersNotAppeared(but: excepted)
            + world.judge.replay.pausesNotTaken(but: excepted)
    }

    private func inspect(_ world: World, _ inspector: Inspector) {
        let shelf = HandoverShelf(world)
        DeviceInspector(shelf).inspect(world, mostSteps: SeedRun.mostSteps)
        ReceiptInspector(shelf).inspect(world, mostSteps: SeedRun.mostSteps)
        inspector.compareBalances(world)
        world.run(atMost: 500_000, mostSteps: SeedRun.mostSteps) { inspector.hasCompared }
        // Last of all: whatever was on its way when the payments had ended may have been acknowledged meanwhile.
        for _ in 0..<12 {
            let open = world.judge.acknowledgements.open
            if open.isEmpty { break }
            inspector.inquire(open, world: world)
            world.run(atMost: 2_500_000, mostSteps: SeedRun.mostSteps) { world.judge.acknowledgements.open.isEmpty }
        }
    }

    private func report(_ world: World, _ wallets: [Wallet], _ shape: Shape, _ rest: UInt64) -> SeedReport {
        var endings: [String: Int] = [:]
        for wallet in wallets { endings.merge(wallet.endings) { $0 + $1 } }
        let totals = world.judge.replay.crosses.totals
        return SeedReport(
            seed: seed, shape: shape, violations: world.judge.findings.violations, tally: world.tally, rules: world.judge.rules, trace: world.trace.value,
            steps: world.steps, virtualMilliseconds: world.now / 1_000, blocks: world.judge.replay.blocks,
            payments: wallets.reduce(0) { $0 + $1.payments.count }, endings: endings, settled: totals.settled, refunded: totals.refunded,
            codecUses: world.judge.codecUses, counters: world.counters, alarms: world.alarms.map { "\($0.source) \($0.code)" },
            restMilliseconds: rest)
    }
}
