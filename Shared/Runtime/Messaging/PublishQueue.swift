import DequeModule
import Wire

/// The publishes of a member that its bus has not acknowledged yet, in order (BUS-6, BUS-7).
struct PublishQueue {
    struct Item {
        let ticket: UInt64
        let topic: String
        let body: [UInt8]
    }

    private var items: Deque<Item> = []
    private var bytes = 0
    private var lastTicket: UInt64 = 0
    /// Publish number, on the present connection, of the oldest item.
    private var firstNumber: UInt64 = 1
    /// How many of the oldest items are on their way.
    private var sentCount = 0
    private var credit = 0
    /// libzmq took no more; to be tried again shortly.
    var isStalled = false

    var count: Int { items.count }

    /// - Returns: the ticket, from 1; nil when the queue is full.
    mutating func append(topic: String, body: [UInt8]) -> UInt64? {
        guard items.count < BusLimits.publishQueue, bytes + body.count <= BusLimits.publishQueueBytes else { return nil }
        lastTicket += 1
        bytes += body.count
        items.append(Item(ticket: lastTicket, topic: topic, body: body))
        return lastTicket
    }

    /// The next item to send and its number, if there is credit for it.
    var next: (number: UInt64, item: Item)? {
        guard sentCount < items.count, sentCount < credit else { return nil }
        return (firstNumber + UInt64(sentCount), items[sentCount])
    }

    mutating func sent() { sentCount += 1 }

    /// A new connection: everything is sent again, numbered from 1.
    mutating func restart(credit: Int) {
        firstNumber = 1
        sentCount = 0
        isStalled = false
        self.credit = credit
    }

    /// - Returns: the highest ticket acknowledged; nil when that is nothing new or was never sent.
    mutating func acknowledge(through number: UInt64, credit: Int) -> UInt64? {
        self.credit = credit
        guard number >= firstNumber, number - firstNumber < UInt64(sentCount) else { return nil }
        let taken = Int(number - firstNumber) + 1
        let ticket = items[taken - 1].ticket
        for item in items.prefix(taken) { bytes -= item.body.count }
        items.removeFirst(taken)
        firstNumber = number + 1
        sentCount -= taken
        return ticket
    }
}
