import Cryptography
import Foundation
import LoadCore
import Runtime

/// Bounds and keys of the link between a run's coordinator and its workers. Both sides know one secret; their keys follow from it, so that each
/// knows the other, and nobody else can listen or speak.
package enum WorkerLink {
    /// Bytes of one message.
    package static let messageBytes = 16 << 20
    /// Payments in one message.
    package static let linesAtOnce = 2_000
    package static let tokenBytes = 16
    static let domain = "load"
    private static let highWaterMark: Int32 = 4_096

    static func serverKey(_ token: String) -> TransportKeyPair { TransportKeyPair(secret: Blake2b.hash(Array("concordat load coordinator \(token)".utf8))) }
    static func workerKey(_ token: String) -> TransportKeyPair { TransportKeyPair(secret: Blake2b.hash(Array("concordat load worker \(token)".utf8))) }

    static func setBounds(_ socket: ZMQSocket) throws { try socket.setBounds(highWaterMark: highWaterMark, messageBytes: messageBytes) }

    static func encode(_ message: WorkerMessage) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(message) else { preconditionFailure("messages hold plain values only") }
        return [UInt8](data)
    }

    /// - Returns: nil for bytes that are no message.
    static func decode(_ bytes: [UInt8]) -> WorkerMessage? { try? JSONDecoder().decode(WorkerMessage.self, from: Data(bytes)) }
}

/// The coordinator's side of the link. One thread owns it.
package final class WorkerHub {
    private let context = ZMQContext(threads: 1)
    private let authenticator: ZMQAuthenticator
    private let socket: ZMQSocket
    /// Where workers connect to, with the port that was chosen where none was named.
    package let endpoint: String
    /// Connections of workers, in the order in which they came.
    private var workers: [[UInt8]] = []

    /// Opens the door for those who know the secret.
    package init(_ endpoint: String, token: String) throws {
        authenticator = try ZMQAuthenticator(context)
        authenticator.allow(domain: WorkerLink.domain, .listed([WorkerLink.workerKey(token).publicKey: "worker"]))
        socket = try ZMQSocket(context, .router)
        try WorkerLink.setBounds(socket)
        try socket.guardDoor(key: WorkerLink.serverKey(token), domain: WorkerLink.domain)
        self.endpoint = try socket.bind(endpoint)
    }

    deinit {
        socket.close()
        authenticator.stop()
    }

    /// Tells a worker something, by its number.
    package func tell(_ worker: Int, _ message: WorkerMessage) throws { _ = try socket.send([workers[worker], WorkerLink.encode(message)]) }

    /// What has come, after waiting at most so long, with the number of the worker; what is no message, or comes from one worker too many, is left out.
    package func receive(waitMilliseconds: Int) throws -> [(worker: Int, message: WorkerMessage)] {
        _ = try ZMQPoller.wait([.socket(socket)], timeoutMilliseconds: waitMilliseconds)
        var messages: [(worker: Int, message: WorkerMessage)] = []
        while let received = try socket.receive() {
            guard received.parts.count == 2, let message = WorkerLink.decode(received.parts[1]) else { continue }
            if let known = workers.firstIndex(of: received.parts[0]) {
                messages.append((known, message))
            } else if workers.count < LoadLimits.workers {
                workers.append(received.parts[0])
                messages.append((workers.count - 1, message))
            }
        }
        return messages
    }
}

/// A worker's side of the link. One thread owns it.
package final class WorkerPipe {
    private let context = ZMQContext(threads: 1)
    private let socket: ZMQSocket

    /// Connects to a coordinator that knows the same secret.
    package init(_ endpoint: String, token: String) throws {
        socket = try ZMQSocket(context, .dealer)
        try WorkerLink.setBounds(socket)
        try socket.identify(TransportIdentity(key: WorkerLink.workerKey(token), serverKey: WorkerLink.serverKey(token).publicKey))
        try socket.connect(endpoint)
    }

    deinit { socket.close() }

    private static let fullSeconds = 30.0

    /// Tells the coordinator something, waiting while the link is full.
    /// - Returns: false when it stayed full.
    package func tell(_ message: WorkerMessage) throws -> Bool {
        let end = Date().addingTimeInterval(WorkerPipe.fullSeconds)
        let bytes = WorkerLink.encode(message)
        while try socket.send([bytes]) != .taken {
            guard Date() < end else { return false }
            usleep(10_000)
        }
        return true
    }

    /// The next message; waits for one at most so long.
    package func receive(waitMilliseconds: Int) throws -> WorkerMessage? {
        _ = try ZMQPoller.wait([.socket(socket)], timeoutMilliseconds: waitMilliseconds)
        return try socket.receive().flatMap { $0.parts.count == 1 ? WorkerLink.decode($0.parts[0]) : nil }
    }
}
