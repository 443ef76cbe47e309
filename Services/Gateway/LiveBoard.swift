import Runtime
import Synchronization
import TapCore
import Wire

/// What is known of the network right now, as it was heard and asked.
final class LiveBoard: Sendable {
    /// Whether the buses are heard.
    struct Hearing: Sendable, Encodable {
        /// False without a tap's key, and once the tap has ended.
        var is_listening = false
        /// Sites whose bus has not let the tap in.
        var silent_sites: [String] = []
        /// Frames that no log held any more.
        var missed: UInt64 = 0
    }

    private struct State {
        var hearing = Hearing()
        var alarms = AlarmBook()
    }

    private let state = Mutex(State())

    init(_ configuration: NetworkConfiguration) {}

    func hear(_ message: Message, by publisher: String, at time: UInt64) {
        state.withLock { state in
            switch message {
            case .alarm(let alarm): state.alarms.add(alarm, by: publisher, at: time)
            default: return
            }
        }
    }

    func listens(silentSites: [String]) {
        state.withLock { state in
            state.hearing.is_listening = true
            state.hearing.silent_sites = silentSites
        }
    }

    func missed(_ frames: UInt64) { state.withLock { $0.hearing.missed += frames } }

    func tapEnded() { state.withLock { $0.hearing.is_listening = false } }

    var hearing: Hearing { state.withLock(\.hearing) }
    var alarms: [AlarmBook.Entry] { state.withLock(\.alarms.entries) }
}
