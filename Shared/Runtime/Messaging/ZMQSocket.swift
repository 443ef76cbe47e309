import CZeroMQ
import Glibc
import Wire

/// A message as it came in.
package struct ZMQMessage: Sendable {
    /// Its parts, without the connection's identity where `ZMQSocket.receive` was not on a router.
    package var parts: [[UInt8]]
    /// The User-Id that the ZAP handler gave the sender, read from the last part: libzmq 4.3.4 may lose it on the first part
    /// after a poll. Nil when the message came over inproc or the door authenticates nobody.
    package var userID: String?
}

/// One ZeroMQ socket. Not Sendable: the thread that made it owns it.
package final class ZMQSocket {
    /// Socket types of ZeroMQ that are used here.
    package enum Kind: Sendable {
        case pair, publish, subscribe, reply, request, dealer, router, extendedPublish

        var number: Int32 {
            switch self {
            case .pair: ZMQ_PAIR
            case .publish: ZMQ_PUB
            case .subscribe: ZMQ_SUB
            case .reply: ZMQ_REP
            case .request: ZMQ_REQ
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .extendedPublish: ZMQ_XPUB
            }
        }
    }

    /// What became of a message given to `send`.
    package enum Sent: Sendable, Equatable {
        /// libzmq has it.
        case taken
        /// The queue is at its high-water mark, or there is no connection yet.
        case full
        /// A router knows no connection of that identity.
        case unreachable
    }

    package let context: ZMQContext
    private(set) var handle: UnsafeMutableRawPointer?

    package init(_ context: ZMQContext, _ kind: Kind) throws(ZMQError) {
        guard let handle = zmq_socket(context.handle, kind.number) else { throw .last("make a socket") }
        self.context = context
        self.handle = handle
        // By default a context waits for ever for what its closed sockets could not send.
        try set(ZMQ_LINGER, BusTiming.lingerMilliseconds)
    }

    deinit { close() }

    /// Closes the socket; a second time does nothing.
    package func close() {
        guard let handle else { return }
        zmq_close(handle)
        self.handle = nil
    }

    var open: UnsafeMutableRawPointer {
        guard let handle else { preconditionFailure("the owner of a socket does not use it after closing it") }
        return handle
    }

    /// Sets an option that is an `int`.
    package func set(_ option: Int32, _ value: Int32) throws(ZMQError) {
        var value = value
        guard zmq_setsockopt(open, option, &value, MemoryLayout<Int32>.size) == 0 else { throw .last("set socket option \(option)") }
    }

    /// Sets an option that is an `int64_t`.
    package func set(_ option: Int32, wide value: Int64) throws(ZMQError) {
        var value = value
        guard zmq_setsockopt(open, option, &value, MemoryLayout<Int64>.size) == 0 else { throw .last("set socket option \(option)") }
    }

    /// Sets an option that is a byte string.
    package func set(_ option: Int32, _ bytes: [UInt8]) throws(ZMQError) {
        let result = bytes.withUnsafeBytes { zmq_setsockopt(open, option, $0.baseAddress, $0.count) }
        guard result == 0 else { throw .last("set socket option \(option)") }
    }

    /// Connects to an endpoint; ZeroMQ goes on trying by itself.
    package func connect(_ endpoint: String) throws(ZMQError) {
        guard zmq_connect(open, endpoint) == 0 else { throw .last("connect to \(endpoint)") }
    }

    /// Binds an endpoint.
    /// - Returns: the endpoint with the port that was chosen where it names none (`tcp://127.0.0.1:*`).
    @discardableResult
    package func bind(_ endpoint: String) throws(ZMQError) -> String {
        guard zmq_bind(open, endpoint) == 0 else { throw .last("bind \(endpoint)") }
        var buffer = [UInt8](repeating: 0, count: 512)
        var length = buffer.count
        guard zmq_getsockopt(open, ZMQ_LAST_ENDPOINT, &buffer, &length) == 0, length > 0 else { return endpoint }
        return String(decoding: buffer.prefix(length - 1), as: UTF8.self)
    }

    /// Stops listening, and ends the connections that came in there; those within the process stay.
    package func unbind(_ endpoint: String) throws(ZMQError) {
        guard zmq_unbind(open, endpoint) == 0 else { throw .last("unbind \(endpoint)") }
    }

    /// Sends one message without waiting.
    /// - Parameter parts: at least one.
    /// - Throws: `ZMQError` when the socket is of no use any more.
    package func send(_ parts: [[UInt8]]) throws(ZMQError) -> Sent {
        precondition(!parts.isEmpty, "a message has a part")
        for (index, part) in parts.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < parts.count ? ZMQ_SNDMORE : 0)
            while part.withUnsafeBytes({ zmq_send(open, $0.baseAddress, $0.count, flags) }) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                // libzmq decides at the first part; once it has that one it takes the rest.
                case EAGAIN where index == 0: return .full
                case EHOSTUNREACH where index == 0: return .unreachable
                default: throw .last("send")
                }
            }
        }
        return .taken
    }

    /// Takes one message without waiting.
    /// - Parameter withUserID: also reads who sent it.
    /// - Returns: nil when there is none.
    package func receive(withUserID: Bool = false) throws(ZMQError) -> ZMQMessage? {
        var message = ZMQMessage(parts: [], userID: nil)
        var frame = zmq_msg_t()
        zmq_msg_init(&frame)
        defer { zmq_msg_close(&frame) }
        repeat {
            while zmq_msg_recv(&frame, open, ZMQ_DONTWAIT) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN where message.parts.isEmpty: return nil
                default: throw .last("receive")
                }
            }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&frame), count: zmq_msg_size(&frame))
            message.parts.append(Array(bytes))
        } while zmq_msg_more(&frame) != 0
        if withUserID, let userID = zmq_msg_gets(&frame, "User-Id") { message.userID = String(cString: userID) }
        return message
    }
}
