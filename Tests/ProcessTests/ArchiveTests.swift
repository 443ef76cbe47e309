import Foundation
import GRDB
import Testing

extension RealProcesses {
    /// What a recorder's store, or its archive, has: chain, height and bytes.
    private func blocks(_ file: String, _ tables: [String], key: String) throws -> [String: [UInt64: Data]] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: file, configuration: configuration)
        return try queue.read { database in
            var found: [String: [UInt64: Data]] = [:]
            for (table, chain) in zip(tables, ["alpha", "beta", "notary"]) where try database.tableExists(table) {
                for row in try Row.fetchAll(database, sql: "SELECT \(key), value FROM \"\(table)\"") { found[chain, default: [:]][row[0]] = row[1] }
            }
            return found
        }
    }

    @Test("recorders copy every block to an archive beside their store; payments go on while it is away, health says so, and it catches up without being named again")
    func archiveElsewhere() throws {
        let place = NSTemporaryDirectory() + "concordat-archive-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1", "--archive", "sqlite:\(place)"])
        let folder = network.folder
        func pay() throws {
            let paid = try network.pay(try network.payments(count: 40))
            #expect(paid.end(withinSeconds: 60) == 0, "\(paid.errors.suffix(500))")
        }
        func isCopied() throws -> Bool {
            let names = try FileManager.default.contentsOfDirectory(atPath: place).filter { $0.hasSuffix("_notary-1.sqlite") }
            guard let name = names.first else { return false }
            let own = try blocks("\(folder)/data/notary-1/recorder.notary/store.sqlite", ["archive_0", "archive_1", "archive_2"], key: "key")
            let far = try blocks("\(place)/\(name)", ["blocks_alpha", "blocks_beta", "blocks_notary"], key: "height")
            return own.count == 3 && own.allSatisfy { chain, blocks in blocks.allSatisfy { far[chain]?[$0] == $1 } }
        }
        func health() throws -> (code: Int32?, said: String) {
            let (code, output, errors) = try Program.run(["health", "--ready", "--data", folder])
            return (code, output + errors)
        }
        try pay()
        #expect(try Program.wait(seconds: 10) { try isCopied() })
        #expect(try Program.wait(seconds: 10) { try health().code == 0 }, "the recorder is not ready")
        try network.restart(["--in-process"]) { try FileManager.default.moveItem(atPath: place, toPath: place + "-away") }
        try pay()
        #expect(try network.outcomes().allSatisfy { $0 == "settled" })
        let away = try health()
        #expect(away.code == 2 && away.said.contains("archive") && away.said.contains("the folder is not there"), "\(away.said)")
        try FileManager.default.moveItem(atPath: place + "-away", toPath: place)
        #expect(try Program.wait(seconds: 20) { try isCopied() })
        #expect(try Program.wait(seconds: 10) { try health().code == 0 }, "the recorder is not ready")
        try network.stopAndAudit()
    }

    @Test(
        "an archive that cannot be is refused before anything is made: a password in its address, without showing it, and a server in a build without PostgreSQL",
        arguments: [
            ("postgresql://concordat:hidden-word@db.example/ledger", 64 as Int32, "PGPASSFILE"), ("mongodb://db.example", 64, "postgresql://"),
            ("postgresql://concordat@db.example/ledger", 78, "swift build -c release --traits PostgreSQL"),
        ])
    func refusedArchives(place: String, code: Int32, says: String) throws {
        let folder = NSTemporaryDirectory() + "concordat-" + UUID().uuidString
        let (ended, _, errors) = try Program.run(["up", "--data", folder, "--port-base", "0", "--archive", place])
        #expect(ended == code && errors.contains(says) && !errors.contains("hidden-word"), "\(String(describing: ended)): \(errors)")
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
