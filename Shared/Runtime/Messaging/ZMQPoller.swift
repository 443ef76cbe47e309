import CZeroMQ
import Glibc

/// One thing that a thread waits for, until it can be read.
package enum ZMQPollItem {
    case socket(ZMQSocket)
    /// A file descriptor: an eventfd, a pipe.
    case descriptor(Int32)
}

/// Waits for several sockets and descriptors at once.
package enum ZMQPoller {
    /// Waits until one of the items can be read.
    /// - Parameter timeoutMilliseconds: the longest wait; nil waits without an end.
    /// - Returns: per item whether it can be read; all false after the timeout or a signal.
    /// - Throws: `ZMQError` when an item is of no use any more.
    package static func wait(_ items: [ZMQPollItem], timeoutMilliseconds: Int?) throws(ZMQError) -> [Bool] {
        var polled = items.map { item in
            switch item {
            case .socket(let socket): zmq_pollitem_t(socket: socket.open, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            case .descriptor(let descriptor): zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
            }
        }
        if zmq_poll(&polled, Int32(polled.count), timeoutMilliseconds ?? -1) < 0, zmq_errno() != EINTR { throw .last("poll") }
        return polled.map { $0.revents != 0 }
    }
}

/// Wakes a thread that waits in `ZMQPoller`. Safe to use from any thread.
package final class WakeSignal: Sendable {
    /// What the waiting thread polls.
    package let descriptor: Int32

    package init() {
        descriptor = open_wake_descriptor()
        precondition(descriptor >= 0, "a process that may not open an eventfd cannot run")
    }

    deinit { close(descriptor) }

    /// Wakes the thread; several calls before it looks count as one.
    package func raise() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Makes the signal quiet again.
    package func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
