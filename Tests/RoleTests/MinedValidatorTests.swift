import Chain
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// A notary's validator of a mined chain: what it signs, and what it tells its notary's other roles.
@Suite struct MinedValidatorTests {
    private var chain = MinedChain()
    private var driver: ValidatorDriver
    private var genesis: Digest { BlockHeader.genesisHash(of: TestNetwork.alpha, network: chain.test.network.id) }

    init() {
        driver = ValidatorDriver(chain.test, chain: TestNetwork.alpha)
        driver.setTime(TestNetwork.genesisTime + 5_000)
    }

    private mutating func propose(_ block: Block) -> [RoleEffect] {
        driver.publish(.candidate(block), by: "builder.alpha@alpha-1/1")
    }

    private mutating func certify(_ block: Block) -> [RoleEffect] {
        driver.publish(.certified(chain.certified(block)), by: "builder.alpha@alpha-1/1")
    }

    /// The body, and then the certificate.
    private mutating func show(_ blocks: Block...) -> [RoleEffect] { blocks.flatMap { propose($0) + certify($0) } }

    /// The notary chain records a block, which makes it final.
    private mutating func record(_ block: Block) -> [RoleEffect] {
        let head = chain.recorded([block])
        return driver.publish(.final(chain.final(block, head)), by: "consensus.alpha@alpha-1/1")
    }

    private func signed(_ effects: [RoleEffect]) -> [Digest] {
        effects.verdicts.compactMap { if case .signed = $0.verdict { $0.block } else { nil } }
    }

    private func refusals(_ effects: [RoleEffect]) -> [Reason] {
        effects.verdicts.compactMap { if case .refused(_, let reason) = $0.verdict { reason } else { nil } }
    }

    @Test("every valid block of a height is signed, also several of one miner")
    mutating func signs() {
        let blocks = [chain.add(on: genesis, by: 1), chain.add(on: genesis, by: 1, after: 2_000), chain.add(on: genesis, by: 3)]
        for block in blocks { #expect(signed(propose(block)) == [block.hash]) }
    }

    @Test("a block of another target, without enough work, or of a slot that is not its height is refused")
    mutating func refuses() {
        let easier = chain.mine(on: genesis) { $0.workTarget = .max }
        #expect(refusals(propose(easier)) == [.wrongWork])
        let harder = chain.mine(on: genesis) { $0.workTarget /= 2 }
        #expect(refusals(propose(harder)) == [.wrongWork], "it must be exactly this")
        let good = chain.mine(on: genesis)
        var fields = good.header.fields
        repeat { fields.workNonce += 1 } while WorkRule.isMet(fields.workTarget, by: BlockHeader(fields).hash)
        let header = BlockHeader(fields)
        let signer = chain.test.nodeKeys[TestNetwork.alpha]![0].signer
        let idle = Block(
            header: header, builderSignature: signer.sign(.candidate, network: chain.test.network.id, header.bytes), transactions: [],
            outcomes: [], foreign: [])
        #expect(refusals(propose(idle)) == [.wrongWork])
        #expect(refusals(propose(chain.mine(on: genesis) { $0.slot = 2 })) == [.wrongSlot])
        #expect(signed(propose(good)) == [good.hash])
    }

    @Test("a block is told once it is notarized, and as confirmed once enough blocks lie above it")
    mutating func tells() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        #expect(propose(first).notarized.isEmpty, "nothing is told of a candidate")
        #expect(certify(first).notarized == [Said(first.hash, false)])
        #expect(certify(first).notarized.isEmpty, "and once is enough")
        #expect(show(second).notarized == [Said(first.hash, true), Said(second.hash, false)])
    }

    @Test("a certificate that does not hold tells nothing")
    mutating func badCertificate() {
        let block = chain.add(on: genesis)
        _ = propose(block)
        var certified = chain.certified(block)
        certified.notary = chain.certified(chain.add(on: genesis, by: 2)).notary
        let effects = driver.publish(.certified(certified), by: "builder.alpha@alpha-1/1")
        #expect(effects.notarized.isEmpty && effects.count(of: .badSignature) == 1)
        #expect(certify(block).notarized.count == 1)
    }

    @Test("a certificate may come before the body: that is asked for, and so is a missing parent's")
    mutating func outOfOrder() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        #expect(certify(second).asked == [second.hash])
        let body = propose(second)
        #expect(body.notarized.isEmpty && body.asked.contains(first.hash))
        #expect(propose(first).notarized.isEmpty)
        #expect(certify(first).notarized == [Said(first.hash, true), Said(second.hash, false)])
    }

    @Test("a validator that starts anew asks which of the candidates it had signed are notarized, until it knows or they are recorded")
    mutating func asksAnew() {
        let blocks = [chain.add(on: genesis)]
        let rows = blocks.enumerated().map { StoredRow(key: UInt64($0 + 1), value: $1.encoded) }
        var anew = ValidatorDriver(chain.test, chain: TestNetwork.alpha, recovered: StoredState(rows: [.candidates: rows]))
        anew.setTime(TestNetwork.genesisTime + 5_000)
        let effects = anew.send(.started)
        // The driver has started it once already: what was asked for then is asked for again after a pause.
        #expect(effects.asked.isEmpty)
        let again = anew.send(.timerFired(TimerID(kind: 6)))
        #expect(again.asked == [blocks[0].hash] && again.timer(6) == chain.test.network.timing.standstillMilliseconds)
        let answer = FinalBlock(block: blocks[0], final: nil, certified: chain.certified(blocks[0]))
        let call = again.calls.first { if case .fetchBlock = $0.request { true } else { false } }?.call ?? 0
        #expect(anew.send(.answered(call: call, .blocks([answer], head: 0))).notarized == [Said(blocks[0].hash, false)])
        #expect(anew.send(.timerFired(TimerID(kind: 6))).asked.isEmpty)
    }

    @Test("the heavier branch is the one to be recorded, and what was told of the lighter one is taken back")
    mutating func heavier() {
        let first = chain.add(on: genesis, by: 1)
        let above = chain.add(on: first.hash, by: 1)
        let rival = chain.add(on: genesis, by: 2, after: 1_001)
        let second = chain.add(on: rival.hash, by: 2, after: 1_001)
        #expect(show(first, above).notarized.last { $0.block == first.hash }?.isConfirmed == true)
        _ = show(rival, second)
        let last = chain.add(on: second.hash, by: 2, after: 1_001)
        let effects = show(last).notarized
        let newest = Dictionary(effects.map { ($0.block, $0.isConfirmed) }, uniquingKeysWith: { $1 })
        #expect(newest[second.hash] == true && newest[last.hash] == false)
        #expect(newest[first.hash] != true && newest[above.hash] != true)
        let again = driver.send(.timerFired(TimerID(kind: 6))).notarized
        #expect(Set(again.filter(\.isConfirmed).map(\.block)) == [rival.hash, second.hash])
    }

    @Test("what is not recorded is told again after a pause, what is recorded never more")
    mutating func again() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        let effects = show(first, second)
        #expect(effects.timer(6) == chain.test.network.timing.standstillMilliseconds)
        let told = driver.send(.timerFired(TimerID(kind: 6)))
        #expect(told.notarized == [Said(first.hash, true), Said(second.hash, false)])
        #expect(told.timer(6) == chain.test.network.timing.standstillMilliseconds)
        _ = record(first)
        #expect(driver.role.height == 1)
        #expect(driver.send(.timerFired(TimerID(kind: 6))).notarized == [Said(second.hash, false)])
        _ = record(second)
        let end = driver.send(.timerFired(TimerID(kind: 6)))
        #expect(end.notarized.isEmpty && end.timer(6) == nil, "nothing is left to tell")
    }

    @Test("beside a recorded block nothing is told or signed any more, however heavy")
    mutating func besideRecord() {
        let first = chain.add(on: genesis, by: 1)
        let rival = chain.add(on: genesis, by: 2, after: 1_001)
        let above = chain.add(on: rival.hash, by: 2)
        let top = chain.add(on: above.hash, by: 2)
        _ = show(first, rival, above)
        _ = record(first)
        let effects = driver.send(.timerFired(TimerID(kind: 6))) + show(top)
        #expect(effects.notarized.isEmpty && signed(effects).isEmpty)
    }

    @Test("one miner's candidates that wait for something are bounded, and leave room for another miner's")
    mutating func crowded() {
        let parent = chain.add(on: genesis)
        let count = Limits.candidatesPerMiner
        let blocks = (0...count).map { chain.add(on: parent.hash, by: 1, after: 1_000 + UInt64($0)) }
        for block in blocks.prefix(count) { #expect(propose(block).count(of: .overloaded) == 0) }
        #expect(propose(blocks[count]).count(of: .overloaded) == 1)
        let other = chain.add(on: parent.hash, by: 2)
        #expect(propose(other).count(of: .overloaded) == 0)
    }

    @Test("a candidate is served with its certificate, and one that is not here is asked for")
    mutating func serves() throws {
        let block = chain.add(on: genesis)
        let missing = driver.send(.requested(.fetchBlock(chain: TestNetwork.alpha, hash: block.hash), token: 5, client: nil))
        guard case .failure(.notFound, _)? = missing.replies.first else { throw WireFault(.invalid, "Response.blocks") }
        #expect(missing.asked == [block.hash])
        _ = propose(block)
        for certified in [nil, chain.certified(block)] {
            if certified != nil { _ = certify(block) }
            let served = driver.send(.requested(.fetchBlock(chain: TestNetwork.alpha, hash: block.hash), token: 6, client: nil))
            let item = FinalBlock(block: block, final: nil, certified: certified)
            #expect(served.replies == [.blocks([item], head: 0)])
        }
    }
}
