import Foundation

/// The default network of `concordat init`, laid out on hosts: one for each bus, one for each node, one for all clients.
struct Layout: Sendable {
    /// A chain, its nodes and the bus of its site.
    struct Group: Sendable {
        var name: String
        var nodes: [String]
        var bus: String { "bus@\(name)" }
        var busHost: String { "bus-\(name)" }

        /// Processes of a node, as `run --role` names them.
        func processes(of node: String) -> [String] {
            let roles = name == "notary" ? ["validator.alpha", "validator.beta", "recorder.notary", "consensus.notary"] : ["collector", "builder", "consensus"].map { "\($0).\(name)" }
            return roles.map { "\($0)@\(node)/1" }
        }

        /// Processes of a node that keep a log of votes.
        func voters(of node: String) -> [String] {
            processes(of: node).filter { !$0.hasPrefix("collector.") }
        }

        /// Processes of a node that store blocks.
        func keepers(of node: String) -> [String] {
            processes(of: node).filter { !$0.hasPrefix("collector.") && !$0.hasPrefix("builder.") }
        }
    }

    static let clients = "clients"

    /// The network's folder.
    let folder: String
    let groups = ["alpha", "beta", "notary"].map { name in Group(name: name, nodes: (1...4).map { "\(name)-\($0)" }) }

    var hosts: [String] { groups.map(\.busHost) + groups.flatMap(\.nodes) + [Layout.clients] }
    /// Buses first.
    var processes: [String] { groups.map(\.bus) + groups.flatMap { group in group.nodes.flatMap { group.processes(of: $0) } } }

    func host(of process: String) -> String {
        if process.hasPrefix("bus@") { return "bus-" + process.dropFirst(4) }
        return String(process.split(separator: "@")[1].split(separator: "/")[0])
    }

    /// The disk of a node.
    func disk(of node: String) -> String { "\(folder)/data/\(node)" }

    /// Where a role stores what it knows.
    func store(of process: String) -> String {
        "\(disk(of: host(of: process)))/\(process.split(separator: "@")[0])"
    }

    func log(of process: String) -> String {
        "\(folder)/logs/\(process.replacingOccurrences(of: "/", with: "-")).log"
    }

    /// Eight bytes: by how much the clock of a node is wrong.
    func clock(of node: String) -> String { "\(folder)/clocks/\(node)" }

    /// Gives the doors of each site the address of its bus's host; endpoints are no part of a network's identity.
    func setDoors(_ addresses: [String: String]) throws {
        let path = "\(folder)/network.yaml"
        var site = ""
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("  - id: ") { site = String(line.dropFirst(8)) }
            guard line.contains("tcp://127.0.0.1:"), let address = addresses["bus-\(site)"] else { return String(line) }
            return line.replacingOccurrences(of: "127.0.0.1", with: address)
        }
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}
