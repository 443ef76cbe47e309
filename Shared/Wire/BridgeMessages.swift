import Cryptography
import FoundationEssentials
import Schema

/// Asks how a peg stands on a chain, and what of it.
package struct BridgeQuery: Hashable, Sendable {
    package var contract: String
    package var kind: BridgeItem.Kind
    /// Items of blocks from this height on.
    package var fromHeight: Height
    /// Of that height, those whose id is greater.
    package var afterOrder: Digest
    /// When there are any: these orders alone, at most `Limits.bridgeItemsPerAnswer`.
    package var orders: [Digest]

    package init(contract: String, kind: BridgeItem.Kind, fromHeight: Height = 0, afterOrder: Digest = .zero, orders: [Digest] = []) {
        self.contract = contract
        self.kind = kind
        self.fromHeight = fromHeight
        self.afterOrder = afterOrder
        self.orders = orders
    }

    init(_ message: PBBridgeQuery) throws(WireFault) {
        guard ContractName.isValid(message.contract) else { throw WireFault(.invalid, "BridgeQuery.contract") }
        contract = message.contract
        kind = try BridgeItem.Kind(message.kind, "BridgeQuery.kind")
        fromHeight = message.fromHeight
        afterOrder = try Field.digest(message.afterOrder, "BridgeQuery.after_order")
        try Field.count(message.orders.count, atMost: Limits.bridgeItemsPerAnswer, "BridgeQuery.orders")
        orders = try mapChecked(message.orders) { item throws(WireFault) in try Field.digest(item, "BridgeQuery.orders") }
    }

    var message: PBBridgeQuery {
        var message = PBBridgeQuery()
        message.contract = contract
        message.kind = UInt32(kind.rawValue)
        message.fromHeight = fromHeight
        message.afterOrder = afterOrder.data
        message.orders = orders.map(\.data)
        return message
    }
}

/// Asks for what shows an order of a peg, or what it became.
package struct BridgeProofQuery: Hashable, Sendable {
    package var contract: String
    package var kind: BridgeItem.Kind
    package var order: Digest

    package init(contract: String, kind: BridgeItem.Kind, order: Digest) {
        self.contract = contract
        self.kind = kind
        self.order = order
    }

    init(_ message: PBBridgeProofQuery) throws(WireFault) {
        guard ContractName.isValid(message.contract) else { throw WireFault(.invalid, "BridgeProofQuery.contract") }
        contract = message.contract
        kind = try BridgeItem.Kind(message.kind, "BridgeProofQuery.kind")
        order = try Field.digest(message.order, "BridgeProofQuery.order")
    }

    var message: PBBridgeProofQuery {
        var message = PBBridgeProofQuery()
        message.contract = contract
        message.kind = UInt32(kind.rawValue)
        message.order = order.data
        return message
    }
}

/// A peg as a chain's newest final block has it.
package struct BridgeView: Hashable, Sendable {
    /// The newest version that counts there; nil when it knows none.
    package var version: UInt32?
    package var height: Height
    /// As `LaneEntry.amount`.
    package var lane: Amount
    /// On the side chain: what has come back and stands in the return account.
    package var returned: Amount
    /// Ascending by height.
    package var items: [BridgeItem]

    package init(version: UInt32?, height: Height, lane: Amount, returned: Amount, items: [BridgeItem]) {
        self.version = version
        self.height = height
        self.lane = lane
        self.returned = returned
        self.items = items
    }

    init(_ message: PBBridgeState) throws(WireFault) {
        version = message.version > 0 ? message.version : nil
        height = message.height
        lane = message.lane
        returned = message.returned
        try Field.count(message.items.count, atMost: Limits.bridgeItemsPerAnswer, "BridgeState.items")
        items = try mapChecked(message.items) { bytes throws(WireFault) in
            guard let item = BridgeItem(decoding: [UInt8](bytes)) else { throw WireFault(.invalid, "BridgeState.items") }
            return item
        }
    }

    var message: PBBridgeState {
        var message = PBBridgeState()
        message.version = version ?? 0
        message.height = height
        message.lane = lane
        message.returned = returned
        message.items = items.map { Digest.dataOf($0.encoded) }
        return message
    }
}

extension BridgeItem.Kind {
    init(_ number: UInt32, _ field: String) throws(WireFault) {
        guard let byte = UInt8(exactly: number), let kind = BridgeItem.Kind(rawValue: byte) else { throw WireFault(.invalid, field) }
        self = kind
    }
}
