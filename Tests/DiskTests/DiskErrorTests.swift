import FaultDisk
import Foundation
import RoleKit
import Runtime
import Testing

/// Faults cases 16 and 17: a disk that fails, and one that is full.
@Suite("A store on a disk")
struct DiskErrorTests {
    @Test("that fails in a sync ends, and never syncs that file again, not even on closing")
    func syncFails() throws {
        let count: Int
        do {
            let disk = try FailingDisk()
            let store = try disk.open()
            let before = disk.syncs
            #expect(Turns.run(store, through: 3) == 3)
            count = disk.syncs - before
        }
        #expect(count >= 6, "each turn syncs both records")
        for at in 1...count {
            let disk = try FailingDisk()
            var store: RoleStore? = try disk.open()
            disk.plan(FaultDiskSyncError, at: at)
            let acknowledged = Turns.run(store!, through: 3)
            #expect(acknowledged < 3, "the failed sync \(at) was not noticed")
            let again = try #require(throws: RoleStoreFault.self) { try store!.commit(Turns.turn(9)) }
            #expect(again.isDiskFailure && !again.isLasting)
            store!.close()
            store = nil
            #expect(disk.syncsAfterError == 0, "sync \(at) failed and was tried again")
            // What is left is whole, whenever the machine itself goes down.
            try Turns.check(try disk.openAfterPowerCut(seed: UInt64(at)), acknowledged: acknowledged)
        }
    }

    @Test("that fails in a write ends with that fault, and keeps what was acknowledged")
    func writeFails() throws {
        for at in 1...12 {
            let disk = try FailingDisk()
            let store = try disk.open()
            disk.plan(FaultDiskWriteError, at: at)
            var fault: RoleStoreFault?
            var acknowledged: UInt64 = 0
            for number in 1...6 as ClosedRange<UInt64> where fault == nil {
                do throws(RoleStoreFault) {
                    try store.commit(Turns.turn(number))
                    acknowledged = number
                } catch {
                    fault = error
                }
            }
            #expect(fault?.isDiskFailure == true)
            store.close()
            try Turns.check(try disk.openAfterPowerCut(seed: UInt64(at)), acknowledged: acknowledged)
        }
    }

    @Test("that is full takes nothing, changes nothing, and goes on when there is room again", arguments: 1...9)
    func full(at: Int) throws {
        let disk = try FailingDisk()
        let store = try disk.open()
        #expect(Turns.run(store, through: 2) == 2)
        disk.plan(FaultDiskNoSpace, at: at)
        let acknowledged = Turns.run(store, from: 3, through: 9)
        #expect(acknowledged < 9)
        for _ in 0..<3 {
            let fault = try #require(throws: RoleStoreFault.self) { try store.commit(Turns.turn(acknowledged + 1)) }
            #expect(fault.problem == .diskFull && !fault.isLasting)
        }
        disk.heal()
        #expect(Turns.run(store, from: acknowledged + 1, through: 12) == 12)
        store.close()
        try Turns.check(try disk.openAfterPowerCut(seed: UInt64(at)), acknowledged: 12)
    }

    @Test("that is full when the write-ahead log is carried over, or the votes written anew, has done the commit all the same")
    func fullAtUpkeep() throws {
        let byteCount = 1_500_000
        // Writes of each turn; some also carry the write-ahead log over.
        var writes: [Int] = []
        do {
            let disk = try FailingDisk()
            let store = try disk.open(voteLogByteCountMax: 700)
            for number in 1...8 as ClosedRange<UInt64> {
                let before = disk.operations - disk.syncs
                #expect(Turns.run(store, from: number, through: number, byteCount: byteCount) == number)
                writes.append(disk.operations - disk.syncs - before)
            }
        }
        let usual = try #require(writes.dropFirst().min())
        let long = writes.indices.filter { writes[$0] > usual + 200 }
        #expect(!long.isEmpty)
        for index in long {
            for more in [3, 40, 150] {
                let disk = try FailingDisk()
                let store = try disk.open(voteLogByteCountMax: 700)
                let number = UInt64(index) + 1
                if number > 1 { #expect(Turns.run(store, through: number - 1, byteCount: byteCount) == number - 1) }
                disk.plan(FaultDiskNoSpace, at: usual + more)
                #expect(Turns.run(store, from: number, through: number, byteCount: byteCount) == number)
                try Turns.check(try disk.openAfterPowerCut(seed: number), acknowledged: number, byteCount: byteCount)
                disk.heal()
                #expect(Turns.run(store, from: number + 1, through: 9, byteCount: byteCount) == 9)
                try Turns.check(try disk.openAfterPowerCut(seed: number), acknowledged: 9, byteCount: byteCount)
            }
        }
    }
}
