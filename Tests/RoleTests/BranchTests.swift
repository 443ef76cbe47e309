import Chain
import Cryptography
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// Leaving a branch, and promising not to go on (N-11, N-12).
@Suite struct BranchTests {
    private let test = TestNetwork()
    private var alpha: ChainID { TestNetwork.alpha }
    private var beta: ChainID { TestNetwork.beta }
    private var notary: Signer { test.nodeKeys[.notary]![0].signer }

    private func follow(_ item: FinalBlock, _ driver: inout ValidatorDriver) -> [RoleEffect] {
        driver.setTime(item.block.header.time)
        return driver.publish(.candidate(item.block)) + driver.publish(.final(item.final!))
    }

    private func stand(_ header: BlockHeader, frozen: Bool, leave: Bool = false, by signer: Signer? = nil, notaryBlock: Digest = Blake2b.hash([7])) -> RoleInput {
        let query = StandQuery(
            chain: header.chain, height: header.height, hash: header.hash, frozen: frozen, leave: leave, notaryHeight: 1, notaryBlock: notaryBlock,
            network: test.network.id, signer: signer ?? notary)
        return .requested(.stand(query), token: 9, client: nil)
    }

    private func granted(_ effects: [RoleEffect]) -> Bool? {
        for case .reply(9, .granted(let granted)) in effects { return granted }
        return nil
    }

    @Test("a promise for a freeze is stored before it is given, and nothing above is followed until the notary chain has gone on without it")
    func promises() {
        var chain = TestChain(test, alpha)
        var driver = ValidatorDriver(test, chain: alpha)
        let first = chain.append([])
        let second = chain.append([])
        _ = follow(first, &driver)
        let effects = driver.send(stand(first.block.header, frozen: true))
        #expect(granted(effects) == true && effects.persistsFirst)
        #expect(follow(second, &driver).branchHeads.isEmpty && driver.role.height == 1)
        // A final notary block of that height without the freeze: the promise is over.
        var other = TestChain(test, .notary)
        let head = follow(other.append([]), &driver).branchHeads.last
        #expect(head?.block == first.block.hash && head?.generation == 2)
        _ = driver.send(.timerFired(TimerID(kind: 6)))
        #expect(follow(second, &driver).branchHeads.map(\.height) == [2])
    }

    @Test("a promise for a leave is given only where nothing above has been signed, and nothing is signed until its notary block is known")
    func leaves() {
        var chain = TestChain(test, alpha)
        var driver = ValidatorDriver(test, chain: alpha)
        let first = chain.append([])
        _ = follow(first, &driver)
        // A block above may become final: it has this notary's signature.
        let second = chain.candidate([])
        var bound = driver
        bound.setTime(second.header.time)
        guard case .signed = bound.publish(.candidate(second)).verdicts.first?.verdict else {
            Issue.record("a valid candidate is signed")
            return
        }
        #expect(granted(bound.send(stand(first.block.header, frozen: true, leave: true))) == false)
        #expect(granted(bound.send(stand(first.block.header, frozen: true))) == true)
        // Nor does anybody go back for it.
        var ahead = driver
        let next = chain.append([])
        _ = follow(next, &ahead)
        let refused = ahead.send(stand(first.block.header, frozen: true, leave: true))
        #expect(granted(refused) == false && !refused.contains { if case .call(_, _, .release, _) = $0 { true } else { false } })
        // Where it stands, with nothing signed above, it promises; and keeps to it.
        let effects = driver.send(stand(first.block.header, frozen: true, leave: true))
        #expect(granted(effects) == true && effects.persistsFirst)
        driver.setTime(second.header.time)
        guard case .deferred = driver.publish(.candidate(second)).verdicts.first?.verdict else {
            Issue.record("a candidate waits for the notary block that was promised for")
            return
        }
        var other = TestChain(test, .notary)
        let block = other.append([])
        let went = follow(block, &driver)
        guard case .signed = went.verdicts.first?.verdict else {
            Issue.record("the chain goes on when the notary chain has gone on without the leave")
            return
        }
    }

    @Test("a signature survives a restart: what was signed above keeps the chain from leaving")
    func signedBeforeRestart() {
        var chain = TestChain(test, alpha)
        let first = chain.append([])
        let second = chain.candidate([])
        let rows: [StoreTable: [StoredRow]] = [
            .facts: [StoredRow(key: 2, value: [1])], .blocks: [StoredRow(key: 1, value: first.encoded)],
            .candidates: [StoredRow(key: second.header.slot << 16 | 5, value: second.encoded)],
        ]
        var signed = ValidatorDriver(test, chain: alpha, recovered: StoredState(rows: rows, votes: []))
        #expect(granted(signed.send(stand(first.block.header, frozen: true, leave: true))) == false)
        var free = ValidatorDriver(
            test, chain: alpha, recovered: StoredState(rows: rows.filter { $0.key != .candidates }, votes: []))
        #expect(granted(free.send(stand(first.block.header, frozen: true, leave: true))) == true)
    }

    /// A notary that was bound to a block and whose blocks are gone.
    private func robbed(of block: Block, generation: UInt64 = 0, promised: [UInt8] = []) -> ValidatorDriver {
        let bound = VoteRow(
            chain: alpha, epoch: generation, slot: block.header.height, duty: .follow, hash: block.hash, bytes: promised)
        return ValidatorDriver(
            test, chain: alpha, recovered: StoredState(rows: [.facts: [StoredRow(key: 2, value: [1])]], votes: [bound]))
    }

    private func bindings(_ effects: [RoleEffect]) -> [VoteRow] {
        effects.flatMap { effect -> [VoteRow] in
            guard case .persist(let operations) = effect else { return [] }
            return operations.compactMap { if case .vote(let row) = $0, row.duty == .follow { row } else { nil } }
        }
    }

    @Test("a notary whose blocks are lost goes over to the recorded branch as to a new one: what it said before is left behind (N-11)")
    func leavesWhatIsLost() {
        var (own, other, notary) = (TestChain(test, alpha), TestChain(test, alpha), TestChain(test, .notary))
        var driver = robbed(of: own.append([]).block)
        let recorded = other.append([], after: 1_500)
        let record = Transaction(.record(Record(final: recorded.final!, crosses: [])), chain: .notary, network: test.network.id)
        let effects = follow(notary.append([BlockItem(transaction: record, foreign: [])]), &driver)
        #expect(bindings(effects).map(\.hash) == [recorded.block.hash] && bindings(effects).map(\.epoch) == [1])
        let heads = follow(recorded, &driver).branchHeads
        #expect(heads.map(\.block) == [recorded.block.hash] && heads.map(\.generation) == [1])
    }

    @Test("a promise that ends while a notary's blocks are lost leaves it bound to the newest of them")
    func staysBound() {
        var (chain, notary) = (TestChain(test, alpha), TestChain(test, .notary))
        let first = chain.append([])
        let second = chain.append([])
        var driver = robbed(of: second.block, generation: 1, promised: UInt64(1).bigEndianBytes + Blake2b.hash([7]).bytes)
        let effects = follow(notary.append([]), &driver)
        #expect(bindings(effects).map(\.slot) == [2] && bindings(effects).map(\.hash) == [second.block.hash])
        _ = driver.send(.timerFired(TimerID(kind: 6)))
        #expect(follow(first, &driver).branchHeads.isEmpty)
        #expect(follow(second, &driver).branchHeads.map(\.height) == [2])
    }

    @Test("only the notary's own roles may ask for a promise")
    func strangers() {
        var chain = TestChain(test, alpha)
        var driver = ValidatorDriver(test, chain: alpha)
        let first = chain.append([])
        _ = follow(first, &driver)
        #expect(granted(driver.send(stand(first.block.header, frozen: true, by: test.nodeKeys[alpha]![0].signer))) == nil)
    }

    @Test("a validator goes back to be able to promise once all who could rely on it have let go, and says so with a new generation")
    func goesBack() {
        var chain = TestChain(test, alpha)
        var driver = ValidatorDriver(test, chain: alpha)
        let first = chain.append([])
        _ = follow(first, &driver)
        _ = follow(chain.append([]), &driver)
        var effects = driver.send(stand(first.block.header, frozen: true))
        #expect(granted(effects) == false)
        let calls = effects.compactMap { effect -> UInt64? in
            guard case .call(let call, _, .release(let query), _) = effect, query.above == 1, query.generation == 1 else { return nil }
            return call
        }
        #expect(calls.count == 2)
        #expect(driver.send(.answered(call: calls[0], .granted(true))).branchHeads.isEmpty)
        effects = driver.send(.answered(call: calls[1], .granted(true)))
        #expect(effects.branchHeads.map(\.height) == [1] && effects.branchHeads.map(\.generation) == [1] && effects.persistsFirst)
        #expect(driver.role.height == 1)
        #expect(granted(driver.send(stand(first.block.header, frozen: true))) == true)
    }

    @Test("a validator does not let go of what a signature of its own relies on")
    func holdsOn() {
        let trade = Trade(test)
        let (block, head) = (trade.block, trade.head)
        var driver = ValidatorDriver(test, chain: beta)
        driver.setTime(block.header.time)
        _ = driver.publish(.branch(head), by: "validator.alpha@notary-1/1")
        var free = driver
        #expect(granted(free.send(release(above: 0))) == true)
        // What was let go of is learned again only of the new generation.
        #expect(free.publish(.branch(head), by: "validator.alpha@notary-1/1").isEmpty)
        guard case .deferred = free.publish(.candidate(block)).verdicts.first?.verdict else {
            Issue.record("a block that was let go of is not relied on")
            return
        }
        guard case .signed = driver.publish(.candidate(block)).verdicts.first?.verdict else {
            Issue.record("a valid candidate is signed")
            return
        }
        #expect(granted(driver.send(release(above: 0))) == false)
        #expect(granted(driver.send(release(above: 1))) == true)
    }

    private func release(above height: Height) -> RoleInput {
        let query = ReleaseQuery(chain: alpha, above: height, generation: 1, network: test.network.id, signer: notary)
        return .requested(.release(query), token: 9, client: nil)
    }

    /// A notary of beta that has signed a block which relies on alpha's first block.
    private func signer(of trade: Trade) -> ValidatorDriver {
        var driver = ValidatorDriver(test, chain: beta)
        driver.setTime(trade.block.header.time)
        _ = driver.publish(.branch(trade.head), by: "validator.alpha@notary-1/1")
        guard case .signed = driver.publish(.candidate(trade.block)).verdicts.first?.verdict else {
            Issue.record("a valid candidate is signed")
            return driver
        }
        return driver
    }

    private func drops(_ effects: [RoleEffect]) -> Bool {
        effects.contains { effect in
            guard case .persist(let operations) = effect else { return false }
            return operations.contains { if case .delete(.reliances, _) = $0 { true } else { false } }
        }
    }

    @Test("a signature lapses once a rival of its height is shown certified that relies on another branch; a candidate alone shows nothing")
    func lapses() {
        let (trade, rival) = (Trade(test), Trade(test, after: 1_500))
        #expect(trade.alpha.last!.hash != rival.alpha.last!.hash)
        var driver = signer(of: trade)
        _ = driver.publish(.candidate(rival.block))
        #expect(granted(driver.send(release(above: 0))) == false)
        _ = driver.publish(.certified(rival.certified))
        // What it relies on is asked for when it matters.
        let effects = driver.send(release(above: 0))
        #expect(granted(effects) == false)
        let call = effects.compactMap { effect -> UInt64? in
            guard case .call(let call, _, .fetchBlock(beta, rival.block.hash), _) = effect else { return nil }
            return call
        }.first
        guard let call else {
            Issue.record("the rival's body is asked for")
            return
        }
        let item = FinalBlock(block: rival.block, final: nil, certified: rival.certified)
        #expect(drops(driver.send(.answered(call: call, .blocks([item], head: 0)))))
        #expect(granted(driver.send(release(above: 0))) == true)
    }

    @Test("a certified rival that relies on the same block lets nobody go")
    func sameBranch() {
        let trade = Trade(test)
        var driver = signer(of: trade)
        var other = TestChain(test, beta)
        let rival = other.candidate(trade.items, after: 2_000)
        #expect(rival.hash != trade.block.hash && rival.foreign == trade.block.foreign)
        _ = driver.publish(.certified(other.certified(of: rival)))
        #expect(!drops(driver.publish(.candidate(rival))))
        #expect(granted(driver.send(release(above: 0))) == false)
    }

    @Test("nothing is signed at a height of which a block is recorded")
    func notBesideRecord() {
        let trade = Trade(test)
        var (own, notary) = (TestChain(test, beta), TestChain(test, .notary))
        var driver = ValidatorDriver(test, chain: beta)
        driver.setTime(trade.block.header.time)
        _ = driver.publish(.branch(trade.head), by: "validator.alpha@notary-1/1")
        let record = Transaction(.record(Record(final: own.append([]).final!, crosses: [])), chain: .notary, network: test.network.id)
        _ = follow(notary.append([BlockItem(transaction: record, foreign: [])]), &driver)
        driver.setTime(trade.block.header.time)
        #expect(driver.publish(.candidate(trade.block)).verdicts.isEmpty)
    }
}
