import Auditor
import Cryptography
import Foundation
import Testing
import Wire

@Suite struct AuditTests {
    private func clean() throws -> AuditFixture {
        let fixture = try AuditFixture()
        fixture.history()
        fixture.store()
        return fixture
    }

    @Test("an honest history has no violation, and what became of each payment is counted")
    func honest() throws {
        let report = try clean().audit()
        #expect(report.violations == [])
        #expect(report.crosses.settled == 1 && report.crosses.refunded == 1 && report.crosses.open == 0)
        #expect(report.chains.map(\.height) == [2, 3, 2] && report.chains.map(\.transactions) == [4, 8, 2])
        #expect(report.conserved && report.certificatesChecked > 0 && report.signaturesChecked > 30)
        #expect(report.text.hasPrefix("Audit passed: 7 blocks on 3 chains, 0 violations."))
    }

    @Test("a network of one node a chain is judged alike")
    func single() throws {
        let fixture = try AuditFixture(nodes: 1)
        fixture.history()
        fixture.store()
        #expect(try fixture.audit().violations == [])
    }

    @Test("a hold without a decision is open, and is listed")
    func open() throws {
        let fixture = try AuditFixture()
        let cross = fixture.cross(10, nonce: 1)
        fixture.chains[AuditFixture.alpha]!.append([fixture.transaction(.open(cross), AuditFixture.alpha)])
        fixture.store()
        let report = try fixture.audit()
        #expect(report.violations == [] && report.crosses.open == 1)
        #expect(report.openDetails.count == 1 && report.openDetails[0].hasPrefix(cross.xid.hex))
    }

    @Test("an acknowledged transaction that waits is reported as pending; one that stands in a block is not")
    func pending() throws {
        let fixture = try clean()
        let rows = [fixture.transfer(5, nonce: 0), fixture.transfer(7, nonce: 50)].map {
            Data(PooledTransaction(transaction: $0.bytes, foreign: []).encoded)
        }
        fixture.accepted["alpha-1/collector.alpha-2"] = rows
        let report = try fixture.audit()
        #expect(report.violations == [] && report.pending == 1)
    }

    @Test("a node that is behind is no violation; a node without data is told of")
    func behind() throws {
        let fixture = try clean()
        fixture.stores["alpha-4"]![3] = nil
        let report = try fixture.audit()
        #expect(report.violations == [] && report.chains.first { $0.id == "alpha" }?.height == 3)
        try FileManager.default.removeItem(at: fixture.folder.appendingPathComponent("data/alpha-3"))
        let second = try Audit.run(folder: fixture.folder.path)
        #expect(second.violations == [] && second.warnings.contains { $0.contains("alpha-3") })
    }

    @Test("a store that is no database is a finding, and the others are judged")
    func damagedStore() throws {
        let fixture = try clean()
        _ = try fixture.audit()
        let file = fixture.folder.appendingPathComponent("data/alpha-1/consensus.alpha/store.sqlite")
        try Data(repeating: 0x41, count: 8192).write(to: file)
        let report = try Audit.run(folder: fixture.folder.path)
        #expect(report.violations.map(\.invariant) == [.readable])
        #expect(report.chains.first { $0.id == "alpha" }?.height == 3)
    }

    @Test("a network that never ran is nothing to judge, and no success")
    func empty() throws {
        let fixture = try AuditFixture()
        let report = try Audit.run(folder: fixture.folder.path)
        #expect(report.violations == [] && report.isEmpty && !report.warnings.isEmpty)
        #expect(report.text.contains("nothing to judge"))
    }

    @Test("a folder without a network says what to do")
    func noNetwork() {
        #expect(throws: AuditFault.self) { try Audit.run(folder: "/nonexistent/network") }
    }

    @Test("a file that describes no network is refused with what is wrong", arguments: ["", "[]", "version: 9", "version: 1\nchains: 3", "a: ["])
    func badNetwork(_ text: String) throws {
        let fixture = try AuditFixture()
        try text.write(to: fixture.folder.appendingPathComponent("network.yaml"), atomically: true, encoding: .utf8)
        #expect(throws: AuditFault.self) { try Audit.run(folder: fixture.folder.path) }
    }

    @Test("data of another network does not pass under this network's file")
    func otherNetwork() throws {
        let fixture = try clean()
        _ = try fixture.audit()
        let file = fixture.folder.appendingPathComponent("network.yaml")
        let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "maximum: 1000", with: "maximum: 1001")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let report = try Audit.run(folder: fixture.folder.path)
        #expect(report.violations.contains { $0.invariant == .readable && $0.detail.contains("belongs to network") })
        #expect(report.isEmpty)
    }

    @Test("the JSON form is one line with the figures of the report")
    func json() throws {
        let report = try clean().audit()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(object["blocks"] as? Int == 7 && object["conserved"] as? Bool == true)
        #expect((object["violations"] as? [Any])?.isEmpty == true && !report.json.contains("\n"))
        #expect((object["crosses"] as? [String: Int])?["settled"] == 1)
    }
}
