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

    @Test("brakes are read as they are written, enforced unless the file says otherwise")
    func brakes() throws {
        let sides = [
            "{ chain: alpha, asset: X, cap: { amount: 5000, window_milliseconds: 60000 } }",
            "{ chain: beta, asset: Y, cap: { amount: 5000, window_milliseconds: 1000, mode: observed }, delay: { amount: 10, milliseconds: 30000, mode: enforced } }",
        ]
        let contract = try ContractFile.read(text(sides: sides, rate: (1, 1)), file: "c.yaml", network: network).contract
        #expect(contract.brakes.first == SideBrakes(cap: SideBrakes.Cap(amount: 5_000, windowMilliseconds: 60_000)))
        #expect(
            contract.brakes.second
                == SideBrakes(cap: SideBrakes.Cap(amount: 5_000, windowMilliseconds: 1_000, isObserved: true), delay: SideBrakes.Delay(amount: 10, milliseconds: 30_000)))
        #expect(ContractFile.findings(contract, network: network).isEmpty)
    }

    @Test(
        "brakes that make no sense are refused by name, and odd ones remarked",
        arguments: [
            ("cap: { amount: 0, window_milliseconds: 1 }", "a cap of 0 lets nothing through"), ("cap: { amount: 1, window_milliseconds: 0 }", "window_milliseconds"),
            ("cap: { amount: 1 }", "window_milliseconds"), ("cap: { amount: 9, window_milliseconds: 9, mode: off }", "there is no mode off"),
            ("delay: { amount: 0, milliseconds: 5 }", "no amount is below 0"), ("delay: { amount: 1, milliseconds: 86400001 }", "milliseconds"),
            ("delay: { amount: 1, milliseconds: 60000 }", "no deadline leaves room for a delay of 60000 ms"), ("cap: { amount: 9, window: 9 }", "window"),
        ])
    func senselessBrakes(_ item: (brake: String, problem: String)) {
        #expect(problem(text(sides: ["{ chain: alpha, asset: X, \(item.brake) }", "{ chain: beta, asset: Y }"])).contains(item.problem), "\(item.brake)")
    }

    @Test(
        "a cap below the amounts, and a delay that no payment reaches or nobody notices, are remarked",
        arguments: [
            ("cap: { amount: 4, window_milliseconds: 9000 }", "below the minimum 5", true), ("cap: { amount: 4, window_milliseconds: 9000, mode: observed }", "below the minimum 5", false),
            ("cap: { amount: 4999, window_milliseconds: 9000 }", "payments above 4999 X will be refused", false),
            ("delay: { amount: 5001, milliseconds: 30000 }", "no payment reaches the 5001 X", false), ("delay: { amount: 5, milliseconds: 1999 }", "leaves nobody time to look", false),
            ("delay: { amount: 5, milliseconds: 59000 }", "at most 1000 ms are left", false),
        ])
    func oddBrakes(_ item: (brake: String, problem: String, isFatal: Bool)) throws {
        let found = try findings(text(sides: ["{ chain: alpha, asset: X, \(item.brake) }", "{ chain: beta, asset: Y }"], rate: (1, 1), minimum: 5))
        #expect(found.contains { $0.problem.contains(item.problem) && $0.isFatal == item.isFatal }, "\(found)")
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
