import CZeroMQ

/// What this program is.
enum Version {
    static let text = "0.1.0"

    /// Version of the libzmq that is loaded.
    static var zeroMQ: (major: Int32, minor: Int32, patch: Int32) {
        var version: (major: Int32, minor: Int32, patch: Int32) = (0, 0, 0)
        zmq_version(&version.major, &version.minor, &version.patch)
        return version
    }
}
