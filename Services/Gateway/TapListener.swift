import Cryptography
import Dispatch
import Foundation
import Logging
import Runtime
import Synchronization
import TapShell
import Wire

/// Hears what is published for people: alarms and signs of life. It owns the tap's sockets.
final class TapListener: Stoppable {
    private let isStopping = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    /// What people look at; nothing of the pipeline's bulk.
    private static let patterns: [BusPattern] = ["alarm", "beat"]

    /// - Returns: nil without a tap's key.
    init?(_ configuration: NetworkConfiguration, _ tap: (name: String, key: TransportKeyPair)?, _ board: LiveBoard, _ logger: Logger) {
        guard let tap else { return nil }
        let thread = Thread { [self] in
            do { try run(configuration, tap, board) } catch { logger.error("the tap ended", metadata: ["error": "\(error)"]) }
            board.tapEnded()
            ended.signal()
        }
        thread.name = "tap"
        thread.start()
    }

    private func run(_ configuration: NetworkConfiguration, _ tap: (name: String, key: TransportKeyPair), _ board: LiveBoard) throws {
        let reader = try TapReader(
            configuration, name: "\(tap.name)/\(1 + getpid() % 999_999)", key: tap.key, patterns: TapListener.patterns, isFromOldest: true)
        while !isStopping.withLock({ $0 }) {
            for (_, event) in try reader.receive(waitMilliseconds: 200) {
                switch event {
                case .delivered(let delivery):
                    guard let message = try? Message(decoding: delivery.body, network: configuration.network.id) else { continue }
                    board.hear(message, by: delivery.stamp.publisher, at: delivery.stamp.timeMilliseconds)
                case .lost(_, _, let from, let through): board.missed(1 + (through >= from ? through - from : 0))
                case .broken, .restarted, .disconnected, .refused, .called, .answered, .pushed, .acknowledged, .welcomed, .services: continue
                }
            }
            board.listens(silentSites: reader.silentSites)
        }
        try reader.leave()
    }

    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
    }
}
