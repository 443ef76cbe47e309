import CZeroMQ
import Glibc
import Wire

/// What libzmq said when it could not do something.
package struct ZMQError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The number libzmq gave (`errno`).
    package let code: Int32
    /// What was tried.
    package let doing: String

    /// The error of the libzmq call that has just failed on this thread.
    static func last(_ doing: String) -> ZMQError { ZMQError(code: zmq_errno(), doing: doing) }

    package var description: String { "\(doing): \(String(cString: zmq_strerror(code)))" }
}

/// A ZeroMQ context: the input and output threads that sockets share. Safe to use from any thread.
///
/// It ends when its last socket has been closed and nobody holds it any more.
package final class ZMQContext: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// - Parameter threads: input and output threads; one carries about a gigabyte a second.
    package init(threads: Int32 = 1) {
        guard let handle = zmq_ctx_new() else { preconditionFailure("a ZeroMQ context needs memory only") }
        self.handle = handle
        zmq_ctx_set(handle, ZMQ_IO_THREADS, threads)
        zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, BusLimits.contextSockets)
    }

    deinit {
        // Every socket holds the context, so there is none left and this does not wait for one.
        while zmq_ctx_term(handle) != 0 && zmq_errno() == EINTR {}
    }
}
