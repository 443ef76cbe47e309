import Foundation
import GRDB
import Testing

extension ChangingProcesses {
    private struct Report: Decodable {
        struct Built: Decodable { var chain: String, height: Int, recorded: Int, transactions: Int, state_root: String }
        struct Node: Decodable { var node: String, written: Int, kept: Int }
        var built: Built
        var nodes: [Node]
    }

    private func rebuild(_ arguments: [String], in folder: String) throws -> Report {
        let (code, output, errors) = try Program.run(["rebuild", "--data", folder, "--json"] + arguments)
        try #require(code == 0, "rebuild ended with \(String(describing: code)): \(errors)")
        return try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    }

    @Test(
        "a sub-chain that has lost every disk is rebuilt from one notary's archive, and pays on",
        arguments: [["--engines", "bft,pos"], ["--engines", "pow,bft"]])
    func wholeChain(engines: [String]) throws {
        let shape = ["--in-process", "--nodes", "2", "--notaries", "4"]
        let network = try RunningNetwork(shape + engines)
        let folder = network.folder
        let archive = "\(folder)/data/notary-2/recorder.notary"
        let first = try network.pay(try network.payments(count: 40))
        #expect(first.end(withinSeconds: 90) == 0, "\(first.errors.suffix(500))")
        try network.restart(["--in-process"]) {
            let lost = ["alpha-1", "alpha-2"].map { "\(folder)/data/\($0)" }
            let whole = try rebuild(["alpha", "--archive", archive, "--check"], in: folder)
            #expect(whole.nodes.isEmpty && whole.built.height >= whole.built.recorded && whole.built.recorded > 0 && whole.built.transactions > 20)
            for path in lost { try FileManager.default.removeItem(atPath: path) }
            let restored = try rebuild(["alpha", "--archive", archive], in: folder)
            #expect(restored.built.state_root == whole.built.state_root)
            #expect(restored.nodes.map(\.written) == [whole.built.height, whole.built.height])
            let again = try rebuild(["alpha", "--archive", archive, "--node", "alpha-2"], in: folder)
            #expect(again.nodes.map(\.node) == ["alpha-2"] && again.nodes.map(\.written) == [0] && again.nodes.map(\.kept) == [whole.built.height])
        }
        let second = try network.pay(try network.payments(count: 40))
        #expect(second.end(withinSeconds: 90) == 0, "\(second.errors.suffix(500))")
        #expect(try network.outcomes().allSatisfy { $0 == "settled" })
        try network.stopAndAudit()
    }

    @Test("rebuild refuses what does not hold: another role's store, an archive cut short or changed, a node that runs; and writes nothing then")
    func refused() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let folder = network.folder
        let pay = try network.pay(try network.payments(count: 20))
        #expect(pay.end(withinSeconds: 60) == 0, "\(pay.errors.suffix(500))")
        func refusal(_ arguments: [String]) throws -> (Int32?, String) {
            let (code, _, errors) = try Program.run(["rebuild", "--data", folder] + arguments)
            return (code, errors)
        }
        let checked = try rebuild(["beta", "--check"], in: folder)
        #expect(checked.built.recorded > 0, "the recorders of a running network are asked")
        var (code, said) = try refusal(["beta"])
        #expect(code == 1 && said.contains("runs on"), "\(said)")
        (code, said) = try refusal(["gamma"])
        #expect(code == 64 && said.contains("alpha, beta"), "\(said)")
        (code, said) = try refusal(["beta", "--node", "beta-9"])
        #expect(code == 64 && said.contains("beta-1"), "\(said)")
        (code, said) = try refusal(["beta", "--archive", "\(folder)/data/notary-1"])
        #expect(code == 78 && said.contains("recorder"), "\(said)")
        (code, said) = try refusal(["beta", "--archive", "\(folder)/data/beta-1/consensus.beta"])
        #expect(code == 78 && said.contains("store of consensus.beta"), "\(said)")
        try network.stopAndAudit()

        let source = "\(folder)/data/notary-1/recorder.notary"
        let lost = "\(folder)/data/beta-1"
        try FileManager.default.removeItem(atPath: lost)
        for (name, change, says) in [
            ("short", "DELETE FROM archive_1 WHERE key >= (SELECT max(key) / 2 FROM archive_1)", "are recorded: of the next one, nothing is there"),
            ("damaged", "UPDATE archive_1 SET value = zeroblob(100) WHERE key = 2", "leads to block 1 of beta"),
            ("swapped", "UPDATE archive_1 SET value = (SELECT value FROM archive_1 WHERE key = 1), sum = NULL WHERE key = 2", "it does not follow from the block before"),
            ("empty", "DELETE FROM archive_2", "of 0 blocks, records no block of beta"),
        ] {
            let copy = "\(folder)/\(name)"
            try FileManager.default.copyItem(atPath: source, toPath: copy)
            let database = try DatabaseQueue(path: "\(copy)/store.sqlite")
            try database.writeWithoutTransaction { try $0.execute(sql: change) }
            try database.close()
            (code, said) = try refusal(["beta", "--archive", copy])
            #expect(code == 1 && said.contains(says), "\(name): \(said)")
            #expect(!FileManager.default.fileExists(atPath: lost), "\(name): nothing is written")
        }
    }
}
