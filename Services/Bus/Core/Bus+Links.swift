import Determinism
import Schema
import Wire

extension Bus {
    /// Services that replicas of this bus answer, ascending.
    var localServices: [String] { replicas.keys.sorted() }

    /// Tells the linked buses what is answered here, when that changed.
    mutating func tellServices(ifOtherThan before: [String], _ now: Moment) {
        let services = localServices
        guard services != before else { return }
        var frame = PBFromBus()
        frame.services.services = services
        sendAll(connections.values.filter { $0.rights?.linkedSite != nil }.map(\.peer), frame, now)
    }

    /// Learns what a linked bus answers; when the link is down, nothing, and calls that went there end: nobody knows whether they
    /// were begun.
    mutating func linkServices(site: String, _ services: [String], _ now: Moment) {
        precondition(site != rules.site, "a bus has no link to itself")
        links[site, default: Link()].services = Array(services.prefix(BusLimits.memberConnections * BusLimits.servicesPerReplica))
        guard services.isEmpty else { return }
        for id in calls.ids(for: .link(site)) {
            count(.brokenCall)
            end(id, .noService, now)
        }
    }

    /// The link did not take a call: it never left, so it may go elsewhere.
    mutating func linkRefused(site: String, id: UInt64, _ now: Moment) {
        guard calls[id]?.target == .link(site) else { return }
        links[site]?.services = []
        redispatch(id, now)
    }
}
