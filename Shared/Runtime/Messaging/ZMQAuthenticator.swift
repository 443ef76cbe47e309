import CZeroMQ
import Cryptography
import Foundation
import Synchronization

/// Says which CURVE keys may connect to the doors of one context: the ZAP handler (RFC 27).
///
/// There is one a context, and it stands before any door is bound (BUS-15). The doors set option 93, so that libzmq refuses
/// everybody when no handler answers; without it 4.3.4 lets strangers in. It has a thread of its own, so that a busy bus
/// does not keep handshakes waiting. Safe to use from any thread.
package final class ZMQAuthenticator: Sendable {
    /// Who may enter a ZAP domain.
    package enum Policy: Sendable {
        /// The keys listed; the value becomes the connection's User-Id.
        case listed([TransportKey: String])
        /// Every key; its 64 hexadecimal digits become the User-Id.
        case anyKey
    }

    private let handler: ZAPHandler

    /// Starts the handler; it answers when this returns.
    /// - Throws: `ZMQError` when the context has a handler already.
    package init(_ context: ZMQContext) throws(ZMQError) {
        handler = ZAPHandler(context: context)
        let thread = Thread { [handler] in handler.run() }
        thread.name = "zap"
        thread.start()
        handler.started.wait()
        if let error = handler.failure.withLock({ $0 }) { throw error }
    }

    deinit { stop() }

    /// Sets who may enter a domain, from the next handshake on.
    package func allow(domain: String, _ policy: Policy) {
        handler.policies.withLock { $0[domain] = policy }
    }

    /// Ends the handler and waits for its thread; from then on the doors refuse everybody.
    package func stop() {
        handler.stopSignal.raise()
        handler.ended.wait()
        handler.ended.signal()
    }
}

/// The thread's part of the authenticator.
private final class ZAPHandler: Sendable {
    let policies = Mutex<[String: ZMQAuthenticator.Policy]>([:])
    let failure = Mutex<ZMQError?>(nil)
    let stopSignal = WakeSignal()
    let started = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)
    private let context: Mutex<ZMQContext?>

    init(context: ZMQContext) { self.context = Mutex(context) }

    func run() {
        do {
            // The context is let go with the thread, so that it can end.
            guard let context = context.withLock({ let taken = $0; $0 = nil; return taken }) else { return }
            let socket = try ZMQSocket(context, .reply)
            try socket.set(ZMQ_LINGER, 0)
            try socket.bind("inproc://zeromq.zap.01")
            started.signal()
            try serve(socket)
        } catch let error as ZMQError {
            failure.withLock { $0 = error }
        } catch {
            preconditionFailure("sockets throw ZMQError only")
        }
        started.signal()
        ended.signal()
    }

    private func serve(_ socket: ZMQSocket) throws {
        while true {
            let ready = try ZMQPoller.wait([.socket(socket), .descriptor(stopSignal.descriptor)], timeoutMilliseconds: nil)
            if ready[1] { return }
            while let request = try socket.receive() {
                _ = try socket.send(answer(request.parts))
            }
        }
    }

    /// The answer to `version, request id, domain, address, identity, mechanism, key` (RFC 27).
    private func answer(_ request: [[UInt8]]) -> [[UInt8]] {
        let user = request.count == 7 && request[0] == Array("1.0".utf8) && request[5] == Array("CURVE".utf8)
            ? Digest(request[6]).map(TransportKey.init).flatMap { self.user(domain: String(decoding: request[2], as: UTF8.self), key: $0) }
            : nil
        let status = user == nil ? ["400", "this key is not known here", "", ""] : ["200", "", user ?? "", ""]
        return [Array("1.0".utf8), request.count > 1 ? request[1] : []] + status.map { Array($0.utf8) }
    }

    private func user(domain: String, key: TransportKey) -> String? {
        switch policies.withLock({ $0[domain] }) {
        case .listed(let names): names[key]
        case .anyKey: key.digest.hex
        case nil: nil
        }
    }
}
