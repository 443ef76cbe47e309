import RoleKit
import Wire

/// Something that will happen at a virtual time. `life` is the life of the instance it was meant for: what was under way to an
/// earlier life is gone.
enum Event {
    /// A published frame reaches a subscriber.
    case deliver(instance: Int, life: UInt64, Publication)
    /// A timer of a core runs out, unless it was set again or cancelled since.
    case timer(instance: Int, life: UInt64, TimerID, generation: UInt64)
    /// A nonce is found, unless its search has been ended or replaced since.
    case mined(instance: Int, life: UInt64, token: UInt64)
    /// Any other input of a core.
    case input(instance: Int, life: UInt64, RoleInput)
    /// The instance's process starts.
    case start(instance: Int)
    /// The caller of a request has waited long enough.
    case callTimeout(call: UInt64)
    /// An answer reaches its caller.
    case answer(call: UInt64, Response)
    /// News reaches a client's connection.
    case notice(client: Int, Notice)
    /// A timer of a client.
    case clientTimer(client: Int, key: Int)
    /// The next fault is due.
    case nemesis
    /// The nodes of a corrupt chain part.
    case part
    /// The nodes of a chain all stop.
    case death
    /// A partition, clog or pause ends.
    case relief(Int)
}

/// One frame as its bus stamped it; shared by all who hear it.
final class Publication {
    let topic: Topic
    let topicIndex: Int
    let message: Message
    let publisher: String
    /// Node of the publisher, for partitions.
    let node: Int
    /// Site whose bus stamped it, and that bus's boot.
    let site: Int
    let boot: UInt64

    init(topic: Topic, topicIndex: Int, message: Message, publisher: String, node: Int, site: Int, boot: UInt64) {
        self.topic = topic
        self.topicIndex = topicIndex
        self.message = message
        self.publisher = publisher
        self.node = node
        self.site = site
        self.boot = boot
    }
}
