import Cryptography
import FaultDisk
import Foundation
import RoleKit
import Runtime
import Testing
import Wire

/// The folder of one role's store, on a disk that fails as told.
final class FailingDisk: @unchecked Sendable {
    let path: String
    private let disk: OpaquePointer
    private var others: [String] = []

    static let network = Blake2b.hash(.network, [1])
    static let address = RoleAddress("consensus.alpha@alpha-1/1")!

    init() throws {
        path = try FailingDisk.folder()
        disk = try #require(fault_disk_make(path))
    }

    deinit {
        for folder in others + [path] { try? FileManager.default.removeItem(atPath: folder) }
    }

    private static func folder() throws -> String {
        let path = NSTemporaryDirectory() + "concordat-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    var files: StoreFiles {
        nonisolated(unsafe) let disk = disk
        return StoreFiles(
            write: { fault_disk_pwrite(disk, $0, $1.baseAddress, $1.count, off_t($2)) }, sync: { fault_disk_fsync(disk, $0) },
            truncate: { fault_disk_ftruncate(disk, $0, off_t($1)) }, rename: { fault_disk_rename(disk, $0, $1) })
    }

    func open(voteLogByteCountMax: Int = RoleStore.voteLogByteCountMax) throws -> RoleStore {
        try RoleStore(
            folder: path, network: FailingDisk.network, address: FailingDisk.address, files: files, voteLogByteCountMax: voteLogByteCountMax)
    }

    /// The `at`-th write or sync from now on, from 1, meets a fault; of write and sync errors the `at`-th of that kind.
    func plan(_ kind: FaultDiskKind, at: Int = 1) { fault_disk_plan(disk, kind, at) }

    func heal() { fault_disk_heal(disk) }

    /// Writes and syncs so far.
    var operations: Int { fault_disk_operations(disk) }
    var syncs: Int { fault_disk_syncs(disk) }
    var syncsAfterError: Int { fault_disk_syncs_after_error(disk) }

    /// Opens what a power cut leaves: another folder, on a disk without faults.
    func openAfterPowerCut(seed: UInt64) throws -> RoleStore {
        let folder = try FailingDisk.folder()
        others.append(folder)
        try #require(fault_disk_recover(disk, folder, seed) == 0)
        return try RoleStore(folder: folder, network: FailingDisk.network, address: FailingDisk.address)
    }
}

/// A role's life in turns: each puts rows and signs a vote.
enum Turns {
    static func vote(_ slot: Slot, hash: UInt8 = 1) -> VoteRow {
        VoteRow(
            chain: ChainID("alpha")!, epoch: 0, slot: slot, duty: .notar, hash: Blake2b.hash(.block, [hash]),
            bytes: [UInt8](repeating: hash, count: 120))
    }

    static func value(_ number: UInt64, byteCount: Int = 700) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount) }

    static func turn(_ number: UInt64, byteCount: Int = 700) -> [StoreOperation] {
        var operations: [StoreOperation] = [
            .put(.blocks, key: number, value: value(number, byteCount: byteCount)), .put(.facts, key: 0, value: [UInt8(truncatingIfNeeded: number)]),
            .vote(vote(number)),
        ]
        if number % 4 == 0 { operations.append(.forgetVotes(below: number - 2)) }
        return operations
    }

    /// Commits turns one after the other until one fails.
    /// - Returns: how many were acknowledged.
    static func run(_ store: RoleStore, from first: UInt64 = 1, through last: UInt64, byteCount: Int = 700) -> UInt64 {
        for number in first...last {
            do {
                try store.commit(turn(number, byteCount: byteCount))
            } catch {
                return number - 1
            }
        }
        return last
    }

    /// What must be there when so many turns were acknowledged: all of them; of the next one everything or nothing.
    static func check(_ store: RoleStore, acknowledged: UInt64, byteCount: Int = 700) throws {
        let rows = try store.rows(.blocks, from: 0, limit: Int.max)
        let present = UInt64(rows.count)
        #expect(present == acknowledged || present == acknowledged + 1, "\(present) turns are there, \(acknowledged) were acknowledged")
        for (index, row) in rows.enumerated() {
            #expect(row.key == UInt64(index) + 1 && row.value == value(row.key, byteCount: byteCount) && !row.isDamaged)
        }
        let state = try store.recovered([.facts])
        #expect(state[.facts].first?.value == (present == 0 ? nil : [UInt8(truncatingIfNeeded: present)]))
        let slots = Set(state.votes.map(\.slot))
        for slot in state.forgottenBelow..<(acknowledged + 1) where slot > 0 { #expect(slots.contains(slot), "the vote for slot \(slot) is lost") }
        for vote in state.votes {
            #expect(vote == Turns.vote(vote.slot))
            #expect(throws: RoleStoreFault.self, "slot \(vote.slot) is voted twice") { try store.commit([.vote(Turns.vote(vote.slot, hash: 2))]) }
        }
    }
}
