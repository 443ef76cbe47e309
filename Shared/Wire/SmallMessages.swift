import Cryptography
import Schema

/// A receiver's answer reached a collector (S880); for taps.
package struct ConfirmNotice: Hashable, Sendable {
    package var xid: Digest
    package var node: String
    /// False: refused.
    package var confirmed: Bool
    /// The consent itself, for the chain's other collectors, where more than one is needed; nil otherwise.
    package var authorization: Authorization?

    package init(xid: Digest, node: String, confirmed: Bool, authorization: Authorization? = nil) {
        self.xid = xid
        self.node = node
        self.confirmed = confirmed
        self.authorization = authorization
    }

    init(_ message: PBConfirmNotice) throws(WireFault) {
        xid = try Field.digest(message.xid, "ConfirmNotice.xid")
        node = try Field.text(message.node, atMost: ShortText.byteCount, "ConfirmNotice.node")
        confirmed = message.confirmed
        authorization = message.hasAuthorization ? try Authorization(message.authorization, "ConfirmNotice.authorization") : nil
        guard authorization == nil || confirmed else { throw WireFault(.invalid, "ConfirmNotice.authorization") }
    }

    var message: PBConfirmNotice {
        var message = PBConfirmNotice()
        message.xid = xid.data
        message.node = node
        message.confirmed = confirmed
        if let authorization { message.authorization = authorization.message }
        return message
    }
}

/// The branch a notary follows, stored before it is said (R7).
package struct BranchHead: Hashable, Sendable {
    /// Node id.
    package var notary: String
    package var chain: ChainID
    package var height: Height
    package var block: Digest
    /// Cross data of the block, for its record.
    package var crosses: [CrossData]
    /// Highest height of the chain that this notary's signatures may rely on, heights that are recorded aside. The notary's other
    /// validators rely on nothing above it, so whoever lowers or holds it bounds what the notary is bound to.
    package var relied: Height
    /// How often the notary has left a branch of this chain.
    package var generation: UInt64

    package init(
        notary: String, chain: ChainID, height: Height, block: Digest, crosses: [CrossData], relied: Height? = nil, generation: UInt64 = 0
    ) {
        self.relied = relied ?? height
        self.generation = generation
        self.notary = notary
        self.chain = chain
        self.height = height
        self.block = block
        self.crosses = crosses
    }

    init(_ message: PBBranchHead) throws(WireFault) {
        notary = try Field.text(message.notary, atMost: ShortText.byteCount, "BranchHead.notary")
        chain = try Field.chain(message.chain, "BranchHead.chain")
        guard message.height > 0 else { throw WireFault(.invalid, "BranchHead.height") }
        height = message.height
        block = try Field.digest(message.block, "BranchHead.block")
        try Field.count(message.crosses.count, atMost: Limits.blockTransactions, "BranchHead.crosses")
        crosses = try mapChecked(message.crosses) { item throws(WireFault) in try CrossData(item) }
        relied = message.relied
        generation = message.generation
    }

    var message: PBBranchHead {
        var message = PBBranchHead()
        message.relied = relied
        message.generation = generation
        message.notary = notary
        message.chain = chain.description
        message.height = height
        message.block = block.data
        message.crosses = crosses.map(\.message)
        return message
    }
}

/// Consensus tells its own node's builder that it leads a slot.
package struct Lead: Hashable, Sendable {
    /// Node the message is for.
    package var node: String
    package var chain: ChainID
    package var slot: Slot
    package var parentSlot: Slot
    package var parent: Digest
    package var parentHeight: Height

    package init(node: String, chain: ChainID, slot: Slot, parentSlot: Slot, parent: Digest, parentHeight: Height) {
        self.node = node
        self.chain = chain
        self.slot = slot
        self.parentSlot = parentSlot
        self.parent = parent
        self.parentHeight = parentHeight
    }

    init(_ message: PBLead) throws(WireFault) {
        node = try Field.text(message.node, atMost: ShortText.byteCount, "Lead.node")
        chain = try Field.chain(message.chain, "Lead.chain")
        guard message.slot > message.parentSlot else { throw WireFault(.invalid, "Lead.slot") }
        slot = message.slot
        parentSlot = message.parentSlot
        parent = try Field.digest(message.parent, "Lead.parent")
        parentHeight = message.parentHeight
    }

    var message: PBLead {
        var message = PBLead()
        message.node = node
        message.chain = chain.description
        message.slot = slot
        message.parentSlot = parentSlot
        message.parent = parent.data
        message.parentHeight = parentHeight
        return message
    }
}

/// A builder tells its own node's consensus whether work waits.
package struct PoolState: Hashable, Sendable {
    package var node: String
    package var chain: ChainID
    /// Transactions that could go into a block now.
    package var waiting: UInt64

    package init(node: String, chain: ChainID, waiting: UInt64) {
        self.node = node
        self.chain = chain
        self.waiting = waiting
    }

    init(_ message: PBPoolState) throws(WireFault) {
        node = try Field.text(message.node, atMost: ShortText.byteCount, "PoolState.node")
        chain = try Field.chain(message.chain, "PoolState.chain")
        waiting = message.waiting
    }

    var message: PBPoolState {
        var message = PBPoolState()
        message.node = node
        message.chain = chain.description
        message.waiting = waiting
        return message
    }
}

/// Something an operator must see.
package struct Alarm: Hashable, Sendable {
    /// How soon somebody should look.
    package enum Severity: String, Sendable, CaseIterable {
        case info, warning, critical
    }

    /// Role instance that raises it.
    package var source: String
    package var code: String
    package var detail: String
    package var severity: Severity

    package init(source: String, code: String, detail: String, severity: Severity) {
        self.source = source
        self.code = code
        self.detail = detail
        self.severity = severity
    }

    init(_ message: PBAlarm) {
        source = message.source
        code = message.code
        detail = message.detail
        severity = Severity(rawValue: message.severity) ?? .critical
    }

    var message: PBAlarm {
        var message = PBAlarm()
        message.source = source
        message.code = code
        message.detail = detail
        message.severity = severity.rawValue
        return message
    }
}
