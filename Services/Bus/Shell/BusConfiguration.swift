import BusCore
import Cryptography
import Runtime
import Wire

/// Everything that one bus is started with.
package struct BusConfiguration: Sendable {
    /// Who may do what.
    package var rules: BusRules
    /// Where it listens.
    package var doors: BusDoors
    /// Its key pair; nil for a bus that listens only within its process.
    package var key: TransportKeyPair?
    /// Transport keys of the members, with the names that `rules.members` lists.
    package var memberKeys: [TransportKey: String]
    /// The buses of other sites.
    package var links: [BusLink]
    /// Unix milliseconds; nil takes the time of the start. Each start of one bus needs a greater one.
    package var bootEpoch: UInt64?
    /// Frames that libzmq queues for one subscriber.
    package var fanOutHighWaterMark = BusLimits.fanOutHighWaterMark

    package init(
        rules: BusRules, doors: BusDoors, key: TransportKeyPair?, memberKeys: [TransportKey: String] = [:], links: [BusLink] = []
    ) {
        self.rules = rules
        self.doors = doors
        self.key = key
        self.memberKeys = memberKeys
        self.links = links
    }
}

/// Where a bus listens. Addresses of the network need a key; `localName` opens the doors within the process as well.
package struct BusDoors: Sendable, Equatable {
    /// What members send to, `tcp://0.0.0.0:7001`; nil listens only within the process. As are the other two.
    package var members: String?
    /// What members hear.
    package var fanOut: String?
    /// What clients connect to.
    package var clients: String?
    /// Name of the doors within the process.
    package var localName: String?

    package init(members: String? = nil, fanOut: String? = nil, clients: String? = nil, localName: String? = nil) {
        self.members = members
        self.fanOut = fanOut
        self.clients = clients
        self.localName = localName
    }

    /// The doors within the process, for who connects to them.
    package static func local(_ name: String) -> (members: String, fanOut: String, clients: String) {
        ("inproc://bus-\(name)-members", "inproc://bus-\(name)-fan-out", "inproc://bus-\(name)-clients")
    }
}

/// How a bus reaches the bus of another site.
package struct BusLink: Sendable {
    /// The other site.
    package var site: String
    /// The name under which the other bus knows this one, `bus@beta`.
    package var name: String
    /// The members' door there.
    package var door: String
    /// The fan-out door there.
    package var fanOut: String
    /// Key of the other bus; nil within a process.
    package var serverKey: TransportKey?

    package init(site: String, name: String, door: String, fanOut: String, serverKey: TransportKey?) {
        self.site = site
        self.name = name
        self.door = door
        self.fanOut = fanOut
        self.serverKey = serverKey
    }
}
