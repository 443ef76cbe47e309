import Foundation
import Runtime
import WalletDesk

extension Inquiry {
    /// Refuses at once when nothing of the network can be reached.
    static func requireReachable(_ configuration: NetworkConfiguration, _ folder: NetworkFolder) throws {
        let observer = Observer(configuration)
        let end = BusClock.now().monotonicMilliseconds + reachMilliseconds
        repeat {
            for site in configuration.sites where try observer.connection(site).waitUntilJoined(timeoutMilliseconds: turnMilliseconds) { return }
        } while BusClock.now().monotonicMilliseconds < end
        let doors = configuration.sites.map(\.endpoints.clients).joined(separator: ", ")
        throw Failure(.unreachable, "the network of \(folder.path) does not answer at \(doors)", "Start it: concordat up --data \(folder.path)")
    }

    private static let reachMilliseconds: UInt64 = 1_500
    /// How long one site is looked at before the next.
    private static let turnMilliseconds: UInt32 = 20
}
