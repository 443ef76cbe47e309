import BuilderCore
import Cryptography
import RoleKit
import TestSupport
import Testing
import Wire

/// To which notaries a builder hands a candidate (A12).
@Suite struct NotaryStrategyTests {
    private static let alpha = TestNetwork.alpha
    private let chain = MinedChain()

    @Test("a strategy is read from its text and written as it is read; what is none is refused")
    func text() {
        for text in ["all", "one", "one:random", "one:fastest", "2", "3:random", "64:fastest"] {
            #expect(NotaryStrategy(text)?.text == text)
        }
        #expect(NotaryStrategy("1")?.text == "one" && NotaryStrategy("2:in-turn")?.text == "2")
        for text in ["", "none", "0", "-1", "65", "99999999999999999999", "2:", "2:slowest", "2:random:random", "all:random", "+1", "٣"] {
            #expect(NotaryStrategy(text) == nil, "\(text)")
        }
    }

    @Test("everybody has one turn: round robin by slot, the fastest first with round robin among equals, or as the candidate draws")
    func turns() throws {
        let turns = { (text: String, slot: UInt64, draw: Digest) in
            NotaryStrategy(text)!.turns(of: 4, slot: slot, draw: draw) { [30, 0, 20, 0][$0] }
        }
        #expect(turns("one", 0, .zero) == [0, 1, 2, 3])
        #expect(turns("2", 6, .zero) == [2, 3, 0, 1])
        #expect(turns("one", .max, .zero) == [3, 0, 1, 2])
        #expect(turns("one:fastest", 0, .zero) == [1, 3, 2, 0])
        #expect(turns("one:fastest", 2, .zero) == [3, 1, 2, 0])
        let drawn = (0..<100).map { turns("one:random", 0, Blake2b.hash([$0])) }
        #expect(drawn.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
        for position in 0..<4 { #expect((10...45).contains(drawn.count { $0[0] == position }), "\(position) of 4 is first as often as the others") }
        #expect(turns("one:random", 0, Blake2b.hash([7])) == drawn[7], "the same candidate draws the same")
    }

    @Test("newer answers count for more, silence counts as long as it lasted, and who was never asked comes first")
    func latency() {
        var latency = SmoothedLatency()
        #expect(latency.rank == 0)
        latency.answered(afterMilliseconds: 40)
        #expect(latency.rank == 320)
        for _ in 0..<40 { latency.answered(afterMilliseconds: 8) }
        #expect((64...80).contains(latency.rank))
        latency.failed(afterMilliseconds: 500)
        #expect(latency.rank > 4_000)
    }

    /// A builder that has just made a candidate, and what it does then.
    private func builder(_ strategy: String) throws -> (bench: RoleBench<BuilderRole>, candidate: Block?, effects: [RoleEffect]) {
        let context = RoleContext(
            network: chain.test.network, address: RoleAddress(role: .builder, chain: Self.alpha, node: "alpha-1"),
            signer: chain.test.nodeKeys[Self.alpha]![0].signer, notaryStrategy: NotaryStrategy(strategy)!)
        var bench = RoleBench<BuilderRole>(context)
        bench.now.wallMilliseconds = TestNetwork.genesisTime + 5_000
        _ = bench.run(.started)
        let genesis = BlockHeader.genesisHash(of: Self.alpha, network: chain.test.network.id)
        let effects = try propose(&bench, on: genesis, height: 0)
        return (bench, effects.candidates.first, effects)
    }

    /// The builder leads the slot above a block, and its own is mined.
    private func propose(_ bench: inout RoleBench<BuilderRole>, on parent: Digest, height: Height) throws -> [RoleEffect] {
        let lead = Lead(node: "alpha-1", chain: Self.alpha, slot: height + 1, parentSlot: height, parent: parent, parentHeight: height)
        bench.pass(milliseconds: 5_000)
        let job = try #require(bench.run(.delivered(.lead(lead), publisher: "consensus.alpha@alpha-1/1")).jobs.first)
        return bench.run(.mined(token: job.token, nonce: job.job.nonce))
    }

    @Test("all: the candidate is published, and nobody is called")
    func published() throws {
        let (_, candidate, effects) = try builder("all")
        #expect(candidate != nil && effects.handed.isEmpty)
    }

    @Test("a number: so many notaries at a time; when all of them decline the next have their turn, and after the last it is published")
    func severalAtATime() throws {
        var (bench, published, effects) = try builder("3")
        #expect(published == nil)
        #expect(effects.handed.map(\.node) == ["notary-2", "notary-3", "notary-4"])
        for (index, call) in effects.handed.enumerated() {
            let answer = bench.run(.answered(call: call.call, .validate(taken: false)))
            #expect(answer.timer(3) == (index == 2 ? 20 : nil), "the next have their turn when nobody is left")
        }
        effects = bench.run(.timerFired(TimerID(kind: 3)))
        #expect(effects.handed.map(\.node) == ["notary-1"] && effects.candidates.isEmpty)
        effects = bench.run(.timerFired(TimerID(kind: 3)))
        #expect(effects.handed.isEmpty && effects.candidates.count == 1)
    }

    @Test("one that takes it ends the asking until the time to send again; a second answer to one call counts for nothing")
    func taken() throws {
        var (bench, _, effects) = try builder("2")
        let calls = effects.handed.map(\.call)
        #expect(bench.run(.answered(call: calls[0], .validate(taken: true))).timer(3) == nil)
        #expect(bench.run(.answered(call: calls[1], .validate(taken: false))).timer(3) == nil)
        #expect(bench.run(.answered(call: calls[1], .validate(taken: false))).isEmpty)
        effects = bench.run(.timerFired(TimerID(kind: 3)))
        #expect(effects.handed.map(\.node) == ["notary-4", "notary-1"])
        let declined = effects.handed.map { bench.run(.answered(call: $0.call, .validate(taken: false))).timer(3) }
        #expect(declined == [nil, 20], "who took it before has brought nothing: the others' no counts")
    }

    @Test("fastest: who was slow or silent comes last for the next candidate")
    func fastest() throws {
        var (bench, _, effects) = try builder("4:fastest")
        #expect(effects.handed.map(\.node) == ["notary-2", "notary-3", "notary-4", "notary-1"])
        for (call, wait) in zip(effects.handed.map(\.call), [9, 1, 30] as [UInt64]) {
            bench.pass(milliseconds: wait)
            _ = bench.run(.answered(call: call, .validate(taken: true)))
        }
        // The fourth is silent until the candidate is sent again.
        bench.pass(milliseconds: 100)
        let first = try #require(bench.run(.timerFired(TimerID(kind: 3))).candidates.first)
        #expect(try propose(&bench, on: first.hash, height: 1).handed.map(\.node) == ["notary-2", "notary-3", "notary-4", "notary-1"])
    }
}

extension [RoleEffect] {
    /// Notaries that are handed a candidate, in order.
    fileprivate var handed: [(call: UInt64, node: String)] {
        compactMap {
            guard case .call(let call, let service, .validate, _) = $0, let node = service.split(separator: "@").last else { return nil }
            return (call, String(node))
        }
    }
}
