import Cryptography
import Schema

/// Which chains one transaction of a recorded block ties together (A8).
package struct CrossData: Hashable, Sendable {
    package var xid: Digest
    /// Field number of the transaction's kind.
    package var operation: UInt8
    /// Chains of its legs in leg order; empty for settle and refund.
    package var chains: [ChainID]

    package init(xid: Digest, operation: UInt8, chains: [ChainID]) {
        self.xid = xid
        self.operation = operation
        self.chains = chains
    }

    /// The cross data of a transaction; nil when it concerns one chain only.
    package init?(_ transaction: Transaction) {
        guard let xid = transaction.xid else { return nil }
        self.xid = xid
        operation = transaction.kindNumber
        switch transaction.kind {
        case .open(let cross): chains = cross.legs.map(\.chain)
        case .confirm(let confirm): chains = confirm.cross.legs.map(\.chain)
        case .refuse(let refuse): chains = refuse.cross.legs.map(\.chain)
        case .cancel(let cancel): chains = cancel.cross.legs.map(\.chain)
        default: chains = []
        }
    }

    init(_ message: PBCrossData) throws(WireFault) {
        xid = try Field.digest(message.xid, "CrossData.xid")
        guard let operation = UInt8(exactly: message.operation) else { throw WireFault(.invalid, "CrossData.operation") }
        self.operation = operation
        try Field.count(message.chains.count, atMost: Limits.legs, "CrossData.chains")
        chains = try mapChecked(message.chains) { item throws(WireFault) in try Field.chain(item, "CrossData.chains") }
    }

    var message: PBCrossData {
        var message = PBCrossData()
        message.xid = xid.data
        message.operation = UInt32(operation)
        message.chains = chains.map(\.description)
        return message
    }
}

/// What a notary block records of one final sub-chain block (A8, S851).
package struct Record: Hashable, Sendable {
    package var final: FinalHeader
    package var crosses: [CrossData]

    package init(final: FinalHeader, crosses: [CrossData]) {
        self.final = final
        self.crosses = crosses
    }

    init(_ message: PBRecord) throws(WireFault) {
        try Field.present(message.hasFinal, "Record.final")
        try Field.count(message.crosses.count, atMost: Limits.blockTransactions, "Record.crosses")
        final = try FinalHeader(message.final, place: .record)
        crosses = try mapChecked(message.crosses) { item throws(WireFault) in try CrossData(item) }
    }

    var message: PBRecord {
        var message = PBRecord()
        message.final = final.message
        message.crosses = crosses.map(\.message)
        return message
    }
}
