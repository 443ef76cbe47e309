import Foundation
import Testing

extension RealProcesses {
    private struct Shown: Decodable {
        struct Side: Decodable { var chain: String, reserve: String, balance: UInt64? }
        var id: String, version: Int, source: String, height: UInt64?, sides: [Side]
    }

    @Test("a contract that is deployed while payments run is taken in by both chains and paid under")
    func contracts() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let file = "\(network.folder)/bureau.yaml"
        func write(id: String = "bureau", extra: String = "", rate: String = "3", chains: (String, String) = ("alpha", "beta")) throws {
            let text = """
                id: \(id)
                \(extra)
                sides: [{ chain: \(chains.0), asset: X }, { chain: \(chains.1), asset: Y }]
                rate: { numerator: \(rate), denominator: 1 }
                minimum: 1
                maximum: 5000
                deadline_maximum_milliseconds: 600000
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        func contract(_ words: String...) throws -> (code: Int32?, output: String, errors: String) {
            try Program.run(["contract"] + words + ["--data", network.folder])
        }
        func show(_ words: [String]) throws -> Shown {
            let (code, output, errors) = try Program.run(["contract"] + words + ["--data", network.folder, "--json"])
            return try #require(try? JSONDecoder().decode(Shown.self, from: Data(output.utf8)), "\(code ?? -1) \(output) \(errors)")
        }
        try write()
        let first = try show(["deploy", file, "--from", "alice"])
        #expect(first.version == 1 && first.height ?? 0 > 0 && first.sides.map(\.balance) == [0, 0], "\(first)")
        // Nothing is in its reserves: who pays under it is told so, and is paid for once there is.
        let early = try Program(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "10", "--contract", "bureau"])
        var waiting = ""
        let isTold = try Program.wait(seconds: 15) {
            waiting = try Program.run(["pending", "--data", network.folder]).output
            return waiting.contains("beta puts it off: reserve_short (concordat contract show)")
        }
        #expect(isTold, "\(waiting)")
        // Its own money goes into the reserves; then anybody may exchange, here more dearly than under the network's own contract.
        for (payer, side) in zip(["alice", "bob"], first.sides) {
            let fund = try Program.run(["send", "--data", network.folder, "--from", payer, "--to", "\(side.reserve)@\(side.chain)", "--amount", "100"])
            #expect(fund.0 == 0, "\(fund)")
        }
        #expect(early.end(withinSeconds: 30) == 0, "\(early.output) \(early.errors)")
        #expect(try show(["show", "bureau"]).sides.map(\.balance) == [110, 70])
        try write(rate: "4")
        #expect(try contract("deploy", file, "--from", "bob").errors.contains("not_allowed"))
        #expect(try show(["deploy", file, "--from", "alice"]).version == 2)
        let paid = try Program.run(
            ["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "10", "--contract", "bureau"])
        #expect(paid.0 == 0, "\(paid)")
        #expect(try show(["show", "bureau"]).sides.map(\.balance) == [120, 30])
        let old = try Program.run(
            ["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "10", "--contract", "bureau@1"])
        #expect(old.0 == 0, "\(old)")
        #expect(try show(["show", "bureau", "--version", "1"]).sides.map(\.balance) == [130, 0])
        let list = try contract("list")
        #expect(list.code == 0 && list.output.split(separator: "\n").filter { $0.hasPrefix("bureau") }.count == 2, "\(list)")
        try write(id: "exchange-alpha-beta")
        #expect(try contract("check", file).output.contains("the network's description has a contract exchange-alpha-beta already"))
        try write(chains: ("alpha", "gamma"))
        let nowhere = try contract("check", file)
        #expect(nowhere.code == 78 && nowhere.errors.contains("there is no chain gamma"), "\(nowhere)")
        try write(extra: "versoin: 3")
        #expect(try contract("deploy", file, "--from", "alice").errors.contains("Did you mean version?"))
        #expect(try contract("show", "burau").errors.contains("Did you mean bureau?"))
        #expect(try contract("show", "bureau", "--version", "7").errors.contains("has no version 7"))
        try network.stopAndAudit()
    }
}
