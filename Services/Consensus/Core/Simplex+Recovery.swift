import Cryptography
import RoleKit
import Wire

/// What a Simplex machine is given from the store.
package struct SimplexRecovery: Sendable {
    /// Kept certificates, verified before they were kept.
    package var certificates: [Certificate]
    /// Own votes.
    package var votes: [VoteRow]
    /// Highest slot at or below which nothing may be voted.
    package var floor: Slot

    package init(certificates: [Certificate] = [], votes: [VoteRow] = [], floor: Slot = 0) {
        self.certificates = certificates
        self.votes = votes
        self.floor = floor
    }
}

extension Simplex {
    /// Brings back certificates and own votes; called once, at creation.
    mutating func recover(_ recovered: SimplexRecovery) {
        for certificate in recovered.certificates where certificate.statement.kind == .final && fault(ofKept: certificate) == nil {
            guard certificate.statement.slot > finalSlot else { continue }
            finalSlot = certificate.statement.slot
            finalHash = certificate.statement.hash
            finalCertificate = certificate
        }
        for certificate in recovered.certificates where fault(ofKept: certificate) == nil {
            if let electorate = settings.electorate(of: certificate.statement.slot) { seen.note(certificate, electorate) }
        }
        slots.advance(to: finalSlot + 1)
        floor = max(recovered.floor, finalSlot)
        for certificate in recovered.certificates where fault(ofKept: certificate) == nil && isOpen(certificate.statement.slot) {
            switch certificate.statement.kind {
            case .notar: slots[certificate.statement.slot].notarized = certificate
            case .skip: slots[certificate.statement.slot].skipped = certificate
            case .final: preconditionFailure("no kept Final certificate is above the final slot")
            }
        }
        for row in recovered.votes where row.chain == settings.chain.id { recover(row) }
    }

    /// An own vote binds this node whether or not its bytes can still be read.
    private mutating func recover(_ row: VoteRow) {
        guard row.slot > finalSlot, row.duty == .notar || row.duty == .decide else { return }
        // Certificates below it were lost: the vote still binds, and so does every one that may have been lost with them. The same where a
        // damaged store has two votes of a duty, under two epochs.
        guard isOpen(row.slot), slots[row.slot].own(row.duty) == nil else {
            floor = max(floor, row.slot)
            return
        }
        let kind: VoteKind = row.duty == .notar ? .notar : row.hash == .zero ? .skip : .final
        let vote = try? Vote(decoding: row.bytes)
        let isReadable = vote?.statement == settings.statement(kind, row.slot, row.hash) && vote?.voter == settings.seat(in: row.slot)?.signer.publicKey
        slots[row.slot].setOwn(SlotState.OwnVote(kind: kind, hash: row.hash, vote: isReadable ? vote : nil))
        if isReadable, let vote, let position = settings.ownPosition(in: row.slot) { slots[row.slot].record(vote, of: position) }
    }

    /// Certificates of other chains or epochs are no business of this machine, nor those of more members than vote.
    private func fault(ofKept certificate: Certificate) -> SimplexFault? {
        guard certificate.statement.chain == settings.chain.id else { return .wrongChain }
        guard certificate.statement.epoch == settings.chain.epoch(of: certificate.statement.slot) else { return .wrongEpoch }
        guard let electorate = settings.electorate(of: certificate.statement.slot) else { return nil }
        return certificate.signers.positions.allSatisfy { $0 < electorate.count } ? nil : .noQuorum
    }
}
