import Chain
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import Wire

/// A follower whose chain's nodes are silent has the blocks that others hold from their archives.
@Suite struct ArchiveFollowTests {
    private let test = TestNetwork()
    private let archives = ["recorder.notary@notary-2", "recorder.notary@notary-3"]
    private let calls: UInt64 = 1 << 40

    private func follower(archives: [String], verify: @escaping @Sendable (SignatureCheck) -> Bool = { $0.holds }) -> ChainFollower {
        ChainFollower(
            book: ElectorateBook(network: test.network), chain: TestNetwork.alpha, verify: verify, timer: 7, calls: calls, archives: archives)
    }

    private func question(_ effects: [RoleEffect]) -> (call: UInt64, service: String)? {
        for case .call(let call, let service, _, _) in effects { return (call, service) }
        return nil
    }

    /// Lets questions fail until so many have been asked.
    ///
    /// - Returns: who was asked, and the last question, which is still open.
    private func silence(_ follower: inout ChainFollower, questions: Int) throws -> (asked: [String], open: UInt64) {
        var now: UInt64 = 0
        func moment() -> Moment { Moment(monotonicMilliseconds: now, wallMilliseconds: TestNetwork.genesisTime + now) }
        var effects = follower.started(at: moment()).effects
        var asked: [String] = []
        while true {
            let open = try #require(question(effects))
            asked.append(open.service)
            if asked.count == questions { return (asked, open.call) }
            now += 60_000
            _ = follower.answered(call: open.call, .failure(.notReady, detail: ""), at: moment())
            let step = follower.timerFired(TimerID(kind: 7), at: moment())
            effects = try #require(step).effects
        }
    }

    @Test("after two questions without an answer every other one goes to an archive, each in turn")
    func asksArchives() throws {
        var follower = follower(archives: archives)
        let asked = try silence(&follower, questions: 8).asked
        #expect(asked[0].hasPrefix("consensus.alpha@") && asked[1].hasPrefix("consensus.alpha@"))
        #expect(Set([asked[2], asked[4]]) == Set(archives) && asked[2] == asked[6])
        #expect([3, 5, 7].allSatisfy { asked[$0].hasPrefix("consensus.alpha@") })
    }

    @Test("without archives only the chain's nodes are asked")
    func asksNodesAlone() throws {
        var follower = follower(archives: [])
        #expect(try silence(&follower, questions: 6).asked.allSatisfy { $0.hasPrefix("consensus.alpha@") })
    }

    @Test("what an archive hands over is checked like anything else, and followed")
    func takesFromArchive() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append([])
        var deceived = follower(archives: archives) { _ in false }
        let moment = Moment(monotonicMilliseconds: 600_000, wallMilliseconds: TestNetwork.genesisTime + 600_000)
        var open = try silence(&deceived, questions: 3).open
        #expect(deceived.answered(call: open, .blocks([item], head: 1), at: moment)?.blocks.isEmpty ?? false)
        var follower = follower(archives: archives)
        open = try silence(&follower, questions: 3).open
        let step = follower.answered(call: open, .blocks([item], head: 1), at: moment)
        #expect(step?.blocks.map(\.block.hash) == [item.block.hash])
        #expect(follower.height == 1)
    }

    @Test("a follower whose first question comes to nothing asks again, though news keep coming, until somebody has said how far the chain is")
    func asksUntilAnswered() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        var follower = follower(archives: [])
        func moment(_ milliseconds: UInt64) -> Moment { Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: TestNetwork.genesisTime + milliseconds) }
        let started = follower.started(at: moment(0)).effects
        let first = try #require(question(started))
        _ = follower.answered(call: first.call, .failure(.notReady, detail: ""), at: moment(1_000))
        let item = chain.append([])
        _ = follower.candidate(item.block, at: moment(1_900))
        let final = try #require(item.final)
        let news = follower.final(final, at: moment(1_900))
        #expect(news.blocks.map(\.block.hash) == [item.block.hash] && !follower.isCaughtUp)
        let woken = follower.timerFired(TimerID(kind: 7), at: moment(2_000))
        let again = try #require(woken.flatMap { question($0.effects) })
        _ = follower.answered(call: again.call, .blocks([], head: 1), at: moment(2_100))
        #expect(follower.isCaughtUp)
        let quiet = follower.timerFired(TimerID(kind: 7), at: moment(2_200))
        #expect(quiet.flatMap { question($0.effects) } == nil)
    }
}
