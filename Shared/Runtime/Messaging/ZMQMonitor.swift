import CZeroMQ
import Synchronization

/// Hears what happens to the connections of one socket. Owned by the socket's thread.
final class ZMQMonitor {
    enum Event: Equatable {
        /// The handshake is done; messages flow.
        case connected
        /// The connection is gone.
        case disconnected
        /// The other side refused the key.
        case refused
    }

    /// Readable when something happened.
    let socket: ZMQSocket
    private let watched: ZMQSocket

    private static let count = Atomic<UInt64>(0)
    private static let events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL

    /// Watches a socket; before it connects. Connections over inproc are not reported.
    init(_ watched: ZMQSocket) throws(ZMQError) {
        let number = ZMQMonitor.count.add(1, ordering: .relaxed).newValue
        let endpoint = "inproc://monitor-\(number)"
        guard zmq_socket_monitor(watched.open, endpoint, Int32(ZMQMonitor.events)) == 0 else { throw .last("watch a socket") }
        self.watched = watched
        socket = try ZMQSocket(watched.context, .pair)
        try socket.set(ZMQ_LINGER, 0)
        try socket.connect(endpoint)
    }

    /// Takes the next event without waiting; nil when there is none.
    func receive() throws(ZMQError) -> Event? {
        while let message = try socket.receive() {
            guard let head = message.parts.first, head.count >= 2 else { continue }
            switch Int32(UInt16(head[0]) | UInt16(head[1]) << 8) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused
            default: return .disconnected
            }
        }
        return nil
    }

    /// Stops watching; before the watched socket is closed.
    func close() {
        if watched.handle != nil { zmq_socket_monitor(watched.open, nil, 0) }
        socket.close()
    }
}
