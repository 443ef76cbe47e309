import BusCore
import BusShell
import Cryptography
import Runtime
import Wire

/// How the bus of a site is set up from `network.yaml`: doors, members and their rights, links, imported topics.
enum BusPlan {
    /// - Parameter isLocal: all roles share this process; doors within it are opened as well, and links use those.
    static func configuration(
        _ site: SiteDescription, of configuration: NetworkConfiguration, key: TransportKeyPair, isLocal: Bool
    ) -> BusConfiguration {
        let network = configuration.network
        var members: [String: MemberRights] = [:]
        var keys: [TransportKey: String] = [:]
        for member in configuration.members {
            switch member.role {
            case .tap: members[member.name] = MemberRights()
            case .role:
                guard let address = RoleAddress(member.name + "/1"), configuration.site(of: address)?.id == site.id else { continue }
                members[member.name] = rights(address)
            }
            keys[member.key] = member.name
        }
        for other in configuration.sites where other.id != site.id {
            members[other.memberName] = MemberRights(linkedSite: other.id)
            keys[other.key] = other.memberName
        }
        let rules = BusRules(
            site: site.id, network: network.id, members: members, clientServices: clientServices,
            imports: imports(site.id, configuration))
        let doors = BusDoors(
            members: site.endpoints.members, fanOut: site.endpoints.publish, clients: site.endpoints.clients,
            localName: isLocal ? site.id : nil)
        return BusConfiguration(
            rules: rules, doors: doors, key: key, memberKeys: keys,
            links: configuration.sites.filter { $0.id != site.id }.map { link(to: $0, from: site, isLocal: isLocal) })
    }

    /// What clients may call (design section 6): submit, query, watch, receipts and headers.
    static let clientServices: [BusPattern] = ["collector.*", "recorder", "recorder@*", "consensus.*"]

    private static func link(to other: SiteDescription, from site: SiteDescription, isLocal: Bool) -> BusLink {
        guard isLocal else {
            return BusLink(
                site: other.id, name: site.memberName, door: other.endpoints.members, fanOut: other.endpoints.publish,
                serverKey: other.key)
        }
        let doors = BusDoors.local(other.id)
        return BusLink(site: other.id, name: site.memberName, door: doors.members, fanOut: doors.fanOut, serverKey: nil)
    }

    /// What a role may publish, answer and call.
    static func rights(_ address: RoleAddress) -> MemberRights {
        let chain = address.chain.description
        let services = address.services.map { BusPattern($0) }
        let everyone: [BusPattern] = ["alarm", "beat", "evidence"]
        switch address.role {
        case .collector:
            return MemberRights(
                publishes: everyone + [BusPattern("tx.\(chain)"), BusPattern("confirm.\(chain)")], answers: services,
                calls: ["consensus.*", "validator.*", "recorder", "recorder@*"])
        case .builder:
            return MemberRights(
                publishes: everyone + [BusPattern("candidate.\(chain)"), BusPattern("cert.\(chain)"), BusPattern("lead.\(chain)")],
                calls: ["consensus.*", "validator.*", "recorder", "recorder@*"])
        case .consensus:
            let header: [BusPattern] = address.chain == .notary ? ["header.notary"] : [BusPattern("final.\(chain)")]
            return MemberRights(
                publishes: everyone + header + [BusPattern("vote.\(chain)"), BusPattern("lead.\(chain)"), "handover"], answers: services,
                calls: ["consensus.*", "validator.*", "recorder", "recorder@*"])
        case .validator:
            return MemberRights(
                publishes: everyone + [
                    BusPattern("candidate.\(chain)"), BusPattern("cert.\(chain)"), BusPattern("branch.\(chain)"), "leg.*",
                ], answers: services, calls: ["consensus.*", "validator.*", "recorder", "recorder@*"])
        case .recorder:
            return MemberRights(
                publishes: everyone + ["candidate.notary", "cert.notary", "lead.notary", "recorded.*", "handover", "election", "joined"], answers: services,
                calls: ["consensus.*", "validator.*", "recorder", "recorder@*"])
        }
    }

    /// Topics that a site takes over from the others: the notaries hear every chain, a chain hears its notaries.
    private static func imports(_ site: String, _ configuration: NetworkConfiguration) -> [String: [BusPattern]] {
        let network = configuration.network
        let notarySites = Set(network.notary.listed.map(\.site))
        var imports: [String: Set<String>] = [:]
        for chain in network.chains {
            let sites = Set(chain.nodes.map(\.site))
            let id = chain.id.description
            let inward = ["candidate.\(id)", "cert.\(id)", "final.\(id)", "confirm.\(id)", "evidence", "handover", "alarm"]
            let outward = ["candidate.\(id)", "cert.\(id)", "leg.\(id)", "recorded.\(id)", "header.notary", "candidate.notary", "handover", "joined"]
            if notarySites.contains(site) {
                for other in sites where other != site { imports[other, default: []].formUnion(inward) }
            }
            if sites.contains(site) {
                for other in notarySites where other != site { imports[other, default: []].formUnion(outward) }
                let among = ["tx", "candidate", "cert", "vote", "final"].map { "\($0).\(id)" } + ["evidence", "handover"]
                for other in sites where other != site { imports[other, default: []].formUnion(among) }
            }
        }
        if notarySites.contains(site) {
            let among = ["candidate.notary", "cert.notary", "vote.notary", "header.notary", "leg.*", "branch.*", "evidence", "handover", "election", "joined"]
            for other in notarySites where other != site { imports[other, default: []].formUnion(among) }
        }
        return imports.mapValues { $0.sorted().map { BusPattern($0) } }
    }
}
