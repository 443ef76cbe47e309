import Cryptography
import Runtime
import Wire

/// Listens on every bus of a network, with a key that may do nothing else (BUS-17): the pipeline neither waits for it nor knows that it is there. Each bus
/// is heard for its own site's streams, so no frame comes twice.
package final class TapReader {
    private let context = ZMQContext(threads: 1)
    private var buses: [(site: String, client: BusClient)] = []

    /// Starts to connect.
    ///
    /// - Parameters:
    ///   - name: under which the buses have the key, or that, a slash and a number of at most six digits.
    ///   - patterns: topics to hear.
    ///   - isFromOldest: whether streams begin with the oldest frame that a bus's log has, instead of with the next one.
    /// - Throws: when a door has no valid form.
    package init(
        _ configuration: NetworkConfiguration, name: String, key: TransportKeyPair, patterns: [BusPattern], isFromOldest: Bool
    ) throws(ZMQError) {
        for site in configuration.sites {
            var settings = BusClientConfiguration(
                name: name, network: configuration.network.id, door: site.endpoints.members, fanOut: site.endpoints.publish,
                identity: TransportIdentity(key: key, serverKey: site.key))
            settings.subscriptions = patterns
            settings.onlySite = site.id
            settings.fromOldest = isFromOldest
            buses.append((site.id, try BusClient(context: context, configuration: settings)))
        }
    }

    /// Sites whose bus has not let it in yet.
    package var silentSites: [String] { buses.filter { !$0.client.isJoined }.map(\.site) }

    /// Takes what has come, waiting for at most so long.
    package func receive(waitMilliseconds: Int) throws(ZMQError) -> [(site: String, event: BusEvent)] {
        let wait = buses.map { $0.client.millisecondsUntilWork() }.min().map { min($0, waitMilliseconds) } ?? waitMilliseconds
        _ = try ZMQPoller.wait(buses.flatMap(\.client.pollItems), timeoutMilliseconds: wait)
        var events: [(site: String, event: BusEvent)] = []
        for (site, client) in buses { events += try client.receive().map { (site, $0) } }
        return events
    }

    /// Says goodbye.
    package func leave() throws(ZMQError) { for (_, client) in buses where client.isJoined { try client.leave() } }
}
