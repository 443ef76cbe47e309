import Chain
import ConsensusCore
import Cryptography
import RoleKit
import TestSupport
import Testing
import Wire

/// Nodes that come back with less than they had (V-8 to V-10, faults cases 15 and 18).
@Suite struct RejoinTests {
    private func network(blocks: Height = 4, behind: Height = 4) -> RoleNetwork {
        RoleNetwork(TestNetwork(), snapshots: SnapshotPolicy(blocks: blocks, transactions: 1_000, blocksBehind: behind))
    }

    @Test("a node whose blocks are gone and whose votes are not catches up by a snapshot, and votes again")
    func lostBlocks() {
        var network = network()
        #expect(network.run { $0.heights().allSatisfy { $0 >= 14 } })
        network.stores["alpha-3"]!.loseAllButVotes()
        network.start("alpha-3")
        #expect(network.roles["alpha-3"]!.height == 0)
        let height = network.heights().max()!
        #expect(network.run { $0.roles["alpha-3"]!.height >= height + 8 })
        let stored = network.stores["alpha-3"]!.rows(.blocks).map(\.key)
        #expect(stored.first.map { $0 > 8 } ?? false, "it did not fetch every block")
        #expect(network.failures == [] && network.raised == [])
        #expect(network.votesSent(by: "alpha-3") > 0)
    }

    @Test("a node that restarts stands where it stood, from a snapshot and the blocks above it")
    func restartsFromSnapshot() {
        var network = network(blocks: 5)
        #expect(network.run { $0.heights().allSatisfy { $0 >= 13 } })
        let before = network.roles["alpha-2"]!.height
        // Nothing below the snapshot is read.
        network.stores["alpha-2"]!.drop(.blocks, through: 9)
        network.start("alpha-2")
        #expect(network.roles["alpha-2"]!.height == before)
        #expect(network.run { $0.heights().allSatisfy { $0 >= before + 3 } })
        #expect(network.failures == [] && network.raised == [])
    }

    @Test("a node whose votes are gone follows the chain, signs nothing, says why, and keeps to it after a restart")
    func lostVotes() {
        var network = network()
        #expect(network.run { $0.heights().allSatisfy { $0 >= 6 } })
        network.stores["alpha-3"] = nil
        network.start("alpha-3")
        let sent = network.votesSent(by: "alpha-3")
        let height = network.heights().max()!
        #expect(network.run { $0.roles["alpha-3"]!.height >= height + 6 })
        #expect(network.raised == ["votes_lost"])
        network.start("alpha-3")
        #expect(network.run { $0.roles["alpha-3"]!.height >= height + 12 })
        #expect(network.votesSent(by: "alpha-3") == sent)
        #expect(network.failures == [])
    }

    @Test("a node both of whose records were set back together is found out by its peers")
    func setBack() {
        var network = network()
        #expect(network.run { $0.heights().allSatisfy { $0 >= 3 } })
        let backup = network.stores["alpha-2"]
        #expect(network.run { $0.heights().allSatisfy { $0 >= 9 } })
        network.stores["alpha-2"] = backup
        network.start("alpha-2")
        let sent = network.votesSent(by: "alpha-2")
        let height = network.heights().max()!
        #expect(network.run { $0.roles["alpha-2"]!.height >= height + 4 })
        #expect(network.raised == ["votes_lost"])
        #expect(network.votesSent(by: "alpha-2") == sent)
    }

    @Test("a node signs nothing before enough peers have said what they have seen of it")
    func asksFirst() {
        var network = network()
        #expect(network.run { $0.heights().allSatisfy { $0 >= 2 } })
        network.isolated = ["alpha-4"]
        network.start("alpha-4")
        let sent = network.votesSent(by: "alpha-4")
        _ = network.run(milliseconds: 6_000) { _ in false }
        #expect(network.votesSent(by: "alpha-4") == sent)
        network.isolated = []
        let height = network.heights().max()!
        #expect(network.run { $0.roles["alpha-4"]!.height >= height + 4 })
        #expect(network.votesSent(by: "alpha-4") > sent)
        #expect(network.failures == [] && network.raised == [])
    }

    @Test("a block that the disk has damaged is not served, and is there again soon after")
    func damagedBlock() throws {
        var network = network(blocks: 1_000, behind: 1_000)
        #expect(network.run { $0.heights().allSatisfy { $0 >= 8 } })
        network.stores["alpha-1"]!.damage(.blocks, 4)
        network.queue.add(
            .input("alpha-1", .requested(.fetchBlocks(chain: TestNetwork.alpha, from: 2, limit: 5), token: 900, client: nil)), at: network.now)
        #expect(network.run { $0.raised == ["stored_damage"] && !$0.stores["alpha-1"]!.rows(.blocks)[3].isDamaged })
        let blocks = try ["alpha-1", "alpha-2"].map {
            try FinalBlock(decoding: network.stores[$0]!.rows(.blocks)[3].value, network: network.test.network.id).block.hash
        }
        #expect(blocks[0] == blocks[1])
        network.stores["alpha-1"]!.damage(.blocks, 6)
        network.start("alpha-1")
        #expect(network.roles["alpha-1"]!.height == 5)
        #expect(network.run { $0.heights().allSatisfy { $0 >= 12 } })
        #expect(network.stores["alpha-1"]!.rows(.blocks).allSatisfy { !$0.isDamaged })
        #expect(network.failures == [])
    }
}
