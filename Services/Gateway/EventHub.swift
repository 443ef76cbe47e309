import Synchronization

/// One thing that happened, as server-sent events say it.
package struct LiveEvent: Sendable {
    /// What it is about.
    package enum Kind: String, Sendable, CaseIterable { case board, block, transaction, alarm }

    /// Nil for a sign of life.
    package let kind: Kind?
    /// What goes over the line; made once for all who hear it.
    package let bytes: [UInt8]

    package init(_ kind: Kind, _ content: some Encodable) {
        self.kind = kind
        bytes = LiveEvent.line(kind.rawValue, JSONAnswer.text(content))
    }

    private init(bytes: [UInt8]) {
        kind = nil
        self.bytes = bytes
    }

    /// Shows a client that the connection stands.
    package static let alive = LiveEvent(bytes: Array(": alive\n\n".utf8))

    /// The last thing that somebody hears who was too slow.
    static let cut = line("cut", JSONAnswer.text(["reason": "overloaded", "detail": "more than \(GatewayLimits.eventBacklogBytes) bytes of events waited for this client"]))

    private static func line(_ name: String, _ content: [UInt8]) -> [UInt8] { Array("event: \(name)\ndata: ".utf8) + content + Array("\n\n".utf8) }
}

/// Who hears events. Nobody is waited for: whoever falls behind is cut off.
package final class EventHub: Sendable {
    /// One who hears.
    package final class Client: Sendable {
        package let events: AsyncStream<LiveEvent>
        fileprivate let continuation: AsyncStream<LiveEvent>.Continuation
        fileprivate let kinds: Set<LiveEvent.Kind>
        private let state = Mutex<(isCut: Bool, waitingBytes: Int, cancel: (@Sendable () -> Void)?)>((false, 0, nil))

        fileprivate init(_ kinds: Set<LiveEvent.Kind>) {
            self.kinds = kinds
            // What waits is bounded by `offer`.
            (events, continuation) = AsyncStream.makeStream(of: LiveEvent.self, bufferingPolicy: .unbounded)
        }

        /// - Returns: false when too much waits already.
        fileprivate func offer(_ event: LiveEvent) -> Bool {
            let hasRoom = state.withLock { state in
                guard state.waitingBytes + event.bytes.count <= GatewayLimits.eventBacklogBytes else { return false }
                state.waitingBytes += event.bytes.count
                return true
            }
            if hasRoom { continuation.yield(event) }
            return hasRoom
        }

        /// An event went over the line.
        package func told(_ event: LiveEvent) { state.withLock { $0.waitingBytes -= event.bytes.count } }

        /// Whether it fell behind.
        package var isCut: Bool { state.withLock(\.isCut) }

        /// What ends it even while it waits for its client to read.
        package func whenCut(_ cancel: @escaping @Sendable () -> Void) { state.withLock { $0.cancel = cancel } }

        fileprivate func cut() {
            continuation.finish()
            state.withLock { $0.isCut = true }
            Task {
                try? await Task.sleep(for: .milliseconds(GatewayLimits.eventCutMilliseconds))
                state.withLock(\.cancel)?()
            }
        }
    }

    package init() {}

    private let clients = Mutex<[ObjectIdentifier: Client]>([:])

    /// How many hear.
    package var count: Int { clients.withLock(\.count) }

    /// - Throws: a fault when too many hear already.
    package func join(_ kinds: Set<LiveEvent.Kind>) throws(GatewayFault) -> Client {
        let client = Client(kinds)
        let isIn = clients.withLock { clients in
            guard clients.count < GatewayLimits.eventClients else { return false }
            clients[ObjectIdentifier(client)] = client
            return true
        }
        guard isIn else { throw GatewayFault(503, .overloaded, "\(GatewayLimits.eventClients) clients hear events already", "Ask /v1/board now and then instead.") }
        return client
    }

    /// Somebody hears no more.
    package func leave(_ client: Client) {
        clients.withLock { $0[ObjectIdentifier(client)] = nil }
        client.continuation.finish()
    }

    /// Whether anybody hears events of a kind: what nobody hears need not be made.
    package func hears(_ kind: LiveEvent.Kind) -> Bool { clients.withLock { $0.values.contains { $0.kinds.contains(kind) } } }

    /// Tells everybody who wants to hear of it, and waits for nobody.
    package func tell(_ event: LiveEvent) {
        let all = clients.withLock { Array($0.values) }
        for client in all where event.kind.map({ client.kinds.contains($0) }) ?? true {
            guard !client.offer(event) else { continue }
            clients.withLock { $0[ObjectIdentifier(client)] = nil }
            client.cut()
        }
    }

    /// Ends all, as at a shutdown.
    package func close() {
        let all = clients.withLock { clients in
            defer { clients.removeAll() }
            return Array(clients.values)
        }
        for client in all { client.continuation.finish() }
    }
}
