import ArgumentParser
import Runtime
import Wire

/// Makes a network's folder.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new network: network.yaml, the keys of its nodes, and accounts with money.",
        discussion: """
            Example:
              concordat init --chains 2 --nodes 4 --notaries 4 --data .concordat
              concordat init --host bus-SITE      buses on hosts bus-alpha, bus-beta, bus-notary, as in containers (compose/README.md)
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: ArgumentHelp("Host of the buses in network.yaml; SITE in it stands for the site's name, and each has the same ports then. (default: 127.0.0.1)", valueName: "name"))
    var host: String?
    @Flag(help: "Move a folder that is there already aside, and say where to.")
    var force = false

    func run() throws {
        let folder = try common.folder
        let made = try NetworkMaker.make(
            network, hosts: try SiteHosts.read(host), in: folder, passphrase: try passphraseOptions.passphrase(), replacing: try Setting.flag(force, "force"))
        if common.json { return Console.print(JSONText.line(InitReport(folder, made))) }
        let paint = try common.paint
        if let former = made.former { common.say("The former folder is now \(former)") }
        let ledgers = made.configuration.network
        Console.print("\(paint.strong(folder.networkFile))  network \(ledgers.id)")
        for chain in ledgers.chains { Console.print("  \(chain.id): engine \(chain.engine.rawValue), \(chain.nodes.count) nodes, \(chain.genesis.count) accounts") }
        Console.print("  notaries: \(ledgers.notary.nodes.count)\(ledgers.notary.election.map { ", on standby: \($0.standby.count)" } ?? "")")
        for name in ["alice", "bob"] {
            if let entry = made.book[name] { Console.print("  \(name) at home on \(entry.chain)  \(entry.key.address)") }
        }
        Console.print("Next  concordat up --data \(folder.path)")
    }
}

/// The result of `init` as JSON.
struct InitReport: Encodable {
    struct Chain: Encodable { var id: String, engine: String, nodes: Int }
    struct Account: Encodable { var name: String, address: String, chain: String, key: String }
    var folder: String
    var network: String
    var chains: [Chain]
    var notaries: Int
    var accounts: [Account]
    var former: String?

    init(_ folder: NetworkFolder, _ made: NetworkMaker.Made) {
        let ledgers = made.configuration.network
        self.folder = folder.path
        network = ledgers.id.hex
        chains = ledgers.chains.map { Chain(id: $0.id.description, engine: $0.engine.rawValue, nodes: $0.nodes.count) }
        notaries = ledgers.notary.nodes.count
        accounts = made.book.entries.map {
            Account(name: $0.name, address: $0.key.address.text, chain: $0.chain.description, key: folder.walletKey($0.name))
        }
        former = made.former
    }
}
