/// Every bound of the gateway, by name. What somebody sends beyond one is refused with a reason, or ends the connection.
package enum GatewayLimits {
    /// Bytes of one header, and of all headers of a request.
    package static let headerBytes = 8 * 1_024
    package static let headersBytes = 16 * 1_024
    /// Headers of a request.
    package static let headerCount = 100
    /// Bytes of a request's body: the largest transaction in base64, and some room.
    package static let bodyBytes = 64 * 1_024
    /// Connections at once; further ones wait at the door.
    package static let connections = 16_384
    /// Connections that the system keeps for us while they wait.
    package static let connectionBacklog = 1_024
    /// Descriptors that connections leave to everything else.
    package static let descriptorsKept = 512
    /// A connection on which no whole request head, and no part of a body, has come for so long is closed.
    package static let idleMilliseconds: Int64 = 20_000
    /// How long the body of a request may take to come.
    package static let bodyMilliseconds = 10_000
    /// How long a connection stays open after an answer that ends it, so that the answer is read.
    package static let lingerMilliseconds = 300
    /// How long the network may take to answer what one request asks.
    package static let requestMilliseconds: UInt64 = 8_000
    /// How long one service may take, how long others are waited for after the first, and how long a silent one is left out.
    package static let serviceMilliseconds: UInt64 = 2_000
    package static let othersMilliseconds: UInt64 = 250
    package static let silenceMilliseconds: UInt64 = 5_000
    /// Threads that ask the network, each with connections of its own: a bus takes only so many requests a second on one.
    package static let deskThreads = 16
    /// Requests that wait for a thread.
    package static let queuedRequests = 256
    /// When whoever was refused for fullness should try again.
    package static let retrySeconds = 2
    /// The highest number that a query may name: beyond it JavaScript rounds.
    package static let highestNumber: UInt64 = (1 << 53) - 1
    /// Blocks in one answer.
    package static let blocksPerAnswer = 16
    /// Transactions in one answer.
    package static let transactionsPerAnswer = 200
    /// Transactions that are remembered, to list them.
    package static let transactionsKept = 2_000
    /// Clients that hear events at once.
    package static let eventClients = 256
    /// Bytes of events that wait for one client; one that falls further behind is told so, and cut off. Not a number of events: a block
    /// brings thousands at once, which nobody can have read yet.
    package static let eventBacklogBytes = 4 * 1024 * 1024
    /// How long such a one has to take what waits before its connection is closed.
    package static let eventCutMilliseconds = 2_000
    /// When a client of events should come back after a break.
    package static let eventRetryMilliseconds = 1_000
    /// Between two looks at the network, and so between two boards.
    package static let boardMilliseconds: UInt64 = 1_000
    /// Looks between two at the pegs, and between two signs of life to those who hear events.
    package static let pegTurns = 5
    package static let aliveTurns = 15
    /// What a board has of blocks of each chain, of transfers, of those that wait, and of alarms.
    package static let boardBlocks = 20
    package static let boardTransfers = 50
    package static let boardWaiting = 20
    package static let boardAlarms = 50
    /// A chain that has grown by more blocks than these since the last look is taken up at its newest ones.
    package static let followedBlocks: UInt64 = 500
}
