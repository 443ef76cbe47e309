import Cryptography
import Determinism
import Runtime
import Wire

/// A wallet's connections to the clients' doors of the sites its services are at. One thread owns them.
package final class WalletConnections {
    /// What came in.
    package enum Event {
        case answered(call: UInt64, Response)
        case unanswered(call: UInt64)
        case noticed(Notice)
        /// A connection was made anew.
        case reconnected
    }

    private let configuration: NetworkConfiguration
    private let context: ZMQContext
    private var connections: [(site: String, connection: ClientConnection, joins: Int)] = []
    private var underWay: [UInt64: (position: Int, id: UInt64)] = [:]

    /// - Parameter context: shared by several that are on threads of their own; nil for one of its own.
    package init(_ configuration: NetworkConfiguration, context: ZMQContext? = nil) {
        self.configuration = configuration
        self.context = context ?? ZMQContext(threads: 1)
    }

    /// Sends a request to a service of any site.
    package func request(call: UInt64, service: String, _ request: Request, timeoutMilliseconds: UInt64) throws {
        let position = try position(of: service)
        let id = try connections[position].connection.begin(
            service, request.encoded(), timeoutMilliseconds: UInt32(clamping: timeoutMilliseconds))
        underWay[call] = (position, id)
    }

    /// Takes what has come, after waiting at most so long.
    package func receive(waitMilliseconds: Int) throws -> [Event] {
        if waitMilliseconds > 0 {
            _ = try ZMQPoller.wait(connections.flatMap(\.connection.pollItems), timeoutMilliseconds: min(waitMilliseconds, 100))
        }
        var events: [Event] = []
        for position in connections.indices {
            while let bytes = try connections[position].connection.pollNotice(timeoutMilliseconds: 0) {
                if let notice = try? Notice(decoding: bytes, network: configuration.network.id) { events.append(.noticed(notice)) }
            }
            let joins = connections[position].connection.connectionCount
            if joins > connections[position].joins {
                if connections[position].joins > 0 { events.append(.reconnected) }
                connections[position].joins = joins
            }
        }
        for call in underWay.keys.sorted() {
            guard let (position, id) = underWay[call], let result = try connections[position].connection.takeAnswer(id) else { continue }
            underWay[call] = nil
            if case .success(let body) = result, let response = try? Response(decoding: body, network: configuration.network.id) {
                events.append(.answered(call: call, response))
            } else {
                events.append(.unanswered(call: call))
            }
        }
        return events
    }

    /// The connection to the site of a service's node; a service of no node is at its chain's first site.
    private func position(of service: String) throws -> Int {
        let network = configuration.network
        let parts = service.split(separator: "@")
        var site: SiteDescription?
        if parts.count == 2 {
            site = configuration.node(String(parts[1])).flatMap { configuration.site($0.node.site) }
        } else {
            let chain = service.split(separator: ".").dropFirst().first.flatMap { ChainID(String($0)) }
            let description = chain.flatMap { network.chain($0) } ?? network.notary
            site = description.nodes.first.flatMap { configuration.site($0.site) }
        }
        guard let site else { preconditionFailure("wallets ask services of their network: \(service)") }
        if let position = connections.firstIndex(where: { $0.site == site.id }) { return position }
        let connection = try ClientConnection(
            context: context, name: "wallet", network: network.id, endpoint: site.endpoints.clients,
            identity: TransportIdentity(key: .generate(), serverKey: site.key))
        connections.append((site.id, connection, 0))
        return connections.count - 1
    }
}
