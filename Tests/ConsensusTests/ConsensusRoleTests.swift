import Chain
import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import Wire

/// The role around Simplex: bodies, certificates, storage, catch-up, requests.
@Suite struct ConsensusRoleTests {
    @Test("nodes make every candidate final in order, with all that shows it", arguments: [1, 4])
    func makesChain(nodes: Int) throws {
        let test = TestNetwork(nodes: nodes)
        var network = RoleNetwork(test)
        network.pool = [BlockItem(transaction: test.transfer(from: test.alice, to: test.bob.publicKey, amount: 5, nonce: 0), foreign: [])]
        #expect(network.run { $0.heights().allSatisfy { $0 >= 5 } })
        #expect(network.failures == [] && network.raised == [])
        let finals = network.published.compactMap { if case .final(let final) = $0.message { final } else { nil } }
        var checker = CertificateChecker(book: ElectorateBook(network: test.network)) { $0.holds }
        #expect(finals.allSatisfy { checker.fault(in: $0) == nil })
        #expect(Set(finals.map(\.header.height)).isSuperset(of: 1...4))
        for height in Height(1)...4 { #expect(Set(finals.filter { $0.header.height == height }.map(\.hash)).count == 1) }
    }

    @Test("a node that starts before its peers asks them again soon, ever more rarely, and nobody twice at a time (V-10)")
    func asksSoonAgain() throws {
        let test = TestNetwork()
        let context = RoleContext(
            network: test.network, address: RoleAddress(role: .consensus, chain: TestNetwork.alpha, node: "alpha-1"),
            signer: test.nodeKeys[TestNetwork.alpha]![0].signer)
        var role = try ConsensusRole(context: context, recovered: StoredState())
        let now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime)
        func asked(_ effects: [RoleEffect]) -> [UInt64] {
            effects.compactMap { if case .call(let call, _, .fetchSigned, _) = $0 { call } else { nil } }
        }
        func timer(_ effects: [RoleEffect]) -> (id: TimerID, wait: UInt64)? {
            effects.reversed().lazy.compactMap { if case .setTimer(let id, let wait) = $0, id.kind == 7 { (id, wait) } else { nil } }.first
        }
        let first = role.apply(.started, at: now)
        #expect(asked(first).count == 3)
        let (id, shortest) = try #require(timer(first))
        var wait = shortest
        #expect(wait <= 100)
        #expect(asked(role.apply(.timerFired(id), at: now)).isEmpty)
        _ = role.apply(.answered(call: asked(first)[1], .failure(.notFound, detail: "nobody is there")), at: now)
        for _ in 0..<8 {
            let effects = role.apply(.timerFired(id), at: now)
            let next = try #require(timer(effects))
            #expect(next.wait >= wait)
            wait = next.wait
            for call in asked(effects) { _ = role.apply(.answered(call: call, .failure(.notFound, detail: "nobody is there")), at: now) }
        }
        #expect(wait == test.network.timing.fetchMilliseconds * 3)
    }

    @Test("without a notary certificate nobody votes for a candidate (A7)")
    func needsNotaries() {
        var network = RoleNetwork(TestNetwork())
        network.isCertifying = false
        _ = network.run(milliseconds: 900) { _ in false }
        #expect(network.votes(for: network.built[1]!.hash) == 0)
        network.isCertifying = true
        network.send(network.built[1]!)
        #expect(network.run { $0.heights().allSatisfy { $0 >= 1 } })
    }

    @Test("a notary certificate of too few notaries is worth nothing")
    func needsQuorumOfNotaries() {
        let test = TestNetwork()
        var network = RoleNetwork(test)
        network.isCertifying = false
        _ = network.run(milliseconds: 100) { _ in false }
        let block = network.built[1]!
        var certified = TestChain(test, TestNetwork.alpha).certified(block)
        certified.notary = TestChain(test, TestNetwork.alpha).notaryCertificate(block, signers: 2)
        for node in network.chain.nodes { network.deliver(.certified(certified), to: node.id) }
        _ = network.run(milliseconds: 500) { _ in false }
        #expect(network.votes(for: block.hash) == 0)
    }

    @Test("of a notarized block whose body is here the notary certificate is asked for: its builder may have lost it")
    func asksForCertificate() throws {
        let test = TestNetwork()
        var chain = TestChain(test, TestNetwork.alpha)
        let context = RoleContext(
            network: test.network, address: RoleAddress(role: .consensus, chain: TestNetwork.alpha, node: "alpha-2"),
            signer: test.nodeKeys[TestNetwork.alpha]![1].signer)
        var role = try ConsensusRole(context: context, recovered: StoredState())
        let now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime + 1_000)
        _ = role.apply(.started, at: now)
        let block = chain.candidate([])
        for case .check(let token, let checks) in role.apply(.delivered(.candidate(block), publisher: "builder.alpha@alpha-1/1"), at: now) {
            _ = role.apply(.checked(token: token, checks.map(\.holds)), at: now)
        }
        let notar = chain.certificate(block.header, kind: .notar)
        _ = role.apply(.delivered(.certificate(notar), publisher: "consensus.alpha@alpha-3/1"), at: now)
        func asked() -> UInt64? {
            for case .call(let call, _, .fetchBlock(_, let hash), _) in role.apply(.timerFired(TimerID(kind: 3)), at: now) where hash == block.hash {
                return call
            }
            return nil
        }
        let call = try #require(asked())
        let answer = FinalBlock(block: block, final: nil, certified: chain.certified(block))
        _ = role.apply(.answered(call: call, .blocks([answer], head: 0)), at: now)
        #expect(asked() == nil)
    }

    @Test("a candidate with a forged transaction signature is not voted for, notarized or not")
    func checksTransactionSignatures() {
        let test = TestNetwork()
        var network = RoleNetwork(test)
        let honest = test.alice
        let thief = Signer(publicKey: honest.publicKey) { test.bob.signer.sign(.transfer, network: test.network.id, $0) }
        let transfer = Transfer(
            chain: TestNetwork.alpha, network: test.network.id, to: test.bob.publicKey, asset: TestNetwork.assetX, amount: 1, nonce: 0,
            memo: "", signer: thief)
        network.pool = [
            BlockItem(transaction: Transaction(.transfer(transfer), chain: TestNetwork.alpha, network: test.network.id), foreign: [])
        ]
        _ = network.run(milliseconds: 900) { _ in false }
        #expect(network.built[1]!.transactions.count == 1)
        #expect(network.votes(for: network.built[1]!.hash) == 0)
    }

    @Test("a candidate whose chain time is too far from this node's clock is not voted for")
    func checksClock() {
        var network = RoleNetwork(TestNetwork())
        network.timeShift = Limits.chainTimeSkewMilliseconds + 2_000
        _ = network.run(milliseconds: 900) { _ in false }
        #expect(network.votes(for: network.built[1]!.hash) == 0)
    }

    @Test("a candidate of somebody who does not lead its slot is dropped")
    func checksLeader() {
        let test = TestNetwork()
        var network = RoleNetwork(test)
        network.isCertifying = false
        _ = network.run(milliseconds: 100) { _ in false }
        let usurper = test.leader(of: 2, chain: TestNetwork.alpha)
        let block = network.builder.build(
            on: network.builder.finalHash, slot: 1, time: TestNetwork.genesisTime + 50, items: [], notary: (height: 0, hash: .zero),
            signer: usurper.signer
        ).block
        network.isCertifying = true
        network.send(block)
        _ = network.run(milliseconds: 500) { _ in false }
        #expect(network.votes(for: block.hash) == 0)
    }

    @Test("a node that was away catches up from its peers and votes again")
    func catchesUp() {
        var network = RoleNetwork(TestNetwork())
        network.isolated = ["alpha-3"]
        #expect(network.run { $0.roles["alpha-1"]!.height >= 8 })
        #expect(network.roles["alpha-3"]!.height == 0)
        network.isolated = []
        #expect(network.run { $0.roles["alpha-3"]!.height >= 12 })
        #expect(network.failures == [])
        #expect(network.stores["alpha-3"]!.rows(.blocks).map(\.key).starts(with: 1...12))
    }

    @Test("a chain whose nodes all restart goes on from what they stored")
    func restarts() {
        var network = RoleNetwork(TestNetwork())
        for round in Height(1)...4 {
            #expect(network.run { $0.heights().allSatisfy { $0 >= round * 3 } })
            for node in network.chain.nodes { network.start(node.id) }
            #expect(network.heights().allSatisfy { $0 >= round * 3 })
        }
        #expect(network.run { $0.heights().allSatisfy { $0 >= 15 } })
        #expect(network.failures == [] && network.raised == [])
    }

    @Test("restarts at every step of a slot never make a node contradict itself")
    func restartsEverywhere() {
        var network = RoleNetwork(TestNetwork())
        for step in UInt64(1)...60 {
            _ = network.run(milliseconds: step % 7) { _ in false }
            network.now += 1
            network.start(network.chain.nodes[Int(step % 4)].id)
        }
        let height = network.heights().max() ?? 0
        #expect(network.run { $0.heights().allSatisfy { $0 >= height + 3 } })
        #expect(network.failures == [] && network.raised == [])
    }

    @Test("heads and blocks are served by height and by hash; other chains and requests are refused")
    func serves() throws {
        var network = RoleNetwork(TestNetwork())
        #expect(network.run { $0.roles["alpha-1"]!.height >= 3 })
        let role = network.roles["alpha-1"]!
        let rows = network.stores["alpha-1"]!.rows(.blocks)
        let second = try FinalBlock(decoding: rows[1].value, network: network.test.network.id)
        let newest = try FinalBlock(decoding: rows[rows.count - 1].value, network: network.test.network.id)
        #expect(answer(role, .head(TestNetwork.alpha), rows) == .head(newest.final, height: role.height))
        guard case .blocks(let blocks, let head) = answer(role, .fetchBlocks(chain: TestNetwork.alpha, from: 2, limit: 2), rows) else {
            Issue.record("no blocks")
            return
        }
        #expect(blocks.map(\.block.header.height) == [2, 3] && head == role.height)
        #expect(blocks[0] == second)
        #expect(answer(role, .fetchBlock(chain: TestNetwork.alpha, hash: second.block.hash), rows) == .blocks([second], head: role.height))
        #expect(isFailure(answer(role, .fetchBlock(chain: TestNetwork.alpha, hash: .zero), rows), .notFound))
        #expect(isFailure(answer(role, .head(TestNetwork.beta), rows), .wrongChain))
        #expect(isFailure(answer(role, .trace(.zero), rows), .notAllowed))
    }

    private func isFailure(_ response: Response?, _ reason: Reason) -> Bool {
        if case .failure(reason, _) = response { true } else { false }
    }

    /// The role's reply, with reads answered from `rows`.
    private func answer(_ role: ConsensusRole, _ request: Request, _ rows: [StoredRow]) -> Response? {
        var role = role
        var effects = role.apply(.requested(request, token: 7, client: nil), at: .zero)
        for case .read(let token, .blocks, let from, let limit) in effects {
            effects += role.apply(.rows(token: token, Array(rows.filter { $0.key >= from }.prefix(limit))), at: .zero)
        }
        return effects.compactMap { if case .reply(7, let response) = $0 { response } else { nil } }.first
    }
}
