import Cryptography
import Foundation
import Wire

extension NetworkFile {
    /// The text of a file that `parse` reads back as the same configuration.
    package static func text(of configuration: NetworkConfiguration) -> String {
        let network = configuration.network
        var lines = [
            "# A Concordat network (docs/network.md). Everybody who takes part needs this same file; it holds no secret.",
            "# Network id \(network.id.hex): a hash of everything but name, sites, members and deployment.",
            "version: \(version)",
            "name: \(quoted(configuration.name))",
            "genesis_time_milliseconds: \(network.notary.genesisTime)",
            "",
            "timing:",
        ]
        lines += TimingFields.all.map { "  \($0.name): \(network.timing[keyPath: $0.path])" }
        lines += [
            "", "# What notaries do by themselves: about a chain that made two blocks of one height final (alarm or freeze), and about one that",
            "# has made none final for so long (0 for nothing).", "consequences:", "  two_finals: \(network.consequences.twoFinals.rawValue)",
            "  silent_milliseconds: \(network.consequences.silentMilliseconds)",
        ]
        lines += ["", "notary:", "  engine: \(network.notary.engine.rawValue)", "  nodes:"]
        lines += network.notary.nodes.map { "    \(line($0))" }
        lines += election(of: network.notary)
        lines += ["", "chains:"]
        for chain in network.founding { lines += self.lines(of: chain) }
        if !network.contracts.isEmpty {
            lines += ["", "contracts:"]
            for contract in network.contracts { lines += self.lines(of: contract) }
        }
        lines += self.lines(of: configuration.sites) + self.lines(of: configuration.members)
        lines += ["", "# What concordat up starts on one machine.", "deployment:", "  collectors_per_node: \(configuration.collectorsPerNode)"]
        return lines.joined(separator: "\n") + "\n"
    }

    static func lines(of sites: [SiteDescription]) -> [String] {
        ["", "# Doors of each site's bus, and the public CURVE key behind them.", "sites:"]
            + sites.flatMap { site in
                [
                    "  - id: \(site.id)", "    key: \(quoted(site.key.text))", "    endpoints:", "      members: \(quoted(site.endpoints.members))",
                    "      publish: \(quoted(site.endpoints.publish))", "      clients: \(quoted(site.endpoints.clients))",
                ]
            }
    }

    static func lines(of members: [MemberDescription]) -> [String] {
        ["", "# Who may enter the members' doors, by public CURVE key.", "members:"]
            + members.map { "  - { name: \(quoted($0.name)), role: \($0.role), key: \(quoted($0.key.text)) }" }
    }

    /// Who stands by, and how the next notaries are elected.
    private static func election(of notary: ChainDescription) -> [String] {
        guard let epochs = notary.epochs, let election = notary.election else { return [] }
        let standby = election.standby.isEmpty ? [] : ["  standby:"] + election.standby.map { "    \(line($0))" }
        return standby + [
            "  epochs: { slots: \(epochs.slots), margin: \(epochs.margin), seats: \(election.seats), lead: \(election.lead) }"
        ]
    }

    private static func line(_ node: NodeDescription) -> String {
        let stake = node.stake > 0 ? ", stake: \(node.stake)" : ""
        return "- { id: \(node.id), site: \(node.site), key: \(node.key.address)\(stake) }"
    }

    private static func lines(of chain: ChainDescription) -> [String] {
        var lines = ["  - id: \(chain.id)", "    engine: \(chain.engine.rawValue)"]
        if let work = chain.work {
            lines.append("    work: { \(WorkFields.all.map { "\($0.name): \(work[keyPath: $0.path])" }.joined(separator: ", ")) }")
        }
        if let epochs = chain.epochs { lines.append("    epochs: { slots: \(epochs.slots), margin: \(epochs.margin) }") }
        if let stake = chain.stake {
            lines.append(
                "    stake: { asset: \(quoted(stake.asset.description)), minimum: \(stake.minimum), unbonding_milliseconds: "
                    + "\(stake.unbondingMilliseconds), slash_numerator: \(stake.slashNumerator), slash_denominator: \(stake.slashDenominator) }")
        }
        lines.append("    nodes:")
        lines += chain.nodes.map { "      \(line($0))" }
        guard !chain.genesis.isEmpty else { return lines }
        lines.append("    genesis:")
        for account in chain.genesis {
            let balances = account.balances.map { "\(quoted($0.asset.description)): \($0.amount)" }.joined(separator: ", ")
            lines.append("      - { account: \(account.key.address), balances: {\(balances.isEmpty ? "" : " \(balances) ")} }")
        }
        return lines
    }

    private static func lines(of contract: Contract) -> [String] {
        let sides = [(contract.first, contract.brakes.first), (contract.second, contract.brakes.second)].map { side, brakes in
            "      - { chain: \(side.chain), asset: \(quoted(side.asset.description)), reserve: \(side.reserve.address)\(BrakeSection.text(of: brakes)) }"
        }
        if let peg = contract.peg {
            return [
                "  # \(contract.first.asset) of \(contract.first.chain), locked there, stands on \(contract.second.chain) as \(contract.second.asset)",
                "  - id: \(contract.id)", "    version: \(contract.version)", "    sides:",
            ] + sides + ["    minimum: \(contract.minimumAmount)", "    maximum: \(contract.maximumAmount)"] + PegSection.lines(of: peg)
        }
        return [
            "  # \(contract.rateNumerator) \(contract.second.asset) for \(contract.rateDenominator) \(contract.first.asset), in both directions",
            "  - id: \(contract.id)", "    version: \(contract.version)", "    sides:",
        ] + sides + [
            "    rate: { numerator: \(contract.rateNumerator), denominator: \(contract.rateDenominator) }",
            "    minimum: \(contract.minimumAmount)", "    maximum: \(contract.maximumAmount)",
            "    deadline_maximum_milliseconds: \(contract.deadlineMaximumMilliseconds)",
        ]
    }

    /// YAML text in double quotes.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 32 || scalar.value == 127: quoted += "\\x" + Hexadecimal.encode([UInt8(scalar.value)])
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
