import Cryptography
import Foundation
import Runtime
import Testing
import Wire

/// A small network whose file the tests damage.
enum SampleNetwork {
    static let endpoints = (0..<3).map { site in
        SiteEndpoints(
            members: "tcp://127.0.0.1:\(7001 + site * 3)", publish: "tcp://127.0.0.1:\(7002 + site * 3)",
            clients: "tcp://127.0.0.1:\(7003 + site * 3)")
    }

    static func make() -> (configuration: NetworkConfiguration, keys: NetworkKeys, book: AddressBook) {
        var plan = NetworkPlan()
        plan.clients = 2
        plan.nodes = 1
        plan.notaries = 1
        plan.genesisTime = 1_700_000_000_000
        return plan.realized(endpoints: endpoints)
    }
}

@Suite struct NetworkFileTests {
    let text = NetworkFile.text(of: SampleNetwork.make().configuration)

    @Test("what is written is read back the same")
    func roundTrip() throws {
        let configuration = SampleNetwork.make().configuration
        #expect(try NetworkFile.parse(NetworkFile.text(of: configuration), file: "network.yaml") == configuration)
    }

    @Test("the network id depends on what defines the ledgers, and on nothing else")
    func identity() throws {
        let id = try NetworkFile.parse(text, file: "n").network.id
        func changed(replacing old: String, by new: String) throws -> Digest {
            #expect(text.contains(old))
            return try NetworkFile.parse(text.replacing(old, with: new, maxReplacements: 1), file: "n").network.id
        }
        #expect(try changed(replacing: "tcp://127.0.0.1:7001", by: "tcp://10.0.0.1:9001") == id)
        #expect(try changed(replacing: "name: \"dev\"", by: "name: \"other\"") == id)
        #expect(try changed(replacing: "collectors_per_node: 1", by: "collectors_per_node: 3") == id)
        #expect(try changed(replacing: "numerator: 10", by: "numerator: 11") != id)
        #expect(try changed(replacing: "\"X\": 100000", by: "\"X\": 100001") != id)
        #expect(try changed(replacing: "skip_milliseconds: 1500", by: "skip_milliseconds: 1501") != id)
        #expect(try changed(replacing: "genesis_time_milliseconds: 1700000000000", by: "genesis_time_milliseconds: 1700000000001") != id)
    }

    private static func elected(_ change: (inout NetworkPlan) -> Void = { _ in }) -> NetworkConfiguration {
        var plan = NetworkPlan()
        (plan.clients, plan.nodes, plan.notaries, plan.standby, plan.epochSlots) = (2, 1, 4, 2, 100)
        plan.genesisTime = 1_700_000_000_000
        change(&plan)
        return plan.realized(endpoints: SampleNetwork.endpoints).configuration
    }

    @Test("a network that elects its notaries is read back the same, and its id depends on how it elects them")
    func election() throws {
        let configuration = NetworkFileTests.elected()
        let text = NetworkFile.text(of: configuration)
        let notary = configuration.network.notary
        #expect(notary.listed.map(\.id) == (1...6).map { "notary-\($0)" } && notary.nodes.count == 4 && notary.epochs?.margin == 25)
        #expect(try NetworkFile.parse(text, file: "n") == configuration)
        #expect(configuration.members.contains { $0.name == "recorder.notary@notary-6" })
        for (old, new) in [("slots: 100", "slots: 101"), ("margin: 25", "margin: 26"), ("seats: 4", "seats: 5"), ("lead: 64", "lead: 63")] {
            #expect(text.contains(old))
            #expect(try NetworkFile.parse(text.replacing(old, with: new), file: "n").network.id != configuration.network.id, "\(new)")
        }
        for (old, new) in [("margin: 25", "margin: 7"), ("margin: 25", "margin: 100"), ("seats: 4", "seats: 3"), ("seats: 4", "seats: 7"), ("lead: 64", "lead: 0")] {
            #expect(throws: NetworkFileFault.self, "\(new)") { try NetworkFile.parse(text.replacing(old, with: new), file: "n") }
        }
        let withoutEpochs = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.contains("epochs:") }.joined(separator: "\n")
        #expect(throws: NetworkFileFault.self) { try NetworkFile.parse(withoutEpochs, file: "n") }
    }

    @Test("a mined chain's settings are read, kept, and part of the network id; no other chain has any")
    func work() throws {
        let mined = text.replacing(
            "- id: alpha\n    engine: bft", with: "- id: alpha\n    engine: pow\n    work: { difficulty: 512, interval_milliseconds: 2000 }")
        let configuration = try NetworkFile.parse(mined, file: "n")
        #expect(configuration.network.chains[0].work == WorkRule(intervalMilliseconds: 2_000, difficulty: 512))
        #expect(try NetworkFile.parse(NetworkFile.text(of: configuration), file: "n") == configuration)
        let other = try NetworkFile.parse(mined.replacing("difficulty: 512", with: "difficulty: 513"), file: "n")
        #expect(other.network.id != configuration.network.id)
        #expect(throws: NetworkFileFault.self) { try NetworkFile.parse(mined.replacing("engine: pow", with: "engine: bft"), file: "n") }
        #expect(throws: NetworkFileFault.self) { try NetworkFile.parse(mined.replacing("difficulty: 512", with: "difficulty: 0"), file: "n") }
    }

    @Test("every timeout of the protocol can be given in the file")
    func timing() {
        #expect(Mirror(reflecting: Timing()).children.count == text.split(separator: "\n").drop { $0 != "timing:" }.dropFirst().prefix { $0.hasPrefix("  ") }.count)
    }

    /// What is replaced, by what, and what the message must say.
    static let faults: [(old: String, new: String, says: [String])] = [
        ("version: 1", "version: 2", ["network.yaml:3", "version 2", "Update this program"]),
        ("version: 1", "version: one", ["network.yaml:3", "no whole number"]),
        ("version: 1\n", "", ["the key version is missing"]),
        ("name: \"dev\"", "nmae: \"dev\"", ["network.yaml:4", "nmae is not known", "Did you mean name?"]),
        ("skip_milliseconds: 1500", "skip_milliseconds: 0", ["timing.skip_milliseconds", "out of bounds"]),
        ("skip_milliseconds: 1500", "skip_milliseconds: 90000", ["timing", "contradict"]),
        ("skip_milliseconds: 1500", "skip_milliseconds: 1500\n  skip_milliseconds: 1", ["occurs twice"]),
        ("engine: bft\n    nodes", "engine: magic\n    nodes", ["chains[0].engine", "no engine magic", "bft"]),
        ("id: alpha-1, site: alpha", "id: alpha-1, site: nowhere", ["chains[0].nodes[0].site", "no site nowhere", "alpha, beta, notary"]),
        ("id: alpha-1, site: alpha, key: cc1", "id: alpha-1, site: alpha, key: cc1x", ["chains[0].nodes[0].key", "no address"]),
        ("- id: beta\n    engine", "- id: alpha\n    engine", ["chains[1]", "occurs twice"]),
        ("- id: beta\n    engine", "- id: notary\n    engine", ["chains[1].id", "notary chain"]),
        ("id: beta-1, site", "id: alpha-1, site", ["chains[1].nodes[0].id", "alpha-1 occurs twice"]),
        ("\"X\": 100000 }", "\"X\": 18446744073709551615 }", ["more than 64 bits"]),
        ("\"X\": 100000 }", "\"X\": -5 }", ["no whole number"]),
        ("tcp://127.0.0.1:7002", "tcp://127.0.0.1:7001", ["sites[0].endpoints.publish", "two doors"]),
        ("tcp://127.0.0.1:7002", "http://127.0.0.1", ["sites[0].endpoints.publish", "no endpoint"]),
        ("chain: beta, asset", "chain: gamma, asset", ["contracts[0].sides[1].chain", "no chain gamma"]),
        ("chain: beta, asset", "chain: alpha, asset", ["contracts[0].sides[1].reserve", "no account in the genesis of alpha"]),
        ("minimum: 1\n", "minimum: 9000000\n", ["contracts[0].maximum", "below the minimum"]),
        ("collector.alpha@alpha-1", "collector.alpha@alpha-9", ["members[", "alpha-9"]),
        ("role: collector", "role: cook", ["members[", "no role cook"]),
        ("alpha-1\", role: collector", "alpha-1\", role: builder", ["members[", "collector.alpha@alpha-1 is no builder", "role: collector"]),
        ("name: \"dev\"", "name: &a \"dev\"", ["anchors"]),
        ("notary:\n", "notary: [\n", ["no valid YAML", "network.yaml:"]),
    ]

    @Test("every fault is named with its place and with what to do", arguments: faults.indices)
    func fault(_ index: Int) throws {
        let (old, new, says) = NetworkFileTests.faults[index]
        let damaged = text.replacing(old, with: new, maxReplacements: 1)
        #expect(damaged != text)
        let fault = try #require(throws: NetworkFileFault.self) { try NetworkFile.parse(damaged, file: "network.yaml") }
        for part in says { #expect("\(fault)".contains(part), "\(fault)") }
    }

    @Test("one key for two members is refused")
    func sharedKey() throws {
        let key = try NetworkFile.parse(text, file: "n").members[0].key.text
        let other = try NetworkFile.parse(text, file: "n").members[1].key.text
        let fault = try #require(throws: NetworkFileFault.self) { try NetworkFile.parse(text.replacing(other, with: key), file: "n") }
        #expect("\(fault)".contains("already"))
    }

    @Test("a missing member is named")
    func missingMember() throws {
        let damaged = text.split(separator: "\n").filter { !$0.contains("builder.beta@beta-1") }.joined(separator: "\n")
        let fault = try #require(throws: NetworkFileFault.self) { try NetworkFile.parse(damaged, file: "n") }
        #expect("\(fault)".contains("builder.beta@beta-1 is missing"))
    }

    @Test("a file that is not there, empty, no text or too large is explained")
    func files() throws {
        let folder = try TemporaryFolder()
        func problem(_ data: Data?) throws -> String {
            let path = folder.path + "/network.yaml"
            try? FileManager.default.removeItem(atPath: path)
            try data?.write(to: URL(fileURLWithPath: path))
            let fault = try #require(throws: NetworkFileFault.self) { try NetworkFile.read(path) }
            return "\(fault)"
        }
        #expect(try problem(nil).contains("no such file"))
        #expect(try problem(Data()).contains("empty"))
        #expect(try problem(Data([0xff, 0xfe, 0x00])).contains("UTF-8"))
        #expect(try problem(Data(count: NetworkFile.byteCountMax + 1)).contains("more than"))
        #expect(throws: NetworkFileFault.self) { try NetworkFile.read(folder.path) }
    }

    @Test("an address book is read back the same, and refuses a name given twice")
    func addressBook() throws {
        let book = SampleNetwork.make().book
        #expect(try AddressBook.parse(book.text, file: "book.yaml") == book)
        let doubled = book.text.replacing("\"bob\"", with: "\"alice\"")
        let fault = try #require(throws: NetworkFileFault.self) { try AddressBook.parse(doubled, file: "book.yaml") }
        #expect("\(fault)".contains("book.yaml:5"))
    }
}

@Suite struct NetworkFolderTests {
    @Test("a new folder holds every key, closed to others, and an existing one is moved aside only when asked")
    func write() throws {
        let parent = try TemporaryFolder()
        let folder = NetworkFolder(parent.path + "/net/")
        let (configuration, keys, book) = SampleNetwork.make()
        #expect(try folder.write(configuration, keys, book, passphrase: nil, replacing: false) == nil)
        #expect(try NetworkFile.read(folder.networkFile) == configuration)
        #expect(try AddressBook.read(folder.addressBook) == book)
        for chain in configuration.network.chains {
            for node in chain.nodes { #expect(try KeyFile.readIdentity(folder.identityKey(node.id)).publicKey == node.key) }
        }
        for member in configuration.members { #expect(try KeyFile.readTransport(folder.transportKey(member.name)).publicKey == member.key) }
        #expect(throws: NetworkFolderFault.self) { try folder.write(configuration, keys, book, passphrase: nil, replacing: false) }
        let former = try folder.write(configuration, keys, book, passphrase: nil, replacing: true)
        #expect(former == folder.path + ".old-1")
        #expect(FileManager.default.fileExists(atPath: former! + "/network.yaml"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted() == ["net", "net.old-1"])
    }
}

@Suite struct SuggestionTests {
    @Test("a mistyped word finds the one that was meant, and nonsense finds none")
    func closest() {
        let commands = ["init", "status", "completions", "balance"]
        #expect(Suggestion.closest(to: "statsu", among: commands) == "status")
        #expect(Suggestion.closest(to: "balence", among: commands) == "balance")
        #expect(Suggestion.closest(to: "frobnicate", among: commands) == nil)
    }
}
