import FaultDisk
import Foundation
import RoleKit
import Runtime
import Testing

/// Faults case 19: the power goes at every write and every sync in turn, and what was not synced vanishes, in whole or in part.
@Suite("A power cut")
struct PowerCutTests {
    private static let turns: UInt64 = 9

    /// Writes and syncs of a whole run, from the folder's first file on.
    private func operations(_ turns: UInt64, byteCount: Int, voteLogByteCountMax: Int) throws -> Int {
        let disk = try FailingDisk()
        let store = try disk.open(voteLogByteCountMax: voteLogByteCountMax)
        #expect(Turns.run(store, through: turns, byteCount: byteCount) == turns)
        return disk.operations
    }

    /// Cuts the power at one operation, and looks at what is left.
    private func cut(at operation: Int, turns: UInt64, byteCount: Int, voteLogByteCountMax: Int) throws {
        let disk = try FailingDisk()
        disk.plan(FaultDiskPowerCut, at: operation)
        var acknowledged: UInt64 = 0
        if let store = try? disk.open(voteLogByteCountMax: voteLogByteCountMax) {
            acknowledged = Turns.run(store, through: turns, byteCount: byteCount)
        }
        for seed in 0..<3 as Range<UInt64> {
            let store = try disk.openAfterPowerCut(seed: UInt64(operation) << 8 | seed)
            try Turns.check(store, acknowledged: acknowledged, byteCount: byteCount)
            // And the role goes on.
            let present = UInt64(try store.rows(.blocks, from: 0, limit: Int.max).count)
            #expect(Turns.run(store, from: present + 1, through: present + 2, byteCount: byteCount) == present + 2)
            store.close()
        }
    }

    @Test("at any write or sync loses nothing that was acknowledged, and no vote can be contradicted")
    func anywhere() throws {
        let limit = RoleStore.voteLogByteCountMax
        let count = try operations(PowerCutTests.turns, byteCount: 700, voteLogByteCountMax: limit)
        #expect(count > 40)
        for operation in 1...count + 1 {
            do {
                try cut(at: operation, turns: PowerCutTests.turns, byteCount: 700, voteLogByteCountMax: limit)
            } catch {
                Issue.record("cut at operation \(operation) of \(count): \(error)")
            }
        }
    }

    @Test("while the log of votes is written anew, or the write-ahead log carried over, loses nothing either")
    func upkeep() throws {
        let byteCount = 1_400_000
        let count = try operations(8, byteCount: byteCount, voteLogByteCountMax: 600)
        let step = max(1, count / 60)
        for operation in stride(from: 1, through: count, by: step) {
            do {
                try cut(at: operation, turns: 8, byteCount: byteCount, voteLogByteCountMax: 600)
            } catch {
                Issue.record("cut at operation \(operation) of \(count): \(error)")
            }
        }
    }

    @Test("is what the disk makes of it: without a sync nothing of a turn is sure to be there")
    func checker() throws {
        let disk = try FailingDisk()
        var store = try disk.open()
        _ = Turns.run(store, through: 3)
        store.close()
        store = try disk.open()
        // A store that forgets to sync its log of votes must be caught.
        var lost = 0
        for seed in 0..<16 as Range<UInt64> {
            let other = try FailingDisk()
            var files = other.files
            files.sync = { _ in 0 }
            let careless = try RoleStore(folder: other.path, network: FailingDisk.network, address: FailingDisk.address, files: files)
            _ = Turns.run(careless, through: 3)
            let found = try? other.openAfterPowerCut(seed: seed).recovered([]).votes.count
            if found != 3 { lost += 1 }
        }
        #expect(lost > 0)
        store.close()
    }
}
