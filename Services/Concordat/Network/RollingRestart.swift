import Cryptography
import Foundation
import Runtime
import TapShell
import Wire

/// Ends processes of a network that `up` runs, one at a time, and waits until each is back and has caught up, by what it says on the bus.
struct RollingRestart {
    private let folder: NetworkFolder
    private let configuration: NetworkConfiguration
    private let reader: TapReader
    private let timeoutMilliseconds: UInt64
    private var beats: [RoleAddress: Beat] = [:]

    init(_ folder: NetworkFolder, _ configuration: NetworkConfiguration, _ reader: TapReader, timeoutMilliseconds: UInt64) throws {
        self.folder = folder
        self.configuration = configuration
        self.reader = reader
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Hears every role once, so that it is known how far each is.
    mutating func prepare() throws {
        let all = roles { _ in true }
        let end = BusClock.now().monotonicMilliseconds + timeoutMilliseconds
        while let missing = all.first(where: { beats[$0] == nil }) {
            guard BusClock.now().monotonicMilliseconds < end else {
                throw Failure(.timedOut, "\(missing) does not say how it does, so nothing was started anew", "Mend it first: concordat status, and its log in \(folder.path)/run/logs")
            }
            try take()
        }
    }

    /// Ends one process and waits until what is started in its place has caught up.
    ///
    /// - Returns: seconds until it was back.
    mutating func restart(_ name: ProcessName) throws -> Double {
        guard let former = process(name) else { throw Failure(.failed, "\(name) does not run", "concordat status shows what runs.") }
        let begin = BusClock.now()
        let heights = beats.mapValues(\.height)
        kill(former, SIGTERM)
        let end = begin.monotonicMilliseconds + timeoutMilliseconds
        let waits = roles { address in
            switch name {
            case .role(let wanted): address == wanted
            case .bus(let site): configuration.site(of: address)?.id == site
            }
        }
        if case .bus = name { for address in waits { beats[address] = nil } }
        while !isBack(name, former, waits, heights, since: begin.wallMilliseconds) {
            guard BusClock.now().monotonicMilliseconds < end else {
                throw Failure(
                    .timedOut, "\(name) did not come back within \(timeoutMilliseconds / 1_000) s; everything after it was left alone",
                    "See its log in \(folder.path)/run/logs, then run the same command again.")
            }
            try take()
        }
        return Double(BusClock.now().monotonicMilliseconds - begin.monotonicMilliseconds) / 1_000
    }

    func end() throws { try reader.leave() }

    private func isBack(_ name: ProcessName, _ former: Int32, _ waits: [RoleAddress], _ heights: [RoleAddress: Height], since begin: UInt64) -> Bool {
        guard let now = process(name), now != former else { return false }
        return waits.allSatisfy { address in
            guard let beat = beats[address] else { return false }
            if case .role = name, beat.startedMilliseconds < begin { return false }
            return beat.height >= heights[address] ?? 0
        }
    }

    private func process(_ name: ProcessName) -> Int32? {
        NetworkState.running(folder)?.processes.first { $0.name == name.description }.flatMap { $0.processID > 0 ? $0.processID : nil }
    }

    private func roles(_ isMeant: (RoleAddress) -> Bool) -> [RoleAddress] {
        (NetworkState.running(folder)?.processes ?? []).compactMap { entry in
            guard case .role(let address)? = ProcessName(entry.name), isMeant(address) else { return nil }
            return address
        }
    }

    private mutating func take() throws {
        for (_, event) in try reader.receive(waitMilliseconds: 100) {
            guard case .delivered(let delivery) = event, let address = RoleAddress(delivery.stamp.publisher),
                case .beat(let beat)? = try? Message(decoding: delivery.body, network: configuration.network.id)
            else { continue }
            beats[address] = beat
        }
    }
}
