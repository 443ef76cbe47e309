import Chain
import Foundation
import GRDB
import Logging
import RoleKit
import Runtime
import Testing
import TestSupport
import Wire

/// A recorder's store with an archive beside it, as the recorder's thread uses them.
@Suite struct ArchiveKeeperTests {
    /// Sixty final blocks of alpha, and a notary block that records them.
    static let chains: (network: Network, alpha: [FinalBlock], notary: FinalBlock) = {
        let test = TestNetwork(nodes: 1, notaries: 1)
        var alpha = TestChain(test, TestNetwork.alpha)
        var notary = TestChain(test, .notary)
        let blocks = (0..<60).map { _ in alpha.append([]) }
        let records = blocks.compactMap(\.final).map { final in
            BlockItem(transaction: Transaction(.record(Record(final: final, crosses: [])), chain: .notary, network: test.network.id), foreign: [])
        }
        return (test.network, blocks, notary.append(records))
    }()
    static let address = RoleAddress(role: .recorder, chain: .notary, node: "notary-1")
    static let alpha = StoreTable(rawValue: "archive_0")
    static let index = StoreOperation.index(.places, [IndexEntry(key: 1, place: 1)])
    let store: TemporaryFolder
    let archive: TemporaryFolder

    init() throws { (store, archive) = (try TemporaryFolder(), try TemporaryFolder()) }

    /// One run of a recorder.
    final class Run {
        let store: RoleStore
        let keeper: ArchiveKeeper?

        init(_ tests: ArchiveKeeperTests, isTold: Bool = true) throws {
            let network = ArchiveKeeperTests.chains.network
            store = try RoleStore(folder: tests.store.path, network: network.id, address: ArchiveKeeperTests.address)
            let settings = ArchiveSettings(location: isTold ? try ArchiveLocation("sqlite:\(tests.archive.path)") : nil, keepBlocks: 8)
            keeper = try ArchiveKeeper(
                settings, store: store, context: RoleContext(network: network, address: ArchiveKeeperTests.address, signer: TestNetwork.key(1).signer),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, wakeRole: {})
            keeper?.start()
        }

        func commit(_ operations: [StoreOperation]) throws {
            try store.commit(keeper?.noting(operations) ?? operations)
            keeper?.hasCommitted()
        }

        func wait(_ what: String, until condition: (ArchiveStanding) throws -> Bool) throws {
            let end = Date(timeIntervalSinceNow: 30)
            while let keeper, !(try condition(keeper.standing)) {
                try #require(Date() < end, "\(what): \(keeper.standing)")
                usleep(5_000)
            }
        }

        /// Lets go what may go.
        func trim() throws {
            while let operations = keeper?.trim(), !operations.isEmpty {
                try store.commit(operations)
                keeper?.hasTrimmed()
            }
        }

        /// Rows of alpha as the core is given them; nil when the archive cannot be asked.
        func rows(from height: Height, limit: Int) throws -> [StoredRow]? {
            guard let keeper, keeper.takes(token: 7, ArchiveKeeperTests.alpha, from: height, limit: limit) else { return try local(from: height, limit: limit) }
            let end = Date(timeIntervalSinceNow: 30)
            while true {
                if let answer = try keeper.answers().first {
                    #expect(answer.token == 7)
                    return answer.rows
                }
                try #require(Date() < end, "no answer came")
                usleep(5_000)
            }
        }

        func local(from height: Height = 0, limit: Int = 1_000) throws -> [StoredRow] { try store.rows(ArchiveKeeperTests.alpha, from: height, limit: limit) }

        func end() {
            keeper?.stop()
            store.close()
        }
    }

    static func put(_ heights: ClosedRange<Int>) -> [StoreOperation] {
        heights.map { .put(alpha, key: Height($0), value: chains.alpha[$0 - 1].encoded) }
    }

    static func stored(_ heights: ClosedRange<Int>) -> [StoredRow] { heights.map { StoredRow(key: Height($0), value: chains.alpha[$0 - 1].encoded) } }

    /// A run whose archive has everything, and whose store has let go all that it may: blocks 1 to 52 of 60.
    func trimmed() throws -> Run {
        let run = try Run(self)
        try run.commit(ArchiveKeeperTests.put(1...60))
        try run.commit([.put(StoreTable(rawValue: "archive_2"), key: 1, value: ArchiveKeeperTests.chains.notary.encoded)])
        try run.commit([ArchiveKeeperTests.index])
        try run.wait("copied") { $0.copiedBlocks == 61 }
        try run.trim()
        #expect(try run.local().map(\.key) == Array(53...60))
        return run
    }

    func edit(_ sql: String) throws {
        let owner = ArchiveOwner(network: ArchiveKeeperTests.chains.network.id, recorder: ArchiveKeeperTests.address)
        let queue = try DatabaseQueue(path: "\(archive.path)/\(owner.name).sqlite")
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("blocks leave the store for the archive, and are read as if they were still there; the next run knows where they are without being told")
    func wholeWay() throws {
        var run = try trimmed()
        #expect(try run.rows(from: 1, limit: 60) == ArchiveKeeperTests.stored(1...60))
        #expect(try run.rows(from: 50, limit: 4) == ArchiveKeeperTests.stored(50...53))
        #expect(try run.rows(from: 55, limit: 9) == ArchiveKeeperTests.stored(55...60))
        run.end()
        run = try Run(self, isTold: false)
        #expect(try run.rows(from: 7, limit: 1) == ArchiveKeeperTests.stored(7...7))
        #expect(try run.keeper?.rowsAtStart(ArchiveKeeperTests.alpha, from: 1, limit: 60) { false } == ArchiveKeeperTests.stored(1...60))
        run.end()
        let network = ArchiveKeeperTests.chains.network
        let outside = try RecorderArchive(try StoreReader(folder: store.path, network: network.id), network, location: nil)
        #expect(try outside.rows(of: TestNetwork.alpha, from: 51, limit: 4) == ArchiveKeeperTests.stored(51...54))
    }

    @Test("nothing leaves the store that is not recorded, not in the recorder's index, or, of the notary chain, not below its snapshots")
    func floors() throws {
        let run = try Run(self)
        try run.commit(ArchiveKeeperTests.put(1...60) + [ArchiveKeeperTests.index])
        try run.wait("copied") { $0.copiedBlocks == 60 }
        try run.trim()
        #expect(try run.local().count == 60, "the index was written before the blocks came")
        try run.commit([ArchiveKeeperTests.index])
        try run.trim()
        #expect(try run.local().count == 60, "nothing is recorded")
        let notary = StoreTable(rawValue: "archive_2")
        try run.commit((1...60).map { .put(notary, key: $0, value: ArchiveKeeperTests.chains.notary.encoded) })
        try run.commit([ArchiveKeeperTests.index])
        try run.wait("copied") { $0.copiedBlocks == 120 }
        try run.trim()
        #expect(try run.local().map(\.key) == Array(53...60))
        #expect(try run.store.rows(notary, from: 0, limit: 99).count == 60, "without a snapshot the next start needs every block")
        try run.commit([.put(.snapshots, key: 40, value: []), .put(.snapshots, key: 50, value: [])])
        try run.trim()
        #expect(try run.store.rows(notary, from: 0, limit: 99).map(\.key) == Array(41...60))
        run.end()
    }

    @Test("while the archive is away everything stays in the store, and questions for older blocks are answered as unread; then it catches up")
    func away() throws {
        let run = try trimmed()
        try FileManager.default.moveItem(atPath: archive.path, toPath: archive.path + "-away")
        run.end()
        let again = try Run(self)
        try again.wait("away") { $0.problem?.contains("does not answer") ?? false }
        #expect(try again.rows(from: 1, limit: 5) == nil)
        #expect(try again.rows(from: 53, limit: 9) == ArchiveKeeperTests.stored(53...60))
        try again.commit(ArchiveKeeperTests.put(60...60))
        try again.trim()
        // That the notary block is copied was not worth a note yet.
        #expect(again.keeper?.standing.waitingBlocks == 2 && again.keeper?.standing.unansweredReads == 1)
        try FileManager.default.moveItem(atPath: archive.path + "-away", toPath: archive.path)
        try again.wait("back") { $0.isReached && $0.waitingBlocks == 0 && $0.problem == nil }
        #expect(try again.rows(from: 1, limit: 60) == ArchiveKeeperTests.stored(1...60))
        again.end()
    }

    @Test("an archive that was emptied is noticed and said; what the store has is copied again, what is gone is shown as damaged, and mended from peers")
    func emptied() throws {
        let run = try trimmed()
        run.end()
        try edit("DELETE FROM blocks_alpha")
        let again = try Run(self)
        try again.wait("lost") { $0.lostBlocks == 52 }
        #expect(again.keeper?.alarms().count == 1)
        try again.wait("copied again") { $0.waitingBlocks == 0 && $0.copiedBlocks == 9 }
        #expect(try again.rows(from: 51, limit: 3)?.map(\.isDamaged) == [true, true, false])
        // As the core does it, with a block from a peer.
        try again.commit(ArchiveKeeperTests.put(51...51))
        #expect(try again.rows(from: 51, limit: 1) == ArchiveKeeperTests.stored(51...51))
        let end = Date(timeIntervalSinceNow: 30)
        while try again.local(from: 51, limit: 1).first?.key == 51 {
            try #require(Date() < end, "a block that was mended leaves the store again")
            try again.trim()
            usleep(5_000)
        }
        #expect(try again.rows(from: 51, limit: 2)?.map(\.isDamaged) == [false, true])
        again.end()
    }

    @Test("blocks that the recorder gives up are given up in the archive, also when it ends in between")
    func rewound() throws {
        let run = try trimmed()
        run.keeper?.stop()
        // From here on as if the archive were away.
        try run.commit((58...60).map { .delete(ArchiveKeeperTests.alpha, key: $0) })
        run.end()
        let again = try Run(self)
        #expect(try again.local().map(\.key) == Array(53...57))
        try again.wait("cut") { _ in
            try RecorderArchiveCount(archive.path).of(ArchiveOwner(network: ArchiveKeeperTests.chains.network.id, recorder: ArchiveKeeperTests.address)) == 57
        }
        try again.commit(ArchiveKeeperTests.put(58...59))
        try again.wait("copied") { $0.waitingBlocks == 0 && $0.copiedBlocks == 3 }
        #expect(try again.rows(from: 50, limit: 20) == ArchiveKeeperTests.stored(50...59))
        again.end()
    }

    @Test("a store whose note of the archive is damaged finds what it lacks by itself, and a store that cannot say where its blocks went does not start")
    func damagedNote() throws {
        let run = try trimmed()
        run.end()
        let queue = try DatabaseQueue(path: "\(store.path)/store.sqlite")
        try queue.write { try $0.execute(sql: "UPDATE copies SET value = x'00' WHERE key = 0") }
        let again = try Run(self)
        #expect(try again.rows(from: 1, limit: 60) == ArchiveKeeperTests.stored(1...60))
        try again.wait("copied again") { $0.waitingBlocks == 0 && $0.copiedBlocks == 9 }
        again.end()
        try queue.write { try $0.execute(sql: "DELETE FROM copies WHERE key > 9") }
        try queue.close()
        let fault = try #require(throws: ArchiveFault.self) { _ = try Run(self, isTold: false) }
        #expect(fault.problem == .placeUnknown && fault.isLasting)
    }
}

/// Looks into an archive's file from outside.
private struct RecorderArchiveCount {
    let folder: String

    init(_ folder: String) { self.folder = folder }

    func of(_ owner: ArchiveOwner) throws -> Int {
        // The archive's own connection opens and writes meanwhile.
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: "\(folder)/\(owner.name).sqlite", configuration: configuration)
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM blocks_alpha") ?? 0 }
    }
}
