import Cryptography
import Determinism
import RoleKit
import Simulation
import Testing
import Wire

/// Faults of machines and networks. Lies need real roles to tell them: a run of seeds that misses one fails (`SeedSummary`).
/// Members of pegs are clients: a world of nodes alone has none.
private let machineFaults = FaultKind.allCases.filter {
    !FaultKind.byzantine.contains($0) && ![.corruptChain, .deadChain, .memberCrash, .falseAttestation].contains($0)
}

/// A plan with every fault on that needs no liar, so that a test meets all of them.
private func everything() -> FaultPlan {
    var plan = FaultPlan()
    for kind in machineFaults { plan.enable(kind) }
    plan.linkPerMillion = 50_000
    plan.crashPerMillion = 5_000
    plan.nemesisMicroseconds = 100_000
    plan.longestMicroseconds = 200_000
    plan.codecPerMillion = 100_000
    plan.faultsEndMicroseconds = 5_000_000
    return plan
}

@Test("the same seed gives the same trace, another seed another one")
func sameSeedSameTrace() {
    func trace(_ seed: UInt64) -> UInt64 {
        let world = toyWorld(.all(RoleKind(ToyGossip.self)), seed: seed, plan: everything())
        world.run(until: 5_000_000, mostSteps: 1_000_000)
        return world.trace.value
    }
    #expect(trace(3) == trace(3))
    #expect(trace(3) != trace(4))
}

@Test("every kind of fault that needs no liar is exercised in a world that has them all")
func everyFaultHappens() {
    var plan = everything()
    plan.faultsEndMicroseconds = 30_000_000
    let world = toyWorld(.all(RoleKind(ToyGossip.self)), plan: plan)
    world.run(until: 30_000_000, mostSteps: 5_000_000)
    // Toys store no blocks that a bit could flip in.
    let missing = machineFaults.filter { $0 != .bitFlip && world.tally[$0] == 0 }
    #expect(missing.isEmpty)
    #expect(world.judge.codecUses > 0)
    #expect(world.judge.findings.violations.isEmpty)
}

@Test("after healing no fault happens and every instance runs")
func healingEndsFaults() {
    let world = toyWorld(.all(RoleKind(ToyGossip.self)), plan: everything())
    world.run(until: 5_000_000, mostSteps: 1_000_000)
    world.heal()
    world.run(until: 6_000_000, mostSteps: 1_000_000)
    let before = world.tally
    world.run(until: 9_000_000, mostSteps: 1_000_000)
    #expect(world.tally == before)
    #expect(world.instances.allSatisfy { $0.core != nil })
}

@Test("commits without a send may vanish in a crash, those before a send never")
func unsyncedWritesVanish() throws {
    var disk = VirtualDisk()
    try disk.commit([.put(.facts, key: 1, value: [1])], synced: true)
    try disk.commit([.put(.facts, key: 2, value: [2])], synced: false)
    try disk.commit([.put(.facts, key: 3, value: [3])], synced: false)
    #expect(disk.loseUnsynced() == 2)
    #expect(disk.rows(.facts, from: 0, limit: 9).map(\.key) == [1])
    try disk.commit([.put(.facts, key: 4, value: [4])], synced: false)
    try disk.commit([], synced: true)
    #expect(disk.loseUnsynced() == 0)
    #expect(disk.rows(.facts, from: 2, limit: 9).map(\.key) == [4])
}

@Test("the disk refuses a second, different vote under one key, also while the first is not yet synced")
func diskRefusesSecondVote() throws {
    func row(_ byte: UInt8) -> VoteRow {
        VoteRow(chain: .notary, epoch: 0, slot: 5, duty: .decide, hash: Blake2b.hash([byte]), bytes: [byte])
    }
    var disk = VirtualDisk()
    try disk.commit([.vote(row(1))], synced: false)
    try disk.commit([.vote(row(1))], synced: true)
    #expect(throws: VirtualDisk.VoteConflict.self) { try disk.commit([.vote(row(2))], synced: true) }
    #expect(disk.recovered([]).votes.map(\.hash) == [Blake2b.hash([1])])
}

@Test("deleting rows and forgetting votes leaves the others")
func diskDeletes() throws {
    var disk = VirtualDisk()
    for key in UInt64(1)...5 { try disk.commit([.put(.blocks, key: key, value: [])], synced: true) }
    try disk.commit([.deleteThrough(.blocks, key: 2), .delete(.blocks, key: 4)], synced: true)
    #expect(disk.rows(.blocks, from: 0, limit: 9).map(\.key) == [3, 5])
    #expect(disk.rows(.blocks, from: 0, limit: 1).map(\.key) == [3])
}

@Test("a memo tells true from forged signatures and verifies each only once")
func memoVerifiesOnce() {
    let memo = SignatureMemo()
    let pair = KeyPair(seed: Blake2b.hash([1]))
    let signature = memo.signer(pair).sign(.vote, network: .zero, [1, 2, 3])
    let message = Domain.vote.preimage(network: .zero, [1, 2, 3])
    #expect(memo.holds(SignatureCheck(key: pair.publicKey, signature: signature, message: message)))
    #expect(memo.verifiedCount == 0)
    for _ in 0..<3 { #expect(!memo.holds(SignatureCheck(key: pair.publicKey, signature: signature, message: message + [0]))) }
    #expect(memo.verifiedCount == 1)
    let foreign = pair.sign([9])
    #expect(memo.holds(SignatureCheck(key: pair.publicKey, signature: foreign, message: [9])))
    #expect(memo.verifiedCount == 2)
}
