import Cryptography
import Foundation
import Runtime
import TapShell
import WalletDesk
import Wire

/// Makes readers with the key of a tap of `network.yaml`.
enum TapKey {
    /// - Parameter name: of the tap; nil for the one that `init` makes.
    /// - Throws: a failure that says what to do, when the key is not here or no bus answers.
    static func reader(
        _ folder: NetworkFolder, _ configuration: NetworkConfiguration, name: String?, patterns: [BusPattern], isFromOldest: Bool
    ) throws -> TapReader {
        let name = name ?? NetworkPlan.tapName
        let key: TransportKeyPair
        do { key = try KeyFile.readTransport(folder.transportKey(name)) } catch {
            throw Failure(.configuration, "the key of \(name) cannot be read: \(error.summary)", "Run this where the key is, with --data; --name names another tap of network.yaml.")
        }
        try Inquiry.requireReachable(configuration, folder)
        // Several taps may use one key, each under a number of its own.
        return try TapReader(configuration, name: "\(name)/\(1 + getpid() % 999_999)", key: key, patterns: patterns, isFromOldest: isFromOldest)
    }
}
