import ArgumentParser
import Foundation
import Runtime
import Wire

/// How large a new network is; shared by `init` and `up`.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Name of the network. (default: dev)")
    var name: String?
    @Option(help: "Sub-chains, 1 to 24. (default: 2)")
    var chains: Int?
    @Option(help: ArgumentHelp("Engines of the sub-chains in order, such as bft,pow: one sub-chain each. (default: bft,bft)", valueName: "list"))
    var engines: String?
    @Option(help: "Nodes of each sub-chain. (default: 4)")
    var nodes: Int?
    @Option(help: "Notaries. (default: 4)")
    var notaries: Int?
    @Option(help: "Further notary nodes, which may be elected; needs --epoch-slots. (default: 0)")
    var standby: Int?
    @Option(help: "Slots after which the notaries are elected anew; 0 never. (default: 0)")
    var epochSlots: Int?
    @Option(help: "Slots before an epoch's end at which the election closes; 0 for a quarter of the epoch. (default: 0)")
    var epochMargin: Int?
    @Option(help: "Collector replicas of each node. (default: 1)")
    var collectors: Int?
    @Option(help: "Client accounts besides alice and bob. (default: 60)")
    var clients: Int?
    @Option(help: "First port; 0 takes ports that are free now. (default: 7101)")
    var portBase: Int?

    /// Whether anything was asked for that only a new network can have.
    var shapesLedgers: Bool {
        [chains, nodes, notaries, clients, standby, epochSlots, epochMargin].contains { $0 != nil } || name != nil || engines != nil
    }

    func plan() throws -> NetworkPlan {
        var plan = NetworkPlan()
        plan.name = try Setting.text(name, "name", default: plan.name)
        plan.chains = try Setting.number(chains, "chains", default: plan.chains, in: 1...NetworkPlan.chainNames.count)
        plan.engines = try readEngines()
        if !plan.engines.isEmpty {
            guard chains == nil || chains == plan.engines.count else {
                throw Setting.bad("chains", "\(plan.chains)", "Name one engine for each sub-chain, or leave --chains out.")
            }
            plan.chains = plan.engines.count
        }
        plan.nodes = try Setting.number(nodes, "nodes", default: plan.nodes, in: 1...Limits.nodesPerChain)
        plan.notaries = try Setting.number(notaries, "notaries", default: plan.notaries, in: 1...Limits.nodesPerChain)
        plan.standby = try Setting.number(standby, "standby", default: 0, in: 0...(Limits.notaryNodes - plan.notaries))
        plan.epochSlots = UInt64(try Setting.number(epochSlots, "epoch-slots", default: 0, in: 0...1_000_000))
        plan.epochMargin = UInt64(try Setting.number(epochMargin, "epoch-margin", default: 0, in: 0...999_999))
        guard plan.epochSlots == 0 || plan.epochSlots >= 16 else { throw Setting.bad("epoch-slots", "\(plan.epochSlots)", "Give 0, or at least 16.") }
        guard plan.epochMargin == 0 || (8...UInt64(Limits.slotsAhead)).contains(plan.epochMargin) && plan.epochMargin < plan.epochSlots else {
            throw Setting.bad("epoch-margin", "\(plan.epochMargin)", "Give 0, or from 8 to \(Limits.slotsAhead), and fewer than --epoch-slots.")
        }
        guard plan.standby == 0 || plan.epochSlots > 0 else {
            throw Setting.bad("standby", "\(plan.standby)", "Without --epoch-slots nobody is elected.")
        }
        plan.collectors = try Setting.number(collectors, "collectors", default: plan.collectors, in: NetworkFile.collectorsAllowed)
        plan.clients = try Setting.number(clients, "clients", default: plan.clients, in: 0...100_000)
        plan.genesisTime = UInt64(Date().timeIntervalSince1970 * 1000)
        return plan
    }

    func firstPort() throws -> Int { try Setting.number(portBase, "port-base", default: 7101, in: 0...60_000) }

    private func readEngines() throws -> [Engine] {
        guard let text = Setting.text(engines, "engines") else { return [] }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let engines = names.compactMap(Engine.init(rawValue:))
        guard engines.count == names.count, engines.count <= NetworkPlan.chainNames.count else {
            throw Setting.bad("engines", text, "Give a list such as bft,pow. Engines are: \(Engine.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return engines
    }
}

/// Makes a network's folder.
enum NetworkMaker {
    static let doorsPerSite = 3

    struct Made {
        var configuration: NetworkConfiguration
        var book: AddressBook
        /// Where a folder that was in the way went.
        var former: String?
    }

    static func make(
        _ options: NetworkOptions, hosts: SiteHosts = .loopback, in folder: NetworkFolder, passphrase: String?, replacing: Bool
    ) throws -> Made {
        try make(try options.plan(), hosts: hosts, portBase: try options.firstPort(), in: folder, passphrase: passphrase, replacing: replacing)
    }

    /// - Parameter base: the first port; 0 for ports that are free now.
    static func make(
        _ plan: NetworkPlan, hosts: SiteHosts = .loopback, portBase base: Int, in folder: NetworkFolder, passphrase: String?, replacing: Bool
    ) throws -> Made {
        let (configuration, keys, book) = plan.realized(endpoints: try endpoints(plan.siteIDs, hosts, base: base))
        let former = try folder.write(configuration, keys, book, passphrase: passphrase, replacing: replacing)
        return Made(configuration: configuration, book: book, former: former)
    }

    /// Doors for each site.
    static func endpoints(_ sites: [String], _ hosts: SiteHosts, base: Int) throws -> [SiteEndpoints] {
        let count = (hosts.areApart ? 1 : sites.count) * doorsPerSite
        let ports: [UInt16]
        if base == 0 {
            guard let free = Ports.free(count: count) else {
                throw Failure(.failed, "the system has no \(count) free ports", "End some programs, or give --port-base.")
            }
            ports = free
        } else {
            guard base >= 1024, base + count <= 65_536 else { throw Setting.bad("port-base", "\(base)", "Give 0, or a number from 1024 to 60000.") }
            ports = (0..<count).map { UInt16(base + $0) }
        }
        return sites.enumerated().map { index, site in
            let first = hosts.areApart ? 0 : index * doorsPerSite
            let doors = ports[first...].prefix(doorsPerSite).map { "tcp://\(hosts.host(of: site)):\($0)" }
            return SiteEndpoints(members: doors[0], publish: doors[1], clients: doors[2])
        }
    }
}
