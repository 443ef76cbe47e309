import Cryptography
import Foundation
import Runtime
import Testing
import Wire

/// The sections of a chain that votes by stake.
@Suite struct StakeSectionTests {
    let text = StakeSectionTests.make()

    private static func make() -> String {
        var plan = NetworkPlan()
        plan.clients = 2
        plan.nodes = 2
        plan.notaries = 1
        plan.engines = [.bft, .pos]
        plan.genesisTime = 1_700_000_000_000
        return NetworkFile.text(of: plan.realized(endpoints: SampleNetwork.endpoints).configuration)
    }

    @Test("epochs and stakes are read back as they are written")
    func roundTrip() throws {
        let configuration = try NetworkFile.parse(text, file: "network.yaml")
        #expect(NetworkFile.text(of: configuration) == text)
        let chain = configuration.network.chains[1]
        #expect(chain.engine == .pos && chain.stake?.asset == AssetID("Y") && chain.nodes.allSatisfy { $0.stake == 100_000 })
        #expect(chain.genesisElectorate.members.map(\.weight) == [100_000, 100_000])
        #expect(configuration.network.chains[0].epochs == nil && configuration.network.chains[0].stake == nil)
    }

    @Test(
        "the network id depends on epochs and stakes",
        arguments: [
            ("slots: 128", "slots: 129"), ("margin: 32", "margin: 33"), ("minimum: 1000", "minimum: 1001"),
            ("unbonding_milliseconds: 1200000", "unbonding_milliseconds: 1200001"), ("slash_numerator: 1", "slash_numerator: 0"),
            ("slash_denominator: 2", "slash_denominator: 3"), ("stake: 100000", "stake: 100001"), ("engine: pos", "engine: bft"),
        ])
    func identity(old: String, new: String) throws {
        #expect(text.contains(old))
        let id = try NetworkFile.parse(text, file: "n").network.id
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        guard new != "engine: bft" else {
            #expect(throws: NetworkFileFault.self) { try NetworkFile.parse(changed, file: "n") }
            return
        }
        #expect(try NetworkFile.parse(changed, file: "n").network.id != id)
    }

    @Test(
        "what cannot be is refused with what to do",
        arguments: [
            ("margin: 32", "margin: 128", "no shorter than the epoch"), ("margin: 32", "margin: 7", "out of bounds"),
            ("stake: 100000", "stake: 18446744073709551615", "more than 64 bits"), ("minimum: 1000", "minimum: 200000", "no node has the least stake"),
            ("slash_numerator: 1", "slash_numerator: 3", "out of bounds"), ("asset: \"Y\"", "asset: \"?\"", "asset"),
        ])
    func faults(old: String, new: String, says: String) throws {
        #expect(text.contains(old))
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        let fault = try #require(throws: NetworkFileFault.self) { try NetworkFile.parse(changed, file: "n") }
        #expect("\(fault)".contains(says), "\(fault)")
    }
}
