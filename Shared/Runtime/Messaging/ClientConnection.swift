import Cryptography
import DequeModule
import Wire

/// A wallet's connection to the clients' door of a bus. One thread owns it; its calls wait, up to a deadline.
package final class ClientConnection {
    private let client: BusClient
    private var nextCall: UInt64 = 1
    private var answers: [UInt64: Result<[UInt8], BusReason>] = [:]
    private var notices: Deque<[UInt8]> = []
    /// Name under which services push to this connection; changes when it is made anew, so a watch must then be set again.
    package private(set) var connectionName = ""
    /// Counts the connections made; a change means that watches are to be set again.
    package private(set) var connectionCount = 0
    /// Why the bus refused the last thing it refused.
    package private(set) var lastRefusal: BusReason?

    /// Starts to connect.
    /// - Parameter endpoint: the clients' door.
    /// - Parameter identity: any key pair, and the bus's key; nil over inproc.
    /// - Throws: `ZMQError` when the endpoint has no valid form.
    package init(
        context: ZMQContext, name: String, network: Digest, endpoint: String, identity: TransportIdentity?
    ) throws(ZMQError) {
        let configuration = BusClientConfiguration(name: name, network: network, door: endpoint, fanOut: nil, identity: identity)
        client = try BusClient(context: context, configuration: configuration)
    }

    /// True while the bus knows the connection.
    package var isJoined: Bool { client.isJoined }

    /// What a thread with other work waits for, to call `pollNotice(timeoutMilliseconds: 0)` when one can be read.
    package var pollItems: [ZMQPollItem] { client.pollItems }

    /// Waits until the bus knows the connection.
    /// - Returns: false after the timeout.
    package func waitUntilJoined(timeoutMilliseconds: UInt32) throws(ZMQError) -> Bool {
        try wait(timeoutMilliseconds) { client.isJoined }
        return client.isJoined
    }

    /// Sends a request and waits for its answer. Notices that arrive meanwhile are kept.
    /// - Returns: the answer's body, or the reason why there is none.
    package func call(_ service: String, _ body: [UInt8], timeoutMilliseconds: UInt32) throws(ZMQError) -> Result<[UInt8], BusReason> {
        let id = try begin(service, body, timeoutMilliseconds: timeoutMilliseconds)
        try wait(min(timeoutMilliseconds, BusTiming.callLongestMilliseconds) + UInt32(BusTiming.callGraceMilliseconds)) { answers[id] != nil }
        return answers.removeValue(forKey: id) ?? .failure(.timeout)
    }

    /// Sends a request without waiting: `takeAnswer` has the answer later.
    /// - Returns: the id of the call.
    package func begin(_ service: String, _ body: [UInt8], timeoutMilliseconds: UInt32) throws(ZMQError) -> UInt64 {
        let id = nextCall
        nextCall += 1
        try client.call(id, service: service, body, timeoutMilliseconds: timeoutMilliseconds)
        return id
    }

    /// The answer to a call that was begun, if it has come.
    package func takeAnswer(_ id: UInt64) throws(ZMQError) -> Result<[UInt8], BusReason>? {
        try turn()
        return answers.removeValue(forKey: id)
    }

    /// The oldest notice; waits for one up to the timeout.
    package func pollNotice(timeoutMilliseconds: UInt32) throws(ZMQError) -> [UInt8]? {
        try wait(timeoutMilliseconds) { !notices.isEmpty }
        return notices.popFirst()
    }

    private func wait(_ timeoutMilliseconds: UInt32, until isDone: () -> Bool) throws(ZMQError) {
        let end = BusClock.now().monotonicMilliseconds + UInt64(timeoutMilliseconds)
        try turn()
        while !isDone() {
            let now = BusClock.now().monotonicMilliseconds
            guard now < end else { return }
            _ = try ZMQPoller.wait(client.pollItems, timeoutMilliseconds: min(Int(end - now), client.millisecondsUntilWork()))
            try turn()
        }
    }

    private func turn() throws(ZMQError) {
        for event in try client.receive() {
            switch event {
            case .answered(let id, let result): answers[id] = result
            case .pushed(let body):
                if notices.count == BusLimits.clientNotices { notices.removeFirst() }
                notices.append(body)
            case .welcomed(_, _, let connection):
                connectionName = connection
                connectionCount += 1
            case .refused(let reason, _): lastRefusal = reason
            default: break
            }
        }
    }
}
