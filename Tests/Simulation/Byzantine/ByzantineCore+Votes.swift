import Cryptography
import Determinism
import RoleKit
import Wire

extension ByzantineCore {
    /// Two votes for one duty, and other people's words where they do not belong.
    mutating func voteLies(_ vote: Vote, on topic: Topic) -> [RoleEffect] {
        var lies: [Message] = []
        let statement = vote.statement
        if gives(in: .doubleVote, oneIn: 2) {
            for contradiction in contradictions(to: statement) { lies.append(.vote(sign(contradiction))) }
        }
        if gives(in: .forgery, oneIn: 2) {
            var replayed = lastVote ?? vote
            replayed.statement.slot += 1 + random.below(3)
            lies.append(.vote(replayed))
            var stale = statement
            stale.epoch = 7
            lies.append(.vote(sign(stale)))
            var elsewhere = statement
            elsewhere.chain = context.network.chains[Int(random.below(UInt64(context.network.chains.count)))].id
            lies.append(.vote(sign(elsewhere)))
            var borrowed = vote
            borrowed.voter = context.chain.nodes[Int(random.below(UInt64(context.chain.nodes.count)))].key
            lies.append(.vote(borrowed))
        }
        return lies.map { .publish(topic, $0) }
    }

    /// What this node votes, its accomplices vote.
    func conspiredVotes(_ vote: Vote, on topic: Topic) -> [RoleEffect] {
        accomplices.filter { $0.publicKey != vote.voter }.map {
            .publish(topic, .vote(Vote(vote.statement, network: context.network.id, signer: $0)))
        }
    }

    private func sign(_ statement: Statement) -> Vote { Vote(statement, network: context.network.id, signer: context.signer) }

    private mutating func contradictions(to statement: Statement) -> [Statement] {
        var other = statement
        switch statement.kind {
        case .notar:
            // Final without a certificate, Skip, and Notar for another block: the worst an equivocating member can say.
            var skip = statement
            skip.kind = .skip
            skip.hash = .zero
            var final = statement
            final.kind = .final
            other.hash = shadows.another(ofSlot: statement.slot, than: statement.hash) ?? Blake2b.hash(statement.hash.bytes)
            return [skip, final, other]
        case .skip:
            other.kind = .final
            other.hash = shadows.another(ofSlot: statement.slot, than: .zero) ?? lastVote?.statement.hash ?? Blake2b.hash(statement.payload)
            return other.hash == .zero ? [] : [other]
        case .final:
            other.kind = .skip
            other.hash = .zero
            return [other]
        }
    }

    /// Certificates that show less than they claim.
    mutating func certificateLies(_ certificate: Certificate, on topic: Topic) -> [RoleEffect] {
        guard gives(in: .forgery, oneIn: 2) else { return [] }
        var lies: [Certificate] = []
        if let signers = short(certificate.signers) { lies.append(Certificate(statement: certificate.statement, signers: signers)) }
        if let signers = doubled(certificate.signers) { lies.append(Certificate(statement: certificate.statement, signers: signers)) }
        var raised = certificate
        raised.statement.slot += 1
        lies.append(raised)
        if certificate.statement.kind == .notar {
            var promoted = certificate
            promoted.statement.kind = .final
            lies.append(promoted)
        }
        var stale = certificate
        stale.statement.epoch = 7
        lies.append(stale)
        return lies.map { .publish(topic, .certificate($0)) }
    }

    /// A certified candidate whose certificate lacks a notary.
    mutating func certifiedLies(_ certified: CertifiedCandidate, on topic: Topic) -> [RoleEffect] {
        guard let notary = certified.notary, let signers = short(notary.signers), gives(in: .forgery, oneIn: 2) else { return [] }
        var lie = certified
        lie.notary = NotaryCertificate(epoch: notary.epoch, signers: signers)
        return [.publish(topic, .certified(lie))]
    }

    /// A header called final by a certificate that is another's, or that is no quorum.
    mutating func finalLies(_ final: FinalHeader, on topic: Topic) -> [RoleEffect] {
        guard gives(in: .forgery, oneIn: 2) else { return [] }
        var lies: [FinalHeader] = []
        if let finality = final.finality.changed(short) {
            var lie = final
            lie.finality = finality
            lies.append(lie)
        }
        var fields = final.header.fields
        fields.stateRoot = Blake2b.hash(fields.stateRoot.bytes)
        let header = BlockHeader(fields)
        lies.append(
            FinalHeader(
                header: header, builderSignature: context.signer.sign(.candidate, network: context.network.id, header.bytes),
                notary: final.notary, finality: final.finality, descendants: final.descendants))
        return lies.map { .publish(topic, .final($0)) }
    }

    /// One signer fewer.
    private func short(_ set: SignerSet) -> SignerSet? {
        let count = context.network.notary.nodes.count
        let kept = zip(set.positions, set.signatures).dropLast().map { (position: $0.0, signature: $0.1) }
        return kept.isEmpty ? nil : SignerSet(kept, of: max(count, (set.positions.max() ?? 0) + 1))
    }

    /// The first signer again in the place of the last.
    private func doubled(_ set: SignerSet) -> SignerSet? {
        guard set.signatures.count > 1 else { return nil }
        return try? SignerSet(
            bitmap: set.bitmap, signatures: set.signatures.dropLast() + [set.signatures[0]], field: "a lie")
    }
}
