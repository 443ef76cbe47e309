import Foundation
import GRDB
import RoleKit
@preconcurrency import Runtime
import Testing
import Wire

/// A recorder's archive beside its store: what it is given, what it gives back, and what it says when it cannot.
@Suite struct ArchiveTests {
    static let owner = ArchiveOwner(network: RoleStoreTests.network, recorder: RoleAddress("recorder.notary@notary-1/1")!)
    static let alpha = ChainID("alpha")!
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func open(_ use: ArchiveLocation.Use = .copying, _ owner: ArchiveOwner = ArchiveTests.owner) throws -> any BlockArchive {
        try ArchiveLocation("sqlite:\(folder.path)").open(owner, for: use)
    }

    static func rows(_ heights: ClosedRange<Height>, _ mark: UInt8 = 0) -> [StoredRow] {
        heights.map { StoredRow(key: $0, value: [UInt8(truncatingIfNeeded: $0), mark]) }
    }

    @Test(
        "an address of an archive is a folder or a server, and never holds a password",
        arguments: [
            ("sqlite:/mnt/archive", true), ("postgresql://concordat@db.example:5432/ledger?sslmode=verify-full", true), ("postgres:///ledger?host=/run/postgresql", true),
            ("postgresql://[::1]:5432/ledger", true), ("sqlite:archive", false), ("mysql://db/ledger", false), ("", false),
            ("postgresql://concordat:secret@db/ledger", false), ("postgresql://concordat:se/cret@db/ledger", false), ("postgresql://db/ledger?password=secret", false),
            ("postgresql://db/ledger?sslmode=require&PassWord=secret", false), ("postgresql://db/ledger?sslpassword=secret", false),
            ("postgresql://db/ledger?pass%77ord=secret", false),
        ])
    func addresses(text: String, isGood: Bool) throws {
        guard isGood else {
            let fault = try #require(throws: ArchiveLocation.Fault.self) { _ = try ArchiveLocation(text) }
            #expect(!"\(fault.problem) \(fault.advice)".contains("cret"), "the password is shown")
            return
        }
        #expect(try ArchiveLocation(text).description == text)
    }

    @Test("an archive gives back what it was given, in place of what was there, and forgets what is cut")
    func contract() throws {
        let archive = try open()
        #expect(try archive.extent(of: ArchiveTests.alpha, through: 9) == (nil, 0))
        try archive.take(ArchiveTests.rows(1...9), of: ArchiveTests.alpha, cut: nil)
        try archive.take(ArchiveTests.rows(3...4, 1), of: ArchiveTests.alpha, cut: nil)
        try archive.take(ArchiveTests.rows(7...7, 2), of: ArchiveTests.alpha, cut: 6)
        try archive.take(ArchiveTests.rows(1...2), of: .notary, cut: nil)
        archive.close()
        let again = try open(.reading)
        let expected = ArchiveTests.rows(1...2) + ArchiveTests.rows(3...4, 1) + ArchiveTests.rows(5...5) + ArchiveTests.rows(7...7, 2)
        #expect(try again.rows(of: ArchiveTests.alpha, in: 1...9, limit: 20) == ArchivePortion(rows: expected, isCut: false))
        #expect(try again.rows(of: ArchiveTests.alpha, in: 2...4, limit: 2) == ArchivePortion(rows: Array(expected[1...2]), isCut: true))
        #expect(try again.extent(of: ArchiveTests.alpha, through: 5) == (7, 5))
        #expect(try again.extent(of: .notary, through: 5) == (2, 2))
        #expect(try again.rows(of: ChainID("beta")!, in: 1...9, limit: 20).rows.isEmpty)
    }

    @Test("a changed row is given back as damaged; another network's, another recorder's or no archive is refused, and says what it is")
    func refusals() throws {
        let archive = try open()
        try archive.take(ArchiveTests.rows(1...3), of: ArchiveTests.alpha, cut: nil)
        archive.close()
        let file = "\(folder.path)/\(ArchiveTests.owner.name).sqlite"
        let queue = try DatabaseQueue(path: file)
        try queue.write { try $0.execute(sql: "UPDATE blocks_alpha SET value = x'00' WHERE height = 2") }
        #expect(try open(.reading).rows(of: ArchiveTests.alpha, in: 1...3, limit: 9).rows.map(\.isDamaged) == [false, true, false])
        func problem(_ owner: ArchiveOwner) throws -> ArchiveFault.Problem {
            try #require(throws: ArchiveFault.self) { _ = try open(.reading, owner) }.problem
        }
        #expect(try problem(ArchiveOwner(network: ArchiveTests.owner.network, recorder: RoleAddress("recorder.notary@notary-2/1")!)) == .missing)
        try queue.write { try $0.execute(sql: "UPDATE about SET value = 'recorder.notary@notary-9/1' WHERE key = 'recorder'") }
        guard case .wrongOwner(let found, _) = try problem(ArchiveTests.owner) else { throw RoleStoreFault("", .foreignFile) }
        #expect(found.contains("notary-9"))
        try queue.write { try $0.execute(sql: "UPDATE about SET value = '7' WHERE key = 'version'") }
        #expect(try problem(ArchiveTests.owner) == .futureVersion(found: "7", known: 1))
    }

    @Test("a server's address in a build without PostgreSQL says what to build")
    func notBuiltIn() throws {
        let location = try ArchiveLocation("postgresql://127.0.0.1:1/none")
        let fault = try #require(throws: ArchiveFault.self) { _ = try location.open(ArchiveTests.owner, for: .reading) }
        if location.isBuiltIn {
            guard case .unavailable = fault.problem else { throw fault }
        } else {
            #expect(fault.isLasting && fault.advice.contains("swift build -c release --traits PostgreSQL"))
        }
    }

    // MARK: how far it has come

    func lane(newest: Height, copied: Height, trimmed: Height = 0) -> ArchiveLane {
        var lane = ArchiveLane()
        (lane.newest, lane.copied, lane.trimmed, lane.indexed, lane.recorded) = (newest, copied, trimmed, newest, newest)
        return lane
    }

    @Test("a block leaves the store when the archive has it, it is not among the newest, and no start needs it")
    func trimming() throws {
        #expect(lane(newest: 1_000, copied: 1_000).trimmable(keeping: 100, floor: 1_000) == 1...256)
        #expect(lane(newest: 1_000, copied: 300, trimmed: 256).trimmable(keeping: 100, floor: 1_000) == 257...300)
        #expect(lane(newest: 1_000, copied: 1_000, trimmed: 800).trimmable(keeping: 100, floor: 1_000) == 801...900)
        #expect(lane(newest: 1_000, copied: 1_000, trimmed: 800).trimmable(keeping: 100, floor: 850) == 801...850)
        // Too few to be worth a commit.
        #expect(lane(newest: 1_000, copied: 1_000, trimmed: 800).trimmable(keeping: 100, floor: 831) == nil)
        var behind = lane(newest: 1_000, copied: 1_000, trimmed: 800)
        behind.indexed = 810
        #expect(behind.trimmable(keeping: 100, floor: 1_000) == nil)
        var cut = lane(newest: 1_000, copied: 900)
        cut.cut = 901
        #expect(cut.trimmable(keeping: 100, floor: 1_000) == nil)
        #expect(lane(newest: 5, copied: 5).trimmable(keeping: 100, floor: 5) == nil)
    }

    @Test("blocks that are given up are cut from the archive before others take their place, and a copy under way does not count then")
    func rewinding() throws {
        var lane = lane(newest: 20, copied: 15, trimmed: 4)
        let generation = lane.generation
        let isNoted = [Height(20), 12, 13].map { lane.apply(.delete($0)) }
        #expect(isNoted == [true, true, true])
        #expect(lane.newest == 11 && lane.copied == 11 && lane.cut == 12 && lane.next == 12)
        let counts = lane.hasCopied(through: 20, generation: generation)
        #expect(!counts)
        _ = lane.apply(.put(12))
        #expect(lane.hasWork && lane.cut == 12 && lane.newest == 12)
        let stored = try #require(ArchiveLane(lane.encoded))
        #expect(stored.copied == 11 && stored.trimmed == 4 && stored.cut == 12)
        let countsNow = lane.hasCopied(through: 12, generation: lane.generation)
        #expect(countsNow)
        #expect(lane.cut == nil && lane.isWorthNoting && !lane.hasWork)
    }

    @Test("a block that was put back into the store is copied again, an old one as well as a new one")
    func mending() {
        var lane = lane(newest: 20, copied: 20, trimmed: 10)
        let isNoted = lane.apply(.put(15))
        #expect(isNoted && lane.copied == 14 && lane.newest == 20 && lane.cut == nil)
        let isNotedToo = lane.apply(.put(3))
        #expect(!isNotedToo)
        #expect(lane.mends == [3] && lane.hasWork && lane.trimmed == 10)
        lane.hasMended([3], generation: lane.generation)
        #expect(lane.mends.isEmpty && lane.mended == [3])
    }

    @Test("rows come out of two places as if they lay in one; what both lack is shown as damaged, and what did not fit is not")
    func merging() {
        func merged(_ far: [Height], isCut: Bool = false, _ near: [Height], from: Height, trimmed: Height, goesOn: Bool = true, limit: Int = 9) -> [Height] {
            ArchiveMerge.rows(
                ArchivePortion(rows: far.map { StoredRow(key: $0, value: [0]) }, isCut: isCut), local: near.map { StoredRow(key: $0, value: [1]) }, from: from,
                trimmed: trimmed, goesOn: goesOn, limit: limit
            ).map { $0.isDamaged ? 1_000 + $0.key : $0.value == [1] ? 100 + $0.key : $0.key }
        }
        #expect(merged([3, 4, 5], [6, 7], from: 3, trimmed: 5) == [3, 4, 5, 106, 107])
        #expect(merged([1, 2, 3], [2, 4], from: 0, trimmed: 3) == [1, 102, 3, 104])
        #expect(merged([3, 5], [6], from: 3, trimmed: 5) == [3, 1_004, 5, 106])
        #expect(merged([], [6], from: 4, trimmed: 5) == [1_004, 1_005, 106])
        #expect(merged([3, 4], isCut: true, [6], from: 3, trimmed: 5) == [3, 4])
        #expect(merged([3, 4, 5], [6, 7], from: 3, trimmed: 5, limit: 4) == [3, 4, 5, 106])
        #expect(merged([3, 4, 5], [8], from: 3, trimmed: 5, goesOn: false) == [3, 4, 5])
    }
}
