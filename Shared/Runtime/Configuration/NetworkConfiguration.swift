import Cryptography
import Wire

/// Where the bus of a site listens. A bus binds these; everything else connects to them.
package struct SiteEndpoints: Hashable, Sendable {
    /// Door of members: publishing, requests, answers.
    package var members: String
    /// Door where members hear topics.
    package var publish: String
    /// Door of wallets.
    package var clients: String

    package init(members: String, publish: String, clients: String) {
        self.members = members
        self.publish = publish
        self.clients = clients
    }

    /// All three, in the order of the file.
    package var all: [String] { [members, publish, clients] }
}

/// A site: one bus.
package struct SiteDescription: Hashable, Sendable {
    package var id: String
    package var endpoints: SiteEndpoints
    /// CURVE key of the bus, as a server and towards the other buses.
    package var key: TransportKey

    package init(id: String, endpoints: SiteEndpoints, key: TransportKey) {
        self.id = id
        self.endpoints = endpoints
        self.key = key
    }

    /// Name of the bus as a member of other buses, and of its key file: `bus@alpha`.
    package var memberName: String { "bus@\(id)" }
}

/// What a member may do at its bus.
package enum MemberRole: Hashable, Sendable, CustomStringConvertible {
    /// What a role of a node does; all replicas of the role share the key.
    case role(Role)
    /// Listens, and does nothing else.
    case tap

    package init?(_ text: String) {
        if text == "tap" {
            self = .tap
        } else {
            guard let role = Role(rawValue: text) else { return nil }
            self = .role(role)
        }
    }

    package var description: String {
        switch self {
        case .role(let role): role.rawValue
        case .tap: "tap"
        }
    }
}

/// Who may enter the members' doors.
package struct MemberDescription: Hashable, Sendable {
    /// `collector.alpha@alpha-1` for all replicas of a role; any other name for a tap.
    package var name: String
    package var role: MemberRole
    package var key: TransportKey

    package init(name: String, role: MemberRole, key: TransportKey) {
        self.name = name
        self.role = role
        self.key = key
    }
}

extension RoleAddress {
    /// The member that the instance is a replica of: its address without the replica number.
    package var memberName: String { "\(role.rawValue).\(chain)@\(node)" }
}

/// What `network.yaml` says: the network that everybody shares, and how to reach it.
package struct NetworkConfiguration: Hashable, Sendable {
    /// For people; no part of the network id.
    package var name: String
    package var network: Network
    package var sites: [SiteDescription]
    package var members: [MemberDescription]
    /// Collector replicas that `concordat up` starts for each node.
    package var collectorsPerNode: Int

    package init(name: String, network: Network, sites: [SiteDescription], members: [MemberDescription], collectorsPerNode: Int = 1) {
        self.name = name
        self.network = network
        self.sites = sites
        self.members = members
        self.collectorsPerNode = collectorsPerNode
    }

    /// The site with an id; nil when there is none.
    package func site(_ id: String) -> SiteDescription? { sites.first { $0.id == id } }

    /// The member with a name; nil when there is none.
    package func member(_ name: String) -> MemberDescription? { members.first { $0.name == name } }

    /// The node of this id, with its chain.
    package func node(_ id: String) -> (chain: ChainDescription, node: NodeDescription)? {
        for chain in network.chains + [network.notary] {
            if let node = chain.listed.first(where: { $0.id == id }) { return (chain, node) }
        }
        return nil
    }

    /// Site whose bus a role instance connects to.
    package func site(of address: RoleAddress) -> SiteDescription? { node(address.node).flatMap { site($0.node.site) } }

    /// Every role instance of the network in starting order, with so many collectors a node.
    package func roles(collectorsPerNode: Int) -> [RoleAddress] {
        var roles: [RoleAddress] = []
        for node in network.notary.listed {
            roles.append(RoleAddress(role: .consensus, chain: .notary, node: node.id))
            roles.append(RoleAddress(role: .recorder, chain: .notary, node: node.id))
            roles += network.chains.map { RoleAddress(role: .validator, chain: $0.id, node: node.id) }
        }
        for chain in network.chains {
            for node in chain.nodes {
                roles.append(RoleAddress(role: .consensus, chain: chain.id, node: node.id))
                roles.append(RoleAddress(role: .builder, chain: chain.id, node: node.id))
                roles += (1...max(1, collectorsPerNode)).map {
                    RoleAddress(role: .collector, chain: chain.id, node: node.id, replica: $0)
                }
            }
        }
        return roles
    }
}
