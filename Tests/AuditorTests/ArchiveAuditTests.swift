import Auditor
import Foundation
import GRDB
import Testing
import Wire

/// Recorders whose older blocks have left their store (A9).
@Suite struct ArchiveAuditTests {
    private static let recorder = "notary-1/recorder.notary"

    /// A clean network whose first notary has the first two blocks of alpha in an archive, and the third in its store.
    private func fixture() throws -> AuditFixture {
        let fixture = try AuditFixture()
        fixture.history()
        fixture.store()
        #expect(try fixture.audit().violations == [])
        let blocks = (1...3).map { height in (UInt64(height), (try? fixture.stores["alpha-1"]?[UInt64(height)]?.serializedData()) ?? Data()) }
        let place = fixture.folder.appendingPathComponent("archive")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: place.appendingPathComponent("concordat_\(fixture.network.id.hex.prefix(16))_notary-1.sqlite").path)
        try queue.write { database in
            try database.execute(sql: "CREATE TABLE blocks_alpha (height INTEGER PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL)")
            for (height, value) in blocks.prefix(2) {
                try database.execute(sql: "INSERT INTO blocks_alpha VALUES (?, ?, 0)", arguments: [Int64(height), value])
            }
        }
        try queue.close()
        func number(_ value: UInt8) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0, value] }
        try fixture.write(
            ArchiveAuditTests.recorder,
            ["archive_0": [blocks[2]], "copies": [(0, Data(number(3) + number(2) + number(0))), (1 << 32, Data("sqlite:\(place.path)".utf8))]])
        return fixture
    }

    private func change(_ fixture: AuditFixture, _ sql: String) throws {
        let file = fixture.folder.appendingPathComponent("archive/concordat_\(fixture.network.id.hex.prefix(16))_notary-1.sqlite")
        let queue = try DatabaseQueue(path: file.path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("blocks in an archive are judged like those in the store: what is missing or changed there is a finding")
    func judged() throws {
        let fixture = try fixture()
        #expect(try Audit.run(folder: fixture.folder.path).violations == [])
        try change(fixture, "UPDATE blocks_alpha SET value = zeroblob(40) WHERE height = 2")
        let changed = try Audit.run(folder: fixture.folder.path)
        #expect(changed.violations.map(\.invariant) == [.readable] && changed.violations[0].node == ArchiveAuditTests.recorder)
        try change(fixture, "DELETE FROM blocks_alpha WHERE height = 2")
        let missing = try Audit.run(folder: fixture.folder.path)
        #expect(missing.violations.map(\.invariant) == [.readable] && missing.violations[0].detail.contains("lacks 1"))
    }

    @Test("an archive that cannot be read is told of; it is read where one says that it is")
    func elsewhere() throws {
        let fixture = try fixture()
        let place = fixture.folder.appendingPathComponent("archive").path
        try FileManager.default.moveItem(atPath: place, toPath: place + "-moved")
        let unread = try Audit.run(folder: fixture.folder.path)
        #expect(unread.violations == [] && unread.warnings.contains { $0.contains("its blocks of alpha up to 2") && $0.contains("were not judged") })
        let read = try Audit.run(folder: fixture.folder.path, archive: "sqlite:\(place)-moved")
        #expect(read.violations == [] && !read.warnings.contains { $0.contains("not judged") })
    }
}
