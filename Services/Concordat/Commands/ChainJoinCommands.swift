import ArgumentParser
import Cryptography
import Foundation
import Runtime
import Wire

/// Makes a chain that is to join the network of a folder.
struct ChainNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a new chain that is to join the network: its keys, its bus, and a description that all its nodes sign.",
        discussion: """
            Example:
              concordat chain new gamma --engine bft --nodes 4 --asset Z --fund alice,bob
            Writes joined/gamma.yaml, which every notary's operator needs, and the keys of the chain's nodes. Nothing of a running network changes
            before notaries admit the chain: concordat chain register gamma --notary notary-1
            """)

    @Argument(help: "The chain's id.")
    var chain: String
    @Option(help: "bft, pos or pow. (default: bft)")
    var engine: String?
    @Option(help: "Nodes. (default: 4)")
    var nodes: Int?
    @Option(help: "The asset that it issues. (default: the id in capitals)")
    var asset: String?
    @Option(help: ArgumentHelp("Accounts of the address book that have some of it from the start. (default: alice,bob)", valueName: "names"))
    var fund: String?
    @Option(help: "First port of its bus; 0 takes ports that are free now. (default: 0)")
    var portBase: Int?
    @Option(help: ArgumentHelp("Host of its bus; SITE in it stands for the chain's id. (default: 127.0.0.1)", valueName: "name"))
    var host: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        guard let id = ChainID(chain), id != .notary, configuration.network.chain(id) == nil, configuration.site(chain) == nil else {
            throw Failure(.usage, "\(chain) cannot be a new chain's id", "Use small letters, digits and hyphens, and no name that the network has.")
        }
        let file = folder.joinFile(chain)
        guard !FileManager.default.fileExists(atPath: file) else {
            throw Failure(.failed, "\(file) is there already", "Register it: concordat chain register \(chain) --notary NODE. Or remove the file.")
        }
        let made = try plan(id, folder).realized(for: configuration, endpoints: NetworkMaker.endpoints([chain], SiteHosts.read(host), base: portBase ?? 0)[0])
        try folder.write(made.file, made.keys, passphrase: passphrase.passphrase())
        if common.json {
            struct Report: Encodable { var chain: String, file: String, nodes: [String], asset: String }
            return Console.print(JSONText.line(Report(chain: chain, file: file, nodes: made.file.body.chain.nodes.map(\.id), asset: "\(try name(id))")))
        }
        Console.print("\(chain): engine \(made.file.body.chain.engine.rawValue), \(made.file.body.chain.nodes.count) nodes, all of which have signed \(file)")
        Console.print("Next  concordat chain register \(chain) --notary notary-1 --data \(folder.path)")
    }

    private func name(_ id: ChainID) throws -> AssetID {
        let text = asset ?? id.description.uppercased()
        guard let name = AssetID(text) else { throw Setting.bad("asset", text, "Use letters, digits, hyphens, dots and slashes, at most 32.") }
        return name
    }

    private func plan(_ id: ChainID, _ folder: NetworkFolder) throws -> JoinPlan {
        var plan = JoinPlan(id: id, asset: try name(id), genesisTime: UInt64(Date().timeIntervalSince1970 * 1000))
        let text = engine ?? Engine.bft.rawValue
        guard let engine = Engine(rawValue: text) else {
            throw Setting.bad("engine", text, "Engines are: \(Engine.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        plan.engine = engine
        plan.nodes = try Setting.number(nodes, "nodes", default: plan.nodes, in: 1...Limits.nodesPerChain)
        let book = try AddressBook.read(folder.addressBook)
        plan.funded = try (fund ?? "alice,bob").split(separator: ",").map { name in
            guard let entry = book[String(name)] else {
                throw Failure(.usage, "--fund \(name) is no name in \(folder.addressBook)", "See the names there.")
            }
            return entry.key
        }
        guard Set(plan.funded).count == plan.funded.count else { throw Setting.bad("fund", fund ?? "", "Name each account once.") }
        return plan
    }
}

/// A notary operator's word that a chain may join, and what came of it.
struct ChainRegisterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "As the operator of notaries, admit a new chain; and learn whether it has joined.",
        discussion: """
            Example:
              concordat chain register gamma --notary notary-1
              concordat chain register gamma --notary notary-1 --notary notary-2 --notary notary-3 --wait 60
              concordat chain register gamma
            Reads joined/gamma.yaml. A chain has joined once a quorum of the notaries admit it (3 of 4). Then this command writes what the notary chain
            holds into the file; a network that runs by concordat up starts the chain's processes by itself.
            Exit codes: 0 it has joined, 2 notaries are missing, 27 it has not joined in time, 69 no recorder answers.
            """)

    @Argument(help: "The chain's id.")
    var chain: String
    @Option(help: ArgumentHelp("A notary whose operator you are; its key is in the folder. May be given again.", valueName: "node"))
    var notary: [String] = []
    @Option(help: "Seconds to wait until it has joined. (default: 10)")
    var wait: Int?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let desk = try AdmissionDesk(common)
        var join = try JoinFile.read(desk.folder.joinFile(chain))
        guard join.network == desk.configuration.network.id else {
            throw Failure(.configuration, "joined/\(chain).yaml is about another network", "Get the file from who made the chain.")
        }
        let id = join.body.chain.id
        if join.entry == nil {
            for node in notary { try desk.admit(join, by: node, passphrase: passphrase.passphrase()) }
            let seconds = try Setting.number(wait, "wait", default: 10, in: 0...86_400)
            guard let entry = try desk.wait(for: id, seconds: seconds) else { return try report(desk.notaries(admitting: join)) }
            guard entry.body == join.body else {
                throw Failure(.failed, "another chain has joined as \(id)", "Choose another name: concordat chain new")
            }
            join.entry = entry
            try desk.folder.write(join)
            try awaitProcesses(of: id, desk.folder)
        }
        if common.json {
            struct Report: Encodable { var chain: String, status: String, notary_height: UInt64, position: Int }
            return Console.print(JSONText.line(Report(chain: chain, status: "joined", notary_height: join.entry?.height ?? 0, position: join.entry?.position ?? 0)))
        }
        Console.print("\(chain) has joined, with notary block \(join.entry?.height ?? 0)")
    }

    /// A network that `up` runs takes the chain in by itself, and starts its buses anew for that: meanwhile nobody would answer.
    private func awaitProcesses(of id: ChainID, _ folder: NetworkFolder) throws {
        guard let state = NetworkState.running(folder), !state.processes.contains(where: { $0.processID == state.processID }) else { return }
        common.say("\(id) has joined; waiting until its processes run and the buses are back")
        let end = BusClock.now().monotonicMilliseconds + ChainRegisterCommand.startMilliseconds
        while true {
            let isStarted = NetworkState.running(folder)?.processes.contains { ProcessName($0.name).map { "\($0)".contains(".\(id)@") } ?? false } ?? false
            if isStarted, let grown = try? NetworkFile.read(folder.networkFile),
                try Observer(grown).silent(collectors: grown.collectorsPerNode, timeoutMilliseconds: 1_000).isEmpty
            { return }
            guard BusClock.now().monotonicMilliseconds < end else { return common.say("not all of them answer yet: see concordat status") }
            usleep(300_000)
        }
    }

    /// How long its processes have to start.
    private static let startMilliseconds: UInt64 = 30_000

    private func report(_ admitting: [String]) throws {
        if common.json {
            struct Report: Encodable { var chain: String, status: String, admitted_by: [String] }
            Console.print(JSONText.line(Report(chain: chain, status: "waiting", admitted_by: admitting)))
        } else {
            Console.print("\(chain) has not joined yet; it is admitted by \(admitting.isEmpty ? "nobody" : admitting.joined(separator: ", "))")
        }
        throw ExitCode(Failure.Code.degraded.rawValue)
    }
}
