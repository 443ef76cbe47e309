import Cryptography
import Determinism
import Foundation
import RoleKit
import Runtime
import Testing
import Wire

/// The thread that looks for nonces.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MiningWorkerTests {
    private let mailbox = RoleMailbox()
    private let worker: MiningWorker

    init() { worker = MiningWorker(mailbox: mailbox) }

    /// A header without its nonce; `target` decides how many nonces it takes.
    private func header(_ memo: UInt8, target: UInt64) -> BlockHeader {
        BlockHeader(
            BlockHeader.Fields(
                chain: ChainID("alpha")!, height: 1, epoch: 0, slot: 1, parent: Blake2b.hash([memo]), parentSlot: 0, time: 1,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: .zero, notaryHeight: 0, notaryHead: .zero,
                builder: KeyPair(seed: .zero).publicKey, workTarget: target))
    }

    /// One nonce in sixteen does.
    private let easy = UInt64.max / 16
    /// Nobody finds one while the test runs.
    private let hopeless: UInt64 = 0

    /// One whose smallest nonce is known to lie some way off.
    private func slow() -> BlockHeader {
        let target = UInt64.max >> 14
        for memo in UInt8.min...UInt8.max {
            let header = header(memo, target: target)
            var search = NonceSearch(MiningJob(header))
            if let nonce = search.search(40_000), nonce > 15_000 { return header }
        }
        preconditionFailure("one header of many takes so long")
    }

    /// What the worker has found within some seconds, as soon as it has found anything.
    private func found(withinSeconds seconds: Double) -> [(token: UInt64, nonce: UInt64)] {
        let deadline = Date(timeIntervalSinceNow: seconds)
        repeat {
            let found = mailbox.take().compactMap { if case .mined(let token, let nonce) = $0 { (token: token, nonce: nonce) } else { nil } }
            if !found.isEmpty { return found }
            usleep(2_000)
        } while Date() < deadline
        return []
    }

    @Test("it finds the smallest nonce with which the header's hash meets the target, and says so once")
    func finds() throws {
        defer { mailbox.stop() }
        let header = header(1, target: easy)
        worker.mine(token: 7, MiningJob(header))
        let answers = found(withinSeconds: 20)
        try #require(answers.count == 1 && answers[0].token == 7)
        var search = NonceSearch(MiningJob(header))
        #expect(search.search(1 << 12) == answers[0].nonce)
        var fields = header.fields
        fields.workNonce = answers[0].nonce
        #expect(WorkRule.isMet(easy, by: BlockHeader(fields).hash))
        #expect(found(withinSeconds: 0.3).isEmpty)
    }

    @Test("one job after the other is done, also when a pause lies between them")
    func again() throws {
        defer { mailbox.stop() }
        for token in UInt64(1)...3 {
            worker.mine(token: token, MiningJob(header(UInt8(token), target: easy)))
            let answers = found(withinSeconds: 20)
            try #require(answers.map(\.token) == [token])
            if token == 2 { usleep(700_000) }
        }
    }

    @Test("a newer job takes the place of the one under way")
    func replaced() throws {
        defer { mailbox.stop() }
        worker.mine(token: 1, MiningJob(header(1, target: hopeless)))
        usleep(50_000)
        let next = header(2, target: easy)
        worker.mine(token: 2, MiningJob(next))
        let answers = found(withinSeconds: 20)
        try #require(answers.map(\.token) == [2])
        var search = NonceSearch(MiningJob(next))
        #expect(search.search(1 << 12) == answers[0].nonce, "it begins at the first nonce again")
    }

    @Test("a job that is ended finds nothing any more, and the next one is taken up")
    func cancelled() throws {
        defer { mailbox.stop() }
        let slow = slow()
        // How long it takes here and now when nobody ends it.
        let begin = Date()
        worker.mine(token: 1, MiningJob(slow))
        try #require(found(withinSeconds: 40).map(\.token) == [1])
        let seconds = Date().timeIntervalSince(begin)
        worker.mine(token: 2, MiningJob(slow))
        Thread.sleep(forTimeInterval: seconds / 8)
        worker.stop()
        #expect(found(withinSeconds: seconds * 3).isEmpty)
        worker.mine(token: 3, MiningJob(header(2, target: easy)))
        #expect(found(withinSeconds: 20).map(\.token) == [3])
    }

    @Test("its thread ends with the role's, and lets go of the worker")
    func ends() throws {
        let mailbox = RoleMailbox()
        weak var remembered: MiningWorker?
        do {
            let worker = MiningWorker(mailbox: mailbox)
            remembered = worker
            worker.mine(token: 1, MiningJob(header(1, target: hopeless)))
        }
        usleep(50_000)
        #expect(remembered != nil, "its thread works on")
        mailbox.stop()
        let deadline = Date(timeIntervalSinceNow: 20)
        while remembered != nil, Date() < deadline { usleep(10_000) }
        #expect(remembered == nil)
    }

    @Test("mining leaves the machine to others: it takes many times as long as the search alone")
    func share() throws {
        defer { mailbox.stop() }
        let slow = slow()
        // The core's time: the wall's also counts what other processes take from this one.
        let before = threadSeconds()
        var search = NonceSearch(MiningJob(slow))
        let nonce = search.search(40_000)
        let alone = threadSeconds() - before
        let begin = Date()
        worker.mine(token: 1, MiningJob(slow))
        let answers = found(withinSeconds: 40)
        let mined = Date().timeIntervalSince(begin)
        #expect(answers.map(\.nonce) == [nonce])
        #expect(mined > alone * 8, "\(mined) s, and \(alone) s alone")
    }

    /// The processor time that the calling thread has taken.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
