import Cryptography
import OrderedCollections
import Wire

/// One direction of a peg, as one member looks after it: orders on one chain, until they have appeared on the other.
struct IssuerLane: Sendable {
    /// An order that has not appeared yet.
    struct Order: Sendable {
        var item: BridgeItem
        /// Whether a receipt has shown it applied, final and recorded.
        var isShown = false
        var attempts = 0
        /// Monotonic milliseconds.
        var due: UInt64
        var isAsked = false
        /// People have been told of the attestation.
        var isTold = false
    }

    let contract: String
    /// What is looked for on the origin.
    let kind: BridgeItem.Kind
    let origin: ChainDescription
    let target: ChainDescription
    /// The newest version that the target knows; nil until it has said one.
    var version: UInt32?
    /// Where the search goes on.
    var position: (height: Height, order: Digest) = (0, .zero)
    var orders: OrderedDictionary<Digest, Order> = [:]
    /// Monotonic milliseconds; when the origin, and the target, are asked again.
    var searchDue: UInt64 = 0
    var appearanceDue: UInt64 = 0
    var isSearching = false
    /// Everything that the origin had has been seen once.
    var hasSearched = false
    var isAskingAppearance = false
    /// Turns of questions: the next one goes to the next node.
    var turn: UInt64 = 0

    init(_ contract: Contract, _ kind: BridgeItem.Kind, network: Network) {
        self.contract = contract.id
        self.kind = kind
        let (from, to) = kind == .locked ? (contract.first.chain, contract.second.chain) : (contract.second.chain, contract.first.chain)
        guard let origin = network.chain(from), let target = network.chain(to) else { preconditionFailure("a peg's chains are the network's") }
        (self.origin, self.target) = (origin, target)
    }

    /// Orders that are looked after at once; beyond it the search waits.
    static let ordersMaximum = 4_096

    /// Takes what the origin says.
    ///
    /// - Returns: whether there may be more at once.
    mutating func found(_ items: [BridgeItem], at now: UInt64) -> Bool {
        for item in items where item.kind == kind && item.contract == contract && (item.height, item.order) > position {
            guard orders.count < IssuerLane.ordersMaximum else { return false }
            position = (item.height, item.order)
            if orders[item.order] == nil { orders[item.order] = Order(item: item, due: now) }
        }
        return items.count >= Limits.bridgeItemsPerAnswer
    }

    /// Takes what the target says has appeared.
    mutating func appeared(_ items: [BridgeItem]) -> [BridgeItem] {
        items.compactMap { item in
            guard item.kind == kind.consumption, item.contract == contract else { return nil }
            return orders.removeValue(forKey: item.order)?.item
        }
    }

    /// A collector of a chain, each in turn.
    mutating func collector(of chain: ChainDescription) -> String {
        turn += 1
        return Service.name(.collector, chain: chain.id, node: chain.nodes[Int(turn % UInt64(chain.nodes.count))].id)
    }
}
