import Chain
import ConsensusCore
import Crypto
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
}
