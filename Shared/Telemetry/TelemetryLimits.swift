/// Bounds of what a process shows of itself.
package enum TelemetryLimits {
    /// Series on one page; what is beyond is left out, and counted.
    package static let series = 50_000
    /// Series that code may make through swift-metrics while the process runs; beyond that they lead nowhere, and are counted.
    package static let instruments = 5_000
    /// Connections at a time; further ones wait until one is free.
    package static let connections = 64
    /// A connection that says nothing for so long is closed.
    package static let idleSeconds: Int64 = 15
    /// Bytes of one header of a request, and of all of them.
    package static let headerFieldBytes = 4 * 1024
    package static let headerBytes = 16 * 1024
    /// Headers of one request.
    package static let headerFields = 64
    /// How long a server may take to open its port, and to close it.
    package static let startSeconds = 5.0
    package static let stopSeconds = 2.0
}
