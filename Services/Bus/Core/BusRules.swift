import Cryptography
import Wire

/// What one member may do (BUS-17).
package struct MemberRights: Sendable, Equatable {
    /// Topics it may publish on.
    package var publishes: [BusPattern]
    /// Services it may answer.
    package var answers: [BusPattern]
    /// Services it may call; empty for a tap.
    package var calls: [BusPattern]
    /// Site of the bus that this member is, for the buses of other sites: they name callers and clients themselves.
    package var linkedSite: String?

    package init(publishes: [BusPattern] = [], answers: [BusPattern] = [], calls: [BusPattern] = [], linkedSite: String? = nil) {
        self.publishes = publishes
        self.answers = answers
        self.calls = calls
        self.linkedSite = linkedSite
    }
}

/// The rules of one bus, from the network's configuration.
package struct BusRules: Sendable {
    /// Its site.
    package var site: String
    /// Network id; a Hello of another network is refused.
    package var network: Digest
    /// Members by name. A member `collector.alpha@alpha-1` stands for its replicas `collector.alpha@alpha-1/2` too.
    package var members: [String: MemberRights]
    /// Services that clients may call.
    package var clientServices: [BusPattern]
    /// Topics taken over from other sites.
    package var imports: [String: [BusPattern]]
    /// Protocol versions that are spoken here (BUS-27).
    package var versions = BusLimits.oldestProtocolVersion...BusLimits.protocolVersion

    package init(
        site: String, network: Digest, members: [String: MemberRights], clientServices: [BusPattern] = [],
        imports: [String: [BusPattern]] = [:]
    ) {
        self.site = site
        self.network = network
        self.members = members
        self.clientServices = clientServices
        self.imports = imports
    }

    /// The registered member behind an instance name: the name itself, or what stands before a replica number.
    package static func member(ofInstance name: String) -> String {
        guard let slash = name.lastIndex(of: "/") else { return name }
        let replica = name[name.index(after: slash)...]
        let isNumber = !replica.isEmpty && replica.utf8.count <= 6 && replica.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
        return isNumber ? String(name[..<slash]) : name
    }
}
