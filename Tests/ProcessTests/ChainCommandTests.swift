import Foundation
import Testing

/// `concordat chain` without any network: what it explains, and how it refuses what it cannot do.
@Suite struct ChainCommandTests {
    /// A folder of a network that was made and never started; gone afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "concordat-chain-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (code, _, errors) = try Program.run(["init", "--data", folder, "--nodes", "1", "--notaries", "1", "--port-base", "0"])
        try #require(code == 0, "\(errors)")
        try body(folder)
    }

    @Test(
        "each subcommand explains itself with an example",
        arguments: [
            (["chain"], ["freeze", "thaw", "status", "docs/operations.md"]),
            (["chain", "status"], ["Show how far each chain is recorded", "concordat chain status --json", "2 one is", "69 no recorder answers"]),
            (["chain", "freeze"], ["to freeze a chain at its recorded head", "concordat chain freeze beta --notary notary-1", "<chain>", "--notary"]),
            (["chain", "thaw"], ["let a frozen chain go on", "concordat chain thaw beta --notary notary-1", "<chain>", "--notary"]),
        ])
    func help(arguments: [String], says: [String]) throws {
        let (code, output, errors) = try Program.run(arguments + ["--help"])
        #expect(code == 0 && errors.isEmpty, "\(errors)")
        // However wide the lines are.
        let words = output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for part in says { #expect(words.contains(part), "\(part) is not in: \(output)") }
    }

    @Test(
        "wrong arguments end with code 64, and with what is wrong",
        arguments: [
            (["chain", "freeze"], "<chain>"), (["chain", "freeze", "beta"], "--notary"), (["chain", "thaw", "--notary", "notary-1"], "<chain>"),
            (["chain", "thaw", "beta", "--notary"], "--notary"), (["chain", "freeze", "beta", "gamma", "--notary", "notary-1"], "gamma"),
            (["chain", "status", "beta"], "beta"), (["chain", "melt", "beta"], "melt"), (["chain", "freeze", "beta", "--notary", "notary-1", "--force"], "--force"),
        ])
    func usage(arguments: [String], says: String) throws {
        let (code, output, errors) = try Program.run(arguments)
        #expect(code == 64 && output.isEmpty, "\(code ?? -1) \(output)")
        #expect(errors.contains(says) && errors.contains("--help"), "\(errors)")
    }

    @Test("without a folder, and without a network that runs, each says so and what to do", arguments: [
        ["status"], ["freeze", "beta", "--notary", "notary-1"], ["thaw", "beta", "--notary", "notary-1"],
    ])
    func unreachable(arguments: [String]) throws {
        let nowhere = NSTemporaryDirectory() + "concordat-nowhere-" + UUID().uuidString
        let (code, output, errors) = try Program.run(["chain"] + arguments + ["--data", nowhere])
        #expect(code == 78 && output.isEmpty, "\(code ?? -1)")
        #expect(errors.contains(nowhere) && errors.contains("concordat init"), "\(errors)")
        try withFolder { folder in
            let (code, output, errors) = try Program.run(["chain"] + arguments + ["--data", folder])
            #expect(code == 69 && output.isEmpty, "\(code ?? -1)")
            #expect(errors.contains("concordat up"), "\(errors)")
        }
    }
}

extension RealProcesses {
    private struct Row: Decodable {
        var chain: String
        var status: String
        var since_notary_height: UInt64
    }

    @Test("a notary's operator freezes a chain and lets it go on; wrong names are refused with the right ones")
    func chainCommand() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        func chain(_ arguments: String...) throws -> (code: Int32?, output: String, errors: String) {
            try Program.run(["chain"] + arguments + ["--data", network.folder])
        }
        func states() throws -> (code: Int32?, rows: [Row]) {
            let (code, output, _) = try chain("status", "--json")
            return (code, (try? JSONDecoder().decode([Row].self, from: Data(output.utf8))) ?? [])
        }
        let open = try states()
        #expect(open.code == 0 && open.rows.map(\.chain) == ["alpha", "beta"] && open.rows.allSatisfy { $0.status == "open" })
        for (arguments, code, says) in [
            (["freeze", "gamma", "--notary", "notary-1"], 64, ["there is no chain gamma", "Use one of: alpha, beta."]),
            (["freeze", "notary", "--notary", "notary-1"], 64, ["there is no chain notary", "Use one of: alpha, beta."]),
            (["freeze", "beta", "--notary", "alpha-1"], 64, ["alpha-1 is no notary", "Use one of: notary-1."]),
            (["thaw", "beta", "--notary", "notary-1"], 1, ["beta is not frozen already", "concordat chain status"]),
        ] {
            let (ended, output, errors) = try Program.run(["chain"] + arguments + ["--data", network.folder])
            #expect(ended == Int32(code) && output.isEmpty, "\(arguments): \(ended ?? -1) \(output)")
            for part in says { #expect(errors.contains(part), "\(arguments): \(errors)") }
        }
        #expect(try chain("freeze", "beta", "--notary", "notary-1").code == 0)
        #expect(try Program.wait(seconds: 30) { try states().code == 2 }, "one notary is enough where none may be faulty")
        let frozen = try states().rows
        #expect(frozen.map(\.status) == ["open", "frozen"] && frozen[1].since_notary_height > 0)
        let again = try chain("freeze", "beta", "--notary", "notary-1")
        #expect(again.code == 1 && again.errors.contains("beta is frozen already"), "\(again.errors)")
        #expect(try chain("thaw", "beta", "--notary", "notary-1").code == 0)
        #expect(try Program.wait(seconds: 30) { try states().code == 0 })
        #expect(try states().rows.map(\.status) == ["open", "thawed"])
        try network.stopAndAudit()
    }
}
