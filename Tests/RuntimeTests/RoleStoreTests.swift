import Cryptography
import Foundation
import GRDB
import RoleKit
import Runtime
import Testing
import Wire

@Suite struct RoleStoreTests {
    static let network = Blake2b.hash(.network, [1])
    static let address = RoleAddress("consensus.alpha@alpha-1/1")!
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func open(_ network: Digest = RoleStoreTests.network, _ address: RoleAddress = RoleStoreTests.address) throws -> RoleStore {
        try RoleStore(folder: folder.path, network: network, address: address)
    }

    /// Opens the store, commits, and closes it.
    func commit(_ turns: [[StoreOperation]]) throws {
        let store = try open()
        for turn in turns { try store.commit(turn) }
        store.close()
    }

    func vote(_ slot: Slot, _ duty: VoteDuty = .notar, hash: UInt8 = 1) -> VoteRow {
        VoteRow(
            chain: ChainID("alpha")!, epoch: 0, slot: slot, duty: duty, hash: Blake2b.hash(.block, [hash]),
            bytes: [UInt8](repeating: hash, count: 100))
    }

    func problem(_ body: () throws -> Void) throws -> RoleStoreFault.Problem {
        try #require(throws: RoleStoreFault.self, performing: body).problem
    }

    func edit(_ sql: String) throws {
        let queue = try DatabaseQueue(path: folder.path + "/store.sqlite")
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("rows and votes are there again after the store was opened anew")
    func recovery() throws {
        try commit([
            [.put(.blocks, key: 2, value: [2]), .put(.blocks, key: 1, value: [1]), .vote(vote(1))],
            [.put(.blocks, key: 2, value: [22]), .put(.facts, key: 7, value: []), .vote(vote(2)), .vote(vote(2, .decide))],
            [.delete(.facts, key: 7)],
        ])
        let state = try open().recovered([.blocks, .facts, .branch])
        #expect(state[.blocks] == [StoredRow(key: 1, value: [1]), StoredRow(key: 2, value: [22])])
        #expect(state[.facts].isEmpty && state[.branch].isEmpty)
        #expect(state.votes == [vote(1), vote(2), vote(2, .decide)])
    }

    @Test("an empty folder is refused where a mark says that the role has signed, until the folder is back; keys that may only be read are said to be")
    func lost() throws {
        let keys = try TemporaryFolder()
        let mark = SigningMark("\(keys.path)/begun/role")
        func open(_ mark: SigningMark) throws -> RoleStore { try RoleStore(folder: folder.path, network: Self.network, address: Self.address, mark: mark) }
        var store = try open(mark)
        #expect(store.markProblem == nil && mark.isSet)
        try store.commit([.vote(vote(1))])
        store.close()
        store = try open(mark)
        store.close()
        let (data, away) = (folder.path + "/store.sqlite", folder.path + "/away")
        try FileManager.default.moveItem(atPath: data, toPath: away)
        for _ in 0..<2 { #expect(try problem { _ = try open(mark) } == .storeLost(mark: mark.path)) }
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: away, toPath: data)
        store = try open(mark)
        #expect(try store.recovered([]).votes == [vote(1)])
        store.close()
        // A file in the place of the folder stands for keys that nobody may write beside.
        let nowhere = SigningMark("\(data)/begun/role")
        store = try open(nowhere)
        #expect(store.markProblem?.contains("store.sqlite") == true && !nowhere.isSet)
    }

    @Test("keys are ordered as unsigned numbers over their whole range")
    func keys() throws {
        let store = try open()
        let keys: [UInt64] = [.max, 0, 1 << 63, (1 << 63) - 1, 5]
        try store.commit(keys.map { .put(.facts, key: $0, value: []) })
        #expect(try store.rows(.facts, from: 0, limit: 9).map(\.key) == keys.sorted())
        #expect(try store.rows(.facts, from: 6, limit: 2).map(\.key) == [(1 << 63) - 1, 1 << 63])
        try store.commit([.deleteThrough(.facts, key: 1 << 63)])
        #expect(try store.rows(.facts, from: 0, limit: 9).map(\.key) == [.max])
    }

    @Test("an index gives back every place of a key, each once and ascending, after the store was opened anew")
    func index() throws {
        let places: [UInt64] = [1 << 63, 3, .max, 5]
        try commit([
            [.index(.places, [IndexEntry(key: 7, place: 1), IndexEntry(key: .max, place: 2)]), .put(.facts, key: 1, value: [1])],
            [.index(.places, places.map { IndexEntry(key: .max, place: $0) })], [.index(.places, [IndexEntry(key: .max, place: 3)])],
        ])
        let store = try open()
        #expect(try store.places(.places, of: .max, limit: 9).map(\.key) == [2, 3, 5, 1 << 63, .max])
        #expect(try store.places(.places, of: 7, limit: 9).map(\.key) == [1])
        #expect(try store.places(.places, of: 8, limit: 9).isEmpty)
    }

    @Test("a turn that fails changes nothing")
    func atomic() throws {
        let store = try open()
        try store.commit([.vote(vote(1))])
        let found = try problem { try store.commit([.put(.facts, key: 1, value: [1]), .vote(vote(2)), .vote(vote(1, hash: 9))]) }
        #expect(found == .voteConflict(chain: "alpha", epoch: 0, slot: 1, duty: VoteDuty.notar.rawValue))
        #expect(try store.rows(.facts, from: 0, limit: 9).isEmpty)
        store.close()
        #expect(try open().recovered([]).votes == [vote(1)])
    }

    @Test("the same vote again is fine, another one under its key is refused, also after a restart")
    func votes() throws {
        try commit([[.vote(vote(1))], [.vote(vote(1))]])
        let store = try open()
        try store.commit([.vote(vote(1)), .vote(vote(1, .propose, hash: 2))])
        #expect(throws: RoleStoreFault.self) { try store.commit([.vote(vote(1, .propose, hash: 3))]) }
    }

    @Test("forgotten votes are gone from both records")
    func forgetting() throws {
        try commit([[.vote(vote(1)), .vote(vote(2))], [.forgetVotes(below: 2)], [.vote(vote(3))]])
        #expect(try open().recovered([]).votes == [vote(2), vote(3)])
    }

    @Test("data of another network or role, of a future version, or of another program is refused")
    func strangers() throws {
        try commit([[.put(.facts, key: 1, value: [1])]])
        let other = Blake2b.hash(.network, [2])
        #expect(try problem { _ = try open(other) } == .wrongNetwork(found: RoleStoreTests.network.hex, expected: other.hex))
        let builder = RoleAddress("builder.alpha@alpha-1/1")!
        #expect(
            try problem { _ = try open(RoleStoreTests.network, builder) }
                == .wrongRole(found: RoleStoreTests.address.description, expected: builder.description))
        try edit("PRAGMA user_version = 7")
        #expect(try problem { _ = try open() } == .futureVersion(found: 7, known: RoleStore.version))
        try edit("PRAGMA application_id = 7")
        #expect(try problem { _ = try open() } == .foreignFile)
        try Data("no database at all, but long enough to be mistaken for one".utf8)
            .write(to: URL(fileURLWithPath: folder.path + "/store.sqlite"))
        #expect(try problem { _ = try open() } == .foreignFile)
    }

    @Test("a second user of the folder is refused and told who has it")
    func locked() throws {
        let store = try open()
        #expect(try problem { _ = try open() } == .locked(processID: getpid()))
        store.close()
    }

    @Test("a log of votes that is missing, shortened or changed stops the role")
    func damagedLog() throws {
        let log = URL(fileURLWithPath: folder.path + "/votes.log")
        try commit([[.vote(vote(1))], [.vote(vote(2))]])
        let whole = try Data(contentsOf: log)
        for damaged in [nil, whole.prefix(30), whole.dropLast(), whole.dropLast(233), whole.prefix(100) + [whole[100] ^ 1] + whole.dropFirst(101)] as [Data?] {
            try? FileManager.default.removeItem(at: log)
            try damaged?.write(to: log)
            guard case .votesDiffer = try problem({ _ = try open() }) else { Issue.record("\(String(describing: damaged?.count))"); continue }
        }
        try whole.write(to: log)
        #expect(try open().recovered([]).votes.count == 2)
    }

    @Test("a database that was set back stops the role")
    func setBack() throws {
        try commit([[.vote(vote(1))]])
        let file = URL(fileURLWithPath: folder.path + "/store.sqlite")
        let old = try Data(contentsOf: file)
        try commit([[.vote(vote(2))], [.vote(vote(3))]])
        try old.write(to: file)
        guard case .votesDiffer(let reason) = try problem({ _ = try open() }) else { return }
        #expect(reason.contains("older"))
        try edit("DELETE FROM votes; DELETE FROM meta WHERE key = 'vote_batch'")
        guard case .votesDiffer = try problem({ _ = try open() }) else { Issue.record("emptied votes were not noticed"); return }
    }

    @Test("a crash between log and commit loses nothing: the vote counts as cast")
    func crashBetween() throws {
        try commit([[.vote(vote(1))]])
        let file = URL(fileURLWithPath: folder.path + "/store.sqlite")
        let before = try Data(contentsOf: file)
        try commit([[.vote(vote(2)), .put(.facts, key: 1, value: [1])]])
        try before.write(to: file)
        let store = try open()
        #expect(try store.recovered([.facts]).votes == [vote(1), vote(2)])
        #expect(throws: RoleStoreFault.self) { try store.commit([.vote(vote(2, hash: 8))]) }
        try store.commit([.vote(vote(3))])
        store.close()
        #expect(try open().recovered([]).votes.count == 3)
    }

    @Test("a full disk is told apart, changes nothing, and the store goes on when there is space again", .enabled(if: geteuid() == 0))
    func fullDisk() throws {
        let disk = try SmallDisk(at: folder.path + "/disk", mebibytes: 2)
        let store = try RoleStore(folder: disk.path + "/role", network: RoleStoreTests.network, address: RoleStoreTests.address)
        try store.commit([.put(.facts, key: 1, value: [1]), .vote(vote(1))])
        let found = try problem { try store.commit([.put(.blocks, key: 1, value: [UInt8](repeating: 1, count: 4 << 20)), .vote(vote(2))]) }
        #expect(found == .diskFull)
        #expect(try store.rows(.blocks, from: 0, limit: 1).isEmpty)
        try store.commit([.vote(vote(2, hash: 5))])
        store.close()
        let again = try RoleStore(folder: disk.path + "/role", network: RoleStoreTests.network, address: RoleStoreTests.address)
        #expect(try again.recovered([]).votes == [vote(1), vote(2, hash: 5)])
        again.close()
    }
}
