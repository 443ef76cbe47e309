import Logging

/// The server's log without what it says of connections that were open when it was asked to end: nothing is wrong with them.
struct ServerLog: LogHandler {
    private var base: any LogHandler

    init(_ logger: Logger) { base = logger.handler }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard !"\(event.message)".hasSuffix("CancellationError()") else { return }
        base.log(event: event)
    }
}
