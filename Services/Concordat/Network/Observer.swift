import Cryptography
import Foundation
import Runtime
import Wire

/// Asks a network's services how they are, through the clients' doors, with a key made for the occasion.
final class Observer {
    /// What a consensus role says of its chain.
    struct Head {
        var chain: ChainID
        var node: String
        /// Nil when it does not answer.
        var height: Height?
        var final: FinalHeader?
    }

    private let configuration: NetworkConfiguration
    private let context = ZMQContext(threads: 1)
    private var connections: [String: ClientConnection] = [:]

    init(_ configuration: NetworkConfiguration) { self.configuration = configuration }

    /// The connection to a site's bus.
    func connection(_ site: SiteDescription) throws -> ClientConnection {
        if let connection = connections[site.id] { return connection }
        let connection = try ClientConnection(
            context: context, name: "observer", network: configuration.network.id, endpoint: site.endpoints.clients,
            identity: TransportIdentity(key: .generate(), serverKey: site.key))
        connections[site.id] = connection
        return connection
    }

    /// Newest final height of every node of every chain.
    func heads(timeoutMilliseconds: UInt32) throws -> [Head] {
        var questions: [(head: Head, connection: ClientConnection, id: UInt64?)] = []
        let network = configuration.network
        // One wait for all sites together: a network that is down must not cost it once a node.
        let joinEnd = BusClock.now().monotonicMilliseconds + UInt64(timeoutMilliseconds)
        for site in configuration.sites { _ = try connection(site) }
        for chain in network.chains + [network.notary] {
            for node in chain.listed {
                guard let site = configuration.site(node.site) else { continue }
                let connection = try connection(site)
                let service = Service.name(.consensus, chain: chain.id, node: node.id)
                let left = joinEnd > BusClock.now().monotonicMilliseconds ? UInt32(joinEnd - BusClock.now().monotonicMilliseconds) : 0
                let isJoined = try connection.waitUntilJoined(timeoutMilliseconds: left)
                let id = isJoined ? try connection.begin(service, Request.head(chain.id).encoded(), timeoutMilliseconds: timeoutMilliseconds) : nil
                questions.append((Head(chain: chain.id, node: node.id), connection, id))
            }
        }
        let end = BusClock.now().monotonicMilliseconds + UInt64(timeoutMilliseconds)
        return try questions.map { question in
            guard let id = question.id else { return question.head }
            var head = question.head
            if case .head(let final, let height)? = try answer(id, question.connection, until: end) {
                head.height = height
                head.final = final
            }
            return head
        }
    }

    /// Services that do not answer yet, of all that the network should have.
    func silent(collectors: Int, timeoutMilliseconds: UInt32) throws -> [String] {
        var silent: [String] = []
        let network = configuration.network
        var questions: [(service: String, connection: ClientConnection, id: UInt64)] = []
        for chain in network.chains + [network.notary] {
            for node in chain.listed {
                guard let site = configuration.site(node.site) else { continue }
                let connection = try connection(site)
                guard try connection.waitUntilJoined(timeoutMilliseconds: timeoutMilliseconds) else { return ["bus@\(site.id)"] }
                let isNotary = chain.id == .notary
                let services = [
                    (Service.name(.consensus, chain: chain.id, node: node.id), Request.head(chain.id)),
                    isNotary
                        ? (Service.name(.recorder, chain: .notary, node: node.id), Request.receipt(.zero))
                        : (Service.name(.collector, chain: chain.id, node: node.id), Request.head(chain.id)),
                ]
                for (service, request) in services {
                    let id = try connection.begin(service, request.encoded(), timeoutMilliseconds: timeoutMilliseconds)
                    questions.append((service, connection, id))
                }
            }
        }
        let end = BusClock.now().monotonicMilliseconds + UInt64(timeoutMilliseconds)
        for question in questions {
            switch try answer(question.id, question.connection, until: end) {
            case nil, .failure(.notReady, _): silent.append(question.service)
            default: continue
            }
        }
        return silent
    }

    private func answer(_ id: UInt64, _ connection: ClientConnection, until end: UInt64) throws -> Response? {
        while true {
            if let result = try connection.takeAnswer(id) {
                guard case .success(let body) = result else { return nil }
                return try? Response(decoding: body, network: configuration.network.id)
            }
            let now = BusClock.now().monotonicMilliseconds
            guard now < end else { return nil }
            _ = try ZMQPoller.wait(connection.pollItems, timeoutMilliseconds: Int(min(end - now, 20)))
        }
    }
}
