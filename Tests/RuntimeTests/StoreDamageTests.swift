import Cryptography
import Foundation
import GRDB
import RoleKit
import Runtime
import Testing
import Wire

/// What a store does about copies that do not fit, and about bytes that a disk has changed (faults cases 15 and 18).
@Suite struct StoreDamageTests {
    let folder: TemporaryFolder
    private var database: URL { URL(fileURLWithPath: folder.path + "/store.sqlite") }
    private var log: URL { URL(fileURLWithPath: folder.path + "/votes.log") }

    init() throws { folder = try TemporaryFolder() }

    private func open() throws -> RoleStore {
        try RoleStore(folder: folder.path, network: RoleStoreTests.network, address: RoleStoreTests.address)
    }

    private func commit(_ turns: [[StoreOperation]]) throws {
        let store = try open()
        for turn in turns { try store.commit(turn) }
        store.close()
    }

    private func edit(_ sql: String) throws {
        let queue = try DatabaseQueue(path: database.path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func row(_ slot: Slot, _ duty: VoteDuty, hash: UInt8 = 1) -> VoteRow {
        VoteRow(
            chain: ChainID("alpha")!, epoch: 0, slot: slot, duty: duty, hash: Blake2b.hash(.block, [hash]),
            bytes: duty == .follow ? [] : [UInt8](repeating: hash, count: 100))
    }

    private func isRefused(_ expected: String) throws -> Bool {
        let fault = try #require(throws: RoleStoreFault.self) { _ = try open() }
        guard case .votesDiffer(let reason) = fault.problem else { return false }
        #expect(fault.isLasting && fault.advice.contains("identity"))
        return reason.contains(expected)
    }

    @Test("votes, proposals and followed blocks are all kept twice: either record alone gone, the role does not start", arguments: VoteDuty.allCases)
    func eitherGone(duty: VoteDuty) throws {
        try commit([[.vote(row(1, duty))], [.vote(row(2, duty))]])
        let saved = try Data(contentsOf: log)
        try FileManager.default.removeItem(at: log)
        #expect(try isRefused("votes.log is missing"))
        try saved.write(to: log)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database.path + suffix) }
        #expect(try isRefused("the database is older"))
    }

    @Test("an older copy of either record beside the newer one stops the role", arguments: VoteDuty.allCases)
    func eitherSetBack(duty: VoteDuty) throws {
        try commit([[.vote(row(1, duty))]])
        let (oldDatabase, oldLog) = (try Data(contentsOf: database), try Data(contentsOf: log))
        try commit([[.vote(row(2, duty))], [.vote(row(3, duty))]])
        let (newDatabase, newLog) = (try Data(contentsOf: database), try Data(contentsOf: log))
        try oldLog.write(to: log)
        #expect(try isRefused("votes.log ends before"))
        try oldDatabase.write(to: database)
        try newLog.write(to: log)
        #expect(try isRefused("the database is older"))
        try newDatabase.write(to: database)
        #expect(try open().recovered([]).votes.count == 3)
    }

    @Test("a second block that a notary would follow at a height is never stored, before and after a restart")
    func secondBranch() throws {
        try commit([[.vote(row(1, .follow))]])
        for _ in 0..<2 {
            let store = try open()
            let fault = try #require(throws: RoleStoreFault.self) { try store.commit([.put(.blocks, key: 1, value: [1]), .vote(row(1, .follow, hash: 2))]) }
            #expect(fault.problem == .voteConflict(chain: "alpha", epoch: 0, slot: 1, duty: VoteDuty.follow.rawValue))
            #expect(try store.rows(.blocks, from: 0, limit: 1).isEmpty)
            store.close()
        }
    }

    @Test("below what has been forgotten nothing is signed any more, also after a restart")
    func belowForgotten() throws {
        try commit([[.vote(row(1, .notar)), .vote(row(5, .notar))], [.forgetVotes(below: 4)]])
        let store = try open()
        #expect(try store.recovered([]).forgottenBelow == 4)
        #expect(throws: RoleStoreFault.self) { try store.commit([.vote(row(3, .notar))]) }
        try store.commit([.vote(row(4, .notar))])
    }

    @Test("a row whose bytes the disk has changed is told from a whole one")
    func flippedBit() throws {
        try commit([[.put(.blocks, key: 1, value: [1, 2, 3]), .put(.blocks, key: 2, value: [4])]])
        try edit("UPDATE blocks SET value = x'010203FF' WHERE key = 1")
        let store = try open()
        let rows = try store.rows(.blocks, from: 0, limit: 9)
        #expect(rows.map(\.isDamaged) == [true, false])
        try store.commit([.put(.blocks, key: 1, value: [1, 2, 3])])
        #expect(try store.recovered([]).rows(.blocks, from: 1, limit: 1) == [StoredRow(key: 1, value: [1, 2, 3])])
    }

    @Test("a store of version 1, without checksums, is read and written on")
    func oldVersion() throws {
        try commit([[.vote(row(1, .notar))]])
        try edit("""
            CREATE TABLE blocks (key INTEGER PRIMARY KEY, value BLOB NOT NULL);
            INSERT INTO blocks VALUES (1, x'07');
            DELETE FROM grdb_migrations WHERE identifier LIKE '2%';
            PRAGMA user_version = 1;
            """)
        let store = try open()
        try store.commit([.put(.blocks, key: 2, value: [8])])
        #expect(try store.rows(.blocks, from: 0, limit: 9) == [StoredRow(key: 1, value: [7]), StoredRow(key: 2, value: [8])])
    }
}
