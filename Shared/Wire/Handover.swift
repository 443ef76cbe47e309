import Cryptography
import Schema

/// Shows who votes in an epoch of a chain: a final block of the epoch before has it in its state, so the outgoing quorum has signed it.
package struct Handover: Hashable, Sendable {
    package var chain: ChainID
    /// The epoch that is shown.
    package var epoch: Epoch
    /// A block of the epoch before, past its cut.
    package var final: FinalHeader
    /// Of the epoch's entry in that block's state.
    package var proof: StateProof

    package init(chain: ChainID, epoch: Epoch, final: FinalHeader, proof: StateProof) {
        self.chain = chain
        self.epoch = epoch
        self.final = final
        self.proof = proof
    }

    init(_ message: PBHandover) throws(WireFault) {
        chain = try Field.chain(message.chain, "Handover.chain")
        epoch = message.epoch
        try Field.present(message.hasFinal, "Handover.final")
        try Field.present(message.hasProof, "Handover.proof")
        final = try FinalHeader(message.final)
        proof = try StateProof(message.proof)
        guard epoch > 0, final.header.chain == chain else { throw WireFault(.invalid, "Handover.final") }
        guard proof.value != nil else { throw WireFault(.invalid, "Handover.proof") }
    }

    var message: PBHandover {
        var message = PBHandover()
        message.chain = chain.description
        message.epoch = epoch
        message.final = final.message
        message.proof = proof.message
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.decode(PBHandover.self, bytes, "Handover"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}
