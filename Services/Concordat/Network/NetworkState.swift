import Foundation
import Runtime

/// What `up` leaves in the network's folder, so that `status` and `down` find it.
struct NetworkState: Codable {
    struct Entry: Codable {
        var name: String
        /// 0 when it does not run, or runs in the supervisor's own process.
        var processID: Int32
        var restarts: Int
    }

    /// The supervisor.
    var processID: Int32
    /// Unix milliseconds.
    var startedMilliseconds: UInt64
    /// Seconds until every role answered; nil before that.
    var readySeconds: Double?
    var processes: [Entry]
    /// Whether what ends is started again; nil of a program before this one.
    var restarts: Bool?

    static func read(_ folder: NetworkFolder) -> NetworkState? {
        guard let data = FileManager.default.contents(atPath: folder.stateFile) else { return nil }
        return try? JSONDecoder().decode(NetworkState.self, from: data)
    }

    /// The state of a network that runs; nil when its supervisor is gone.
    static func running(_ folder: NetworkFolder) -> NetworkState? {
        guard FolderLock.holder(folder.lockFile) != nil else { return nil }
        return read(folder)
    }

    func write(_ folder: NetworkFolder) {
        guard let data = try? JSONEncoder().encode(self) else { return }
        try? data.write(to: URL(fileURLWithPath: folder.stateFile), options: .atomic)
    }
}
