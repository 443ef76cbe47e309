import Runtime
import Testing
import Wire

/// What people are told of a contract's file before they declare it (A14).
@Suite struct ContractFileTests {
    private let network = SampleNetwork.make().configuration.network

    private func text(
        id: String = "bureau", sides: [String] = ["{ chain: alpha, asset: X }", "{ chain: beta, asset: Y }"], rate: (UInt64, UInt64) = (3, 1),
        minimum: UInt64 = 1, maximum: UInt64 = 5_000, deadline: UInt64 = 60_000, extra: String = ""
    ) -> String {
        """
        id: \(id)
        sides: [\(sides.joined(separator: ", "))]
        rate: { numerator: \(rate.0), denominator: \(rate.1) }
        minimum: \(minimum)
        maximum: \(maximum)
        deadline_maximum_milliseconds: \(deadline)
        \(extra)
        """
    }

    private func findings(_ text: String) throws -> [ContractFile.Finding] {
        ContractFile.findings(try ContractFile.read(text, file: "c.yaml", network: network).contract, network: network)
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try ContractFile.read(text, file: "c.yaml", network: network)
            return ""
        } catch { return "\(error)" }
    }

    @Test("terms that make sense have no findings, and their version is left to the next one")
    func sensible() throws {
        #expect(try findings(text(rate: (1, 1))).isEmpty)
        let read = try ContractFile.read(text(), file: "c.yaml", network: network)
        #expect(read.version == nil && read.contract.version == 1 && read.contract.rateNumerator == 3)
        #expect(try ContractFile.read(text(extra: "version: 7"), file: "c.yaml", network: network).version == 7)
    }

    @Test("reserves follow from the id, the chain and the network, and from no version")
    func reserves() throws {
        let one = try ContractFile.read(text(), file: "c.yaml", network: network).contract
        let later = try ContractFile.read(text(extra: "version: 7"), file: "c.yaml", network: network).contract
        let other = try ContractFile.read(text(id: "bureau-2"), file: "c.yaml", network: network).contract
        #expect(one.first.reserve == later.first.reserve && one.first.reserve != one.second.reserve)
        #expect(one.first.reserve != other.first.reserve)
    }

    @Test(
        "what nothing could ever be exchanged under is fatal",
        arguments: [
            ("an asset that the chain has not", "there is no asset GOLD on alpha"), ("an id of the network's own", "has a contract exchange-alpha-beta already"),
            ("bounds without an even amount", "buys whole units"),
        ])
    func fatal(_ item: (what: String, problem: String)) throws {
        let text =
            switch item.what {
            case "an asset that the chain has not": text(sides: ["{ chain: alpha, asset: GOLD }", "{ chain: beta, asset: Y }"])
            case "an id of the network's own": text(id: "exchange-alpha-beta")
            default: text(rate: (1, 7_001))
            }
        let found = try findings(text)
        #expect(found.contains { $0.isFatal && $0.problem.contains(item.problem) && !$0.advice.isEmpty }, "\(found)")
    }

    @Test("what is odd, but can be exchanged under, is said and not fatal")
    func odd() throws {
        for (text, problem) in [
            (text(rate: (6, 2)), "is 3/1"), (text(rate: (3, 2)), "only multiples of 2 X"), (text(maximum: UInt64.max), "beyond what 64 bits hold"),
            (text(deadline: 400), "at most 400 ms"),
        ] {
            let found = try findings(text)
            #expect(found.contains { !$0.isFatal && $0.problem.contains(problem) }, "\(problem): \(found)")
        }
    }

    @Test("what cannot be read names the line, the place and what to do")
    func unreadable() {
        #expect(problem(text(extra: "versoin: 2")).contains("c.yaml:7"))
        #expect(problem(text(sides: ["{ chain: alpha, asset: X }"])).contains("a contract has two sides"))
        #expect(problem(text(sides: ["{ chain: alpha, asset: X }", "{ chain: alpha, asset: X }"])).contains("both sides are on alpha"))
        #expect(problem(text(sides: ["{ chain: gamma, asset: X }", "{ chain: beta, asset: Y }"])).contains("Chains are: alpha, beta"))
        #expect(problem(text(id: "agreement")).contains("terms that need no contract"))
        #expect(problem(text(rate: (0, 1))).contains("rate.numerator"))
        #expect(problem(text(minimum: 9, maximum: 8)).contains("the maximum is below the minimum 9"))
        #expect(problem(text(deadline: 86_400_001)).contains("deadline_maximum_milliseconds"))
        #expect(problem("").contains("c.yaml"))
    }
}
