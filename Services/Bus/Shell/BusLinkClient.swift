import BusCore
import Runtime
import Schema
import Wire

/// The connection of a bus to the bus of another site, where it is a member like others (BUS-25). Owned by the bus's thread.
final class BusLinkClient {
    let site: String
    let client: BusClient

    init(_ context: ZMQContext, _ link: BusLink, _ configuration: BusConfiguration) throws(ZMQError) {
        site = link.site
        var identity: TransportIdentity?
        if let serverKey = link.serverKey, let key = configuration.key { identity = TransportIdentity(key: key, serverKey: serverKey) }
        var member = BusClientConfiguration(
            name: link.name, network: configuration.rules.network, door: link.door, fanOut: link.fanOut, identity: identity)
        member.subscriptions = configuration.rules.imports[link.site] ?? []
        member.onlySite = link.site
        // What the other bus still has fills this one's log after a restart, so that nobody here misses it.
        member.fromOldest = true
        client = try BusClient(context: context, configuration: member)
    }

    /// What came in over the link, as facts for the core.
    func receive() throws(ZMQError) -> [BusInput] {
        try client.receive().compactMap { event in
            switch event {
            case .delivered(let frame):
                .linkDelivered(site: site, topic: frame.topic, stamp: frame.stamp, stampBytes: frame.stampBytes, body: frame.body)
            case .answered(let id, let result): .linkAnswered(site: site, BusLinkClient.reply(id, result))
            case .services(let services): .linkServices(site: site, services)
            case .disconnected: .linkServices(site: site, [])
            // A gap that the other bus cannot fill shows in the stream as it goes on; its restart shows in the stamps.
            case .called, .pushed, .acknowledged, .lost, .broken, .restarted, .welcomed, .refused: nil
            }
        }
    }

    private static func reply(_ id: UInt64, _ result: Result<[UInt8], BusReason>) -> PBReply {
        var reply = PBReply()
        reply.id = id
        switch result {
        case .success(let body): reply.body = .init(body)
        case .failure(.disconnected): reply.error = BusReason.noService.rawValue
        case .failure(let reason): reply.error = reason.rawValue
        }
        return reply
    }
}
