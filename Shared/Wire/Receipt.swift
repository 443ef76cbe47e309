import Cryptography
import Schema

/// Everything that proves what happened, verifiable offline from network.yaml (A9).
package struct Receipt: Hashable, Sendable {
    /// Transaction id or xid.
    package var id: Digest
    /// One per block that touched it, in order of chain time.
    package var parts: [Part]
    /// Who voted in every epoch after the first that a part is of, in an order in which each can be checked by those before it; in files
    /// only, because recorders answer with parts alone.
    package var handovers: [Handover]

    /// One transaction of a receipt.
    package struct Part: Hashable, Sendable {
        package var chain: ChainID
        package var transaction: [UInt8]
        package var outcome: Outcome
        package var index: Int
        /// Merkle siblings from the leaf upwards.
        package var path: [Digest]
        package var final: FinalHeader
        /// Nil while the notary chain has not recorded the block.
        package var record: RecordProof?

        package init(
            chain: ChainID, transaction: [UInt8], outcome: Outcome, index: Int, path: [Digest], final: FinalHeader, record: RecordProof?
        ) {
            self.chain = chain
            self.transaction = transaction
            self.outcome = outcome
            self.index = index
            self.path = path
            self.final = final
            self.record = record
        }
    }

    /// Where the notary chain recorded the block.
    package struct RecordProof: Hashable, Sendable {
        /// Exact bytes of the recording transaction.
        package var transaction: [UInt8]
        package var index: Int
        package var path: [Digest]
        package var final: FinalHeader

        package init(transaction: [UInt8], index: Int, path: [Digest], final: FinalHeader) {
            self.transaction = transaction
            self.index = index
            self.path = path
            self.final = final
        }
    }

    package init(id: Digest, parts: [Part], handovers: [Handover] = []) {
        self.id = id
        self.parts = parts
        self.handovers = handovers
    }

    init(_ message: PBReceipt) throws(WireFault) {
        id = try Field.digest(message.id, "Receipt.id")
        try Field.count(message.parts.count, atMost: Limits.legs * 4, "Receipt.parts")
        parts = try mapChecked(message.parts) { item throws(WireFault) in try Part(item) }
        try Field.count(message.handovers.count, atMost: Limits.handoversPerReceipt, "Receipt.handovers")
        handovers = try mapChecked(message.handovers) { item throws(WireFault) in try Handover(item) }
    }

    var message: PBReceipt {
        var message = PBReceipt()
        message.id = id.data
        message.parts = parts.map(\.message)
        message.handovers = handovers.map(\.message)
        return message
    }

    /// Reads a receipt's file, which is exactly what an encoder of the schema writes (H-4).
    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.canonical(PBReceipt.self, bytes, "Receipt"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

extension Receipt.Part {
    init(_ message: PBReceiptPart) throws(WireFault) {
        chain = try Field.chain(message.chain, "ReceiptPart.chain")
        transaction = [UInt8](message.transaction)
        guard let byte = UInt8(exactly: message.outcome), let outcome = Outcome(byte: byte) else {
            throw WireFault(.invalid, "ReceiptPart.outcome")
        }
        self.outcome = outcome
        index = Int(message.index)
        try Field.count(message.path.count, atMost: Limits.statePathLevels, "ReceiptPart.path")
        path = try mapChecked(message.path) { item throws(WireFault) in try Field.digest(item, "ReceiptPart.path") }
        try Field.present(message.hasFinal, "ReceiptPart.final")
        final = try FinalHeader(message.final)
        guard !message.record.isEmpty else {
            guard message.recordIndex == 0, message.recordPath.isEmpty, !message.hasRecordFinal else {
                throw WireFault(.missing, "ReceiptPart.record")
            }
            record = nil
            return
        }
        try Field.present(message.hasRecordFinal, "ReceiptPart.record_final")
        try Field.count(message.recordPath.count, atMost: Limits.statePathLevels, "ReceiptPart.record_path")
        record = Receipt.RecordProof(
            transaction: [UInt8](message.record), index: Int(message.recordIndex),
            path: try mapChecked(message.recordPath) { item throws(WireFault) in try Field.digest(item, "ReceiptPart.record_path") },
            final: try FinalHeader(message.recordFinal))
    }

    var message: PBReceiptPart {
        var message = PBReceiptPart()
        message.chain = chain.description
        message.transaction = Digest.dataOf(transaction)
        message.outcome = UInt32(outcome.byte)
        message.index = UInt32(index)
        message.path = path.map(\.data)
        message.final = final.message
        if let record {
            message.record = Digest.dataOf(record.transaction)
            message.recordIndex = UInt32(record.index)
            message.recordPath = record.path.map(\.data)
            message.recordFinal = record.final.message
        }
        return message
    }
}

/// The steps of one transaction as one recorder saw them.
package struct Trace: Hashable, Sendable {
    package var id: Digest
    package var steps: [Step]

    /// One step.
    package struct Step: Hashable, Sendable {
        /// S810 to S894.
        package var step: String
        package var what: String
        package var source: String
        package var chain: String
        package var height: Height
        /// The recorder's clock, Unix milliseconds.
        package var time: UInt64

        package init(step: String, what: String, source: String, chain: String, height: Height, time: UInt64) {
            self.step = step
            self.what = what
            self.source = source
            self.chain = chain
            self.height = height
            self.time = time
        }
    }

    package init(id: Digest, steps: [Step]) {
        self.id = id
        self.steps = steps
    }

    init(_ message: PBTrace) throws(WireFault) {
        id = try Field.digest(message.id, "Trace.id")
        steps = message.steps.map {
            Step(step: $0.step, what: $0.what, source: $0.source, chain: $0.chain, height: $0.height, time: $0.timeMilliseconds)
        }
    }

    var message: PBTrace {
        var message = PBTrace()
        message.id = id.data
        message.steps = steps.map { step in
            var item = PBTraceStep()
            item.step = step.step
            item.what = step.what
            item.source = step.source
            item.chain = step.chain
            item.height = step.height
            item.timeMilliseconds = step.time
            return item
        }
        return message
    }
}
