import Dispatch
import Gateway
import Logging
import Runtime
import Synchronization

/// Serves a network over HTTP until it is stopped. When a chain has joined it begins anew, at the same port: whoever listened connects again.
final class GatewayService {
    private let folder: NetworkFolder
    private var configuration: NetworkConfiguration
    private var settings: Gateway.Settings
    private let logger: Logger
    private let notes: Notes
    private var files: FileChanges
    private var task: Task<Void, Never>?
    private var ended = DispatchSemaphore(value: 0)

    /// What the task that serves says, and where it says it.
    private final class Notes: Sendable {
        struct State {
            var problem: (any Error)?
            var port = 0
            /// Somebody was told where it is.
            var isTold = false
        }

        let state = Mutex<State>(State())
        private let ready: @Sendable (Int) -> Void
        private let failed: @Sendable () -> Void

        init(_ ready: @escaping @Sendable (Int) -> Void, _ failed: @escaping @Sendable () -> Void) {
            self.ready = ready
            self.failed = failed
        }

        func opened(_ port: Int) {
            let isFirst = state.withLock { state in
                defer { (state.port, state.isTold) = (port, true) }
                return !state.isTold
            }
            if isFirst { ready(port) }
        }

        func fail(_ error: any Error) {
            state.withLock { $0.problem = error }
            failed()
        }
    }

    /// - Parameters:
    ///   - ready: told the port, once requests are taken.
    ///   - failed: told when it cannot serve; `problem` says why.
    init(
        _ folder: NetworkFolder, _ configuration: NetworkConfiguration, _ settings: Gateway.Settings, logger: Logger,
        ready: @escaping @Sendable (Int) -> Void, failed: @escaping @Sendable () -> Void
    ) {
        self.folder = folder
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        notes = Notes(ready, failed)
        files = FileChanges(folder)
    }

    /// Why it ended by itself; nil while it serves.
    var problem: (any Error)? { notes.state.withLock { $0.problem } }

    func start() {
        let gateway = Gateway(configuration, settings, logger: logger)
        let ended = DispatchSemaphore(value: 0)
        self.ended = ended
        task = Task { [notes] in
            do {
                try await gateway.run { notes.opened($0) }
            } catch is CancellationError {
            } catch {
                notes.fail(error)
            }
            ended.signal()
        }
    }

    /// Looks whether the network has grown; call it every second or so.
    func look() {
        guard files.look(), let found = try? NetworkFile.read(folder.networkFile), found.network.id == configuration.network.id,
            found.network.joined.count != configuration.network.joined.count
        else { return }
        logger.notice("the network has grown: serving it anew", metadata: ["chains": "\(found.network.chains.count)"])
        stop()
        configuration = found
        settings.port = notes.state.withLock { $0.port }
        start()
    }

    /// Ends what is being served.
    func stop() {
        task?.cancel()
        ended.wait()
    }
}
