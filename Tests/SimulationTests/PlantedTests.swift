import Cryptography
import Determinism
import RoleKit
import Simulation
import Testing
import Wire

/// Crashes in every turn's end make toys start again and again.
private func crashing() -> FaultPlan {
    var plan = FaultPlan()
    plan.enable(.crashIdle)
    plan.nemesisMicroseconds = 20_000
    plan.longestMicroseconds = 50_000
    plan.faultsEndMicroseconds = 2_000_000
    return plan
}

@Test("a core that votes anew after a crash is caught by its store")
func storeCatchesSecondVote() {
    let world = toyWorld(RoleKinds.all(RoleKind(ToySilence.self)).with(consensus: RoleKind(ToyVoter.self)), plan: crashing())
    world.run(until: 2_000_000, mostSteps: 100_000)
    #expect(world.judge.findings.violations.first?.invariant == .votes)
    #expect(world.judge.findings.violations.first?.detail.contains("stores") == true)
}

@Test("a core that forgets to store its vote is caught on the wire")
func wireShowsSecondVote() {
    let world = toyWorld(RoleKinds.all(RoleKind(ToySilence.self)).with(builder: RoleKind(ToyVoter.self)), plan: crashing())
    world.run(until: 2_000_000, mostSteps: 100_000)
    #expect(world.judge.findings.violations.first?.invariant == .votes)
    #expect(world.judge.findings.violations.first?.detail.contains("signed") == true)
}

@Test("a core that answers twice breaks the contract with its shell")
func secondAnswerIsCaught() {
    let world = toyWorld(RoleKinds.all(RoleKind(ToySilence.self)).with(consensus: RoleKind(ToyChatter.self), collector: RoleKind(ToyGossip.self)))
    world.run(until: 1_000_000, mostSteps: 100_000)
    #expect(world.judge.findings.violations.first?.invariant == .contract)
}

@Test("a network that never does anything fails for want of progress")
func silenceIsNoProgress() {
    var run = SeedRun(seed: 1, kinds: .all(RoleKind(ToySilence.self)), payments: 3)
    run.progressMilliseconds = 5_000
    let report = run.run()
    #expect(report.violations.contains { $0.invariant == .progress })
    #expect(report.violations.allSatisfy { $0.invariant == .progress })
}

extension RoleKinds {
    func with(consensus: RoleKind? = nil, builder: RoleKind? = nil, collector: RoleKind? = nil) -> RoleKinds {
        RoleKinds(
            collector: collector ?? self.collector, builder: builder ?? self.builder, consensus: consensus ?? self.consensus,
            validator: validator, recorder: recorder)
    }
}
