import Chain
import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import Wire

/// The notary chain: its nodes vote only for records of what their own validators follow (R7).
@Suite struct NotaryConsensusTests {
    let test = TestNetwork()

    /// A notary network whose first candidate records one block of alpha, and that block.
    private func recording() -> (network: RoleNetwork, block: FinalBlock) {
        var alpha = TestChain(test, TestNetwork.alpha)
        let final = alpha.append([], after: 1)
        var network = RoleNetwork(test, chain: .notary)
        let record = Record(final: final.final!, crosses: [])
        network.pool = [BlockItem(transaction: Transaction(.record(record), chain: .notary, network: test.network.id), foreign: [])]
        return (network, final)
    }

    private func say(_ head: BranchHead, to network: inout RoleNetwork, by publisher: String? = nil) {
        network.deliver(.branch(head), to: head.notary, publisher: publisher ?? "validator.\(head.chain)@\(head.notary)/1")
    }

    private func head(_ block: FinalBlock, _ notary: String, crosses: [CrossData] = []) -> BranchHead {
        BranchHead(notary: notary, chain: TestNetwork.alpha, height: 1, block: block.block.hash, crosses: crosses)
    }

    @Test("a record is voted for once the own validator follows the block, and the block becomes final")
    func followsOwnValidator() {
        var (network, block) = recording()
        _ = network.run(milliseconds: 300) { _ in false }
        let candidate = network.built[1]!
        #expect(candidate.transactions.count == 1)
        #expect(network.votes(for: candidate.hash) == 0)
        for node in network.chain.nodes { say(head(block, node.id), to: &network) }
        #expect(network.run(milliseconds: 900) { $0.heights().allSatisfy { $0 >= 1 } })
        let topics = Set(network.published.filter { if case .final = $0.message { true } else { false } }.map(\.topic))
        #expect(topics == [.notaryHeader])
    }

    @Test("a record off the followed branch, or with other cross data, is not voted for")
    func refusesOtherBranch() {
        var (network, block) = recording()
        var other = head(block, "notary-1")
        other.block = Blake2b.hash(Array("another branch".utf8))
        say(other, to: &network)
        say(head(block, "notary-2", crosses: [CrossData(xid: .zero, operation: 3, chains: [])]), to: &network)
        _ = network.run(milliseconds: 900) { _ in false }
        #expect(network.votes(for: network.built[1]!.hash) == 0)
    }

    @Test("what another notary's validator says counts for nothing")
    func refusesForeignValidator() {
        var (network, block) = recording()
        for node in network.chain.nodes { say(head(block, node.id), to: &network, by: "validator.alpha@stranger-1/1") }
        _ = network.run(milliseconds: 900) { _ in false }
        #expect(network.votes(for: network.built[1]!.hash) == 0)
    }

    @Test("what is not known of the branch is asked of the own validator, and its answer counts")
    func asksOwnValidator() {
        var (network, block) = recording()
        network.validatorBlocks = [block]
        #expect(network.run(milliseconds: 3_000) { $0.heights().allSatisfy { $0 >= 1 } })
        #expect(network.votes(for: network.built[1]!.hash) > 0)
        #expect(network.validatorCalls.contains("validator.alpha@notary-2"))
        #expect(network.validatorCalls.allSatisfy { $0.hasPrefix("validator.alpha@") })
        #expect(network.failures == [] && network.raised == [])
    }

    /// What notary-2 signed, though the candidate's state root is false.
    private func signedInvalid() -> Evidence {
        var chain = TestChain(test, TestNetwork.alpha)
        var fields = chain.candidate([]).header.fields
        fields.stateRoot = Blake2b.hash([1])
        let header = BlockHeader(fields)
        let builder = test.leader(of: header.slot, chain: TestNetwork.alpha).signer
        let notary = test.nodeKeys[.notary]![1].signer
        let signature = notary.sign(.notary, network: test.network.id, NotaryStatement(header, epoch: 0).payload)
        let verdict = NotaryVerdict(
            chain: TestNetwork.alpha, block: header.hash, notary: notary.publicKey,
            verdict: .signed(epoch: 0, slot: header.slot, height: header.height, signature: signature))
        let candidate = SignedHeader(
            Block(
                header: header, builderSignature: builder.sign(.candidate, network: test.network.id, header.bytes), transactions: [],
                outcomes: [], foreign: []))
        return Evidence(chain: TestNetwork.alpha, kind: .signedInvalid, first: candidate.encoded, second: verdict.encoded)
    }

    /// A network whose first block is empty and final, and whose second accuses notary-2; those named have been told by their validators.
    private func accusing(told: ClosedRange<Int>, restarted: String? = nil) throws -> RoleNetwork {
        var network = RoleNetwork(test, chain: .notary)
        let evidence = signedInvalid()
        for number in told {
            network.deliver(.evidence(evidence), to: "notary-\(number)", publisher: "validator.alpha@notary-\(number)/1")
        }
        #expect(network.run { $0.heights().allSatisfy { $0 == 1 } })
        if let restarted { network.start(restarted) }
        let accusation = Transaction(.evidence(try Offence(evidence)), chain: .notary, network: test.network.id)
        network.pool = [BlockItem(transaction: accusation, foreign: [])]
        return network
    }

    private func accusation(_ network: RoleNetwork) -> Block? { network.built.values.first { !$0.transactions.isEmpty } }

    private func voters(_ network: RoleNetwork, for hash: Digest) -> Set<String> {
        Set(network.published.compactMap { if case .vote(let vote) = $0.message, vote.statement.hash == hash { $0.node } else { nil } })
    }

    @Test("an accusation that a quorum knows of is recorded, also by a notary that was not told, and by one that starts anew")
    func accusationOutlivesRestart() throws {
        var network = try accusing(told: 1...3, restarted: "notary-3")
        #expect(network.run { now in accusation(now).map { block in now.heights().allSatisfy { $0 >= block.header.height } } ?? false })
        let block = try #require(accusation(network))
        #expect(voters(network, for: block.hash).isSuperset(of: ["notary-1", "notary-2", "notary-3"]))
    }

    @Test("an accusation that only two notaries know of is not recorded")
    func accusationNeedsQuorum() throws {
        var network = try accusing(told: 1...2)
        _ = network.run(milliseconds: 20_000) { _ in false }
        let block = try #require(accusation(network))
        #expect(voters(network, for: block.hash) == ["notary-1", "notary-2"])
    }
}
