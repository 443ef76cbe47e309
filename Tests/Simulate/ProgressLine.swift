import Dispatch
import Foundation
import Synchronization

/// Says on standard error how far a long run has come.
final class ProgressLine: Sendable {
    private struct State {
        var ended = 0
        var failed = 0
    }

    private let all: Int
    private let started = DispatchTime.now().uptimeNanoseconds
    private let state = Mutex(State())
    private static let every = 500

    init(of all: Int) { self.all = all }

    /// One more seed has ended.
    func count(hasFailed: Bool) {
        let line = state.withLock { state -> String? in
            state.ended += 1
            if hasFailed { state.failed += 1 }
            guard state.ended.isMultiple(of: ProgressLine.every), state.ended < all else { return nil }
            let hours = Double(DispatchTime.now().uptimeNanoseconds - started) / 3.6e12
            return "\(state.ended) of \(all) seeds, \(state.failed) with violations, \(Int(Double(state.ended) / hours)) an hour\n"
        }
        if let line { FileHandle.standardError.write(Data(line.utf8)) }
    }
}
