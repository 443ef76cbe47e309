import Foundation

/// Hosts of a network of their own: network namespaces, each with one cable to a switch, which is a namespace too.
///
/// Nothing of it touches the machine's own network. Faults of the cables are nft rules inside a host.
final class Hosts {
    /// What a host drops.
    struct Rule: Equatable {
        enum Way: String { case both, arriving = "in", leaving = "out" }
        var way: Way
        /// Addresses at the other end; all when empty.
        var peers: [String] = []
        /// Of a hundred packets so many, drawn anew for each.
        var percent = 100
    }

    static let prefix = "cch-"
    private static let switchName = prefix + "switch"
    private static let mountName = "concordat-chaos"

    private(set) var addresses: [String: String] = [:]
    /// By host, then by the fault's number.
    private var rules: [String: [Int: Rule]] = [:]

    /// Makes a host for each name.
    init(_ names: [String]) throws {
        try Command.require(["ip", "netns", "add", Hosts.switchName])
        try Command.require(["ip", "-n", Hosts.switchName, "link", "add", "br0", "type", "bridge"])
        try Command.require(["ip", "-n", Hosts.switchName, "link", "set", "br0", "up"])
        for (index, name) in names.enumerated() {
            let space = Hosts.prefix + name
            let address = "10.77.\(1 + index / 200).\(1 + index % 200)"
            addresses[name] = address
            try Command.require(["ip", "netns", "add", space])
            let port = "p\(index)"
            try Command.require(["ip", "-n", Hosts.switchName, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space])
            try Command.require(["ip", "-n", Hosts.switchName, "link", "set", port, "master", "br0", "up"])
            try Command.require(["ip", "-n", space, "address", "add", "\(address)/16", "dev", "eth0"])
            try Command.require(["ip", "-n", space, "link", "set", "eth0", "up"])
            try Command.require(["ip", "-n", space, "link", "set", "lo", "up"])
        }
        // Says at once, and not in the middle of a run, that this kernel has no nft.
        if let first = names.first { try apply(first) }
    }

    /// A command as it runs on a host. The process that it becomes keeps its id.
    static func command(on host: String, _ arguments: [String]) -> [String] {
        ["nsenter", "--net=/run/netns/\(prefix)\(host)"] + arguments
    }

    /// Lets a host drop packets, until `heal` of the same number.
    func damage(_ host: String, _ number: Int, _ rule: Rule) throws {
        rules[host, default: [:]][number] = rule
        try apply(host)
    }

    func heal(_ host: String, _ number: Int) throws {
        guard rules[host]?.removeValue(forKey: number) != nil else { return }
        try apply(host)
    }

    /// Replaces all rules of a host in one step.
    private func apply(_ host: String) throws {
        var text = "flush ruleset\ntable inet chaos {\n"
        for (way, hook, side) in [(Rule.Way.arriving, "input", "saddr"), (.leaving, "output", "daddr")] {
            text += "chain \(hook) {\ntype filter hook \(hook) priority 0;\n"
            for (_, rule) in (rules[host] ?? [:]).sorted(by: { $0.key < $1.key }) where rule.way == way || rule.way == .both {
                let interface = way == .arriving ? "iifname eth0" : "oifname eth0"
                let peers = rule.peers.isEmpty ? "" : " ip \(side) { \(rule.peers.joined(separator: ", ")) }"
                let chance = rule.percent == 100 ? "" : " numgen random mod 100 < \(rule.percent)"
                text += "\(interface)\(peers)\(chance) drop\n"
            }
            text += "}\n"
        }
        try Command.require(Hosts.command(on: host, ["nft", "-f", "-"]), input: text + "}\n")
    }

    /// Takes everything away that a run has made, or one that was killed has left: processes, hosts, mounts.
    static func sweep() {
        let listed = (try? Command.run(["ip", "netns", "list"]).output) ?? ""
        let spaces = listed.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0.hasPrefix(prefix) }
        for space in spaces {
            let processes = (try? Command.run(["ip", "netns", "pids", space]).output) ?? ""
            for process in processes.split(whereSeparator: \.isWhitespace).compactMap({ pid_t($0) }) { kill(process, SIGKILL) }
        }
        // The processes must be gone before their mounts can go.
        usleep(spaces.isEmpty ? 0 : 300_000)
        for space in spaces { _ = try? Command.run(["ip", "netns", "delete", space]) }
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        for line in mounts.split(separator: "\n") where line.hasPrefix(mountName + " ") {
            let words = line.split(separator: " ")
            if words.count > 1 { _ = try? Command.run(["umount", "-l", words[1].replacingOccurrences(of: "\\040", with: " ")]) }
        }
    }

    /// A disk of a node's own, in memory.
    static func mountDisk(_ folder: String, bytes: UInt64) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Command.require(["mount", "-t", "tmpfs", "-o", "size=\(bytes),mode=0700", mountName, folder])
    }

    /// Makes a disk larger or smaller, but not smaller than what it holds.
    static func resizeDisk(_ folder: String, bytes: UInt64) throws {
        try Command.require(["mount", "-o", "remount,size=\(bytes)", folder])
    }

    /// Bytes that a disk holds.
    static func usedBytes(_ folder: String) -> UInt64 {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return 0 }
        return UInt64(facts.f_blocks - facts.f_bfree) * UInt64(facts.f_frsize)
    }
}
