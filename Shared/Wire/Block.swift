import Cryptography
import Determinism
import Schema

/// A transaction's outcome in a block: applied, or rejected for a reason that all replicas compute alike.
package struct Outcome: Hashable, Sendable {
    /// Nil when applied.
    package var rejection: Reason?
    package static let applied = Outcome(rejection: nil)

    package init(rejection: Reason?) {
        precondition(rejection?.isOutcome ?? true, "only outcome reasons stand in blocks")
        self.rejection = rejection
    }

    /// - Returns: nil for a byte that is no outcome.
    package init?(byte: UInt8) {
        if byte == 0 {
            rejection = nil
        } else {
            guard let reason = Reason(rawValue: byte), reason.isOutcome else { return nil }
            rejection = reason
        }
    }

    package var byte: UInt8 { rejection?.rawValue ?? 0 }
}

/// A whole block. As a builder sends it, it is a candidate.
package struct Block: Hashable, Sendable {
    package let header: BlockHeader
    /// Over the header's bytes, domain `candidate` (A6).
    package let builderSignature: Signature
    package let transactions: [Transaction]
    package let outcomes: [Outcome]
    package let foreign: [FinalHeader]

    package var hash: Digest { header.hash }

    /// - Precondition: as many outcomes as transactions.
    package init(
        header: BlockHeader, builderSignature: Signature, transactions: [Transaction], outcomes: [Outcome], foreign: [FinalHeader]
    ) {
        precondition(transactions.count == outcomes.count, "every transaction has an outcome")
        self.header = header
        self.builderSignature = builderSignature
        self.transactions = transactions
        self.outcomes = outcomes
        self.foreign = foreign
    }

    package static func == (left: Block, right: Block) -> Bool { left.header.hash == right.header.hash }
    package func hash(into hasher: inout Hasher) { hasher.combine(header.hash) }

    /// Hash over the list of foreign blocks; zero for none.
    package static func foreignRoot(_ foreign: [FinalHeader]) -> Digest {
        foreign.isEmpty ? .zero : Blake2b.hash(.foreign, foreign.flatMap { $0.hash.bytes })
    }

    /// The foreign header named `hash`.
    package func foreignHeader(_ hash: Digest) -> FinalHeader? { foreign.first { $0.hash == hash } }

    /// The builder's signature, to be checked.
    package func builderCheck(network: Digest) -> SignatureCheck {
        SignatureCheck(
            key: header.builder, signature: builderSignature, message: Domain.candidate.preimage(network: network, header.bytes))
    }

    init(_ message: PBBlock, network: Digest) throws(WireFault) {
        let header = try BlockHeader(decoding: [UInt8](message.header))
        try Field.count(message.transactions.count, atMost: Limits.blockTransactions, "Block.transactions")
        try Field.count(message.foreign.count, atMost: Limits.blockForeignHeaders, "Block.foreign")
        guard message.outcomes.count == message.transactions.count, header.fields.transactionCount == message.transactions.count else {
            throw WireFault(.invalid, "Block.outcomes")
        }
        self.header = header
        builderSignature = try Field.signature(message.builderSignature, "Block.builder_signature")
        transactions = try mapChecked(message.transactions) { item throws(WireFault) in
            try Transaction(decoding: [UInt8](item), chain: header.chain, network: network)
        }
        outcomes = try mapChecked([UInt8](message.outcomes)) { byte throws(WireFault) in
            guard let outcome = Outcome(byte: byte) else { throw WireFault(.invalid, "Block.outcomes") }
            return outcome
        }
        foreign = try mapChecked(message.foreign) { item throws(WireFault) in try FinalHeader(item) }
        guard Block.foreignRoot(foreign) == header.fields.foreignRoot else { throw WireFault(.invalid, "Block.foreign") }
        try checkTransactionsRoot()
    }

    /// A header names exactly one list of transactions with outcomes; whoever hands over another list is found here and not taken
    /// for the builder.
    private func checkTransactionsRoot() throws(WireFault) {
#if PLANTED_BUGS
        if PlantedBug.bodyUnchecked.isPlanted { return }
#endif
        guard transactionsRoot == header.fields.transactionsRoot else { throw WireFault(.invalid, "Block.transactions") }
    }

    /// The Merkle root over transactions and outcomes. Of a block that was read it is what the header says.
    package var transactionsRoot: Digest {
        MerkleTree.root(leaves: zip(transactions, outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) })
    }

    var message: PBBlock {
        var message = PBBlock()
        message.header = Digest.dataOf(header.bytes)
        message.builderSignature = builderSignature.data
        message.transactions = transactions.map { Digest.dataOf($0.bytes) }
        message.outcomes = Digest.dataOf(outcomes.map(\.byte))
        message.foreign = foreign.map(\.message)
        return message
    }

    /// Reads a block of at most `Limits.blockBytes`, whose body is the one its header names. The caller still checks signatures and
    /// effects.
    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        try Field.count(bytes.count, atMost: Limits.blockBytes, "Block")
        try self.init(try Field.decode(PBBlock.self, bytes, "Block"), network: network)
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// A candidate's header with its notary certificate: what consensus may vote for.
package struct CertifiedCandidate: Hashable, Sendable {
    package var header: BlockHeader
    package var builderSignature: Signature
    /// Nil on the notary chain only.
    package var notary: NotaryCertificate?

    package init(header: BlockHeader, builderSignature: Signature, notary: NotaryCertificate?) {
        self.header = header
        self.builderSignature = builderSignature
        self.notary = notary
    }

    init(_ message: PBCertifiedCandidate) throws(WireFault) {
        header = try BlockHeader(decoding: [UInt8](message.header))
        builderSignature = try Field.signature(message.builderSignature, "CertifiedCandidate.builder_signature")
        notary = message.hasNotary ? try NotaryCertificate(message.notary) : nil
        guard (notary == nil) == (header.chain == .notary) else { throw WireFault(.invalid, "CertifiedCandidate.notary") }
    }

    var message: PBCertifiedCandidate {
        var message = PBCertifiedCandidate()
        message.header = Digest.dataOf(header.bytes)
        message.builderSignature = builderSignature.data
        if let notary { message.notary = notary.message }
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.decode(PBCertifiedCandidate.self, bytes, "CertifiedCandidate"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// A header with everything that shows its block to be final (invariant 4).
package struct FinalHeader: Hashable, Sendable {
    package var header: BlockHeader
    package var builderSignature: Signature
    /// Nil on the notary chain only.
    package var notary: NotaryCertificate?
    /// What shows this block, or a descendant, to be final.
    package var finality: Finality
    /// From this block's child to the block that `finality` names; empty when it names this one.
    package var descendants: [BlockHeader]

    package var hash: Digest { header.hash }

    package init(
        header: BlockHeader, builderSignature: Signature, notary: NotaryCertificate?, finality: Finality, descendants: [BlockHeader] = []
    ) {
        self.header = header
        self.builderSignature = builderSignature
        self.notary = notary
        self.finality = finality
        self.descendants = descendants
    }

    /// One that votes show to be final.
    package init(
        header: BlockHeader, builderSignature: Signature, notary: NotaryCertificate?, finality: Certificate, descendants: [BlockHeader]
    ) {
        self.init(
            header: header, builderSignature: builderSignature, notary: notary, finality: .certificate(finality), descendants: descendants)
    }

    package static func == (left: FinalHeader, right: FinalHeader) -> Bool {
        left.header == right.header && left.notary == right.notary && left.finality == right.finality
            && left.descendants == right.descendants
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(header.hash) }

    init(_ message: PBFinalHeader, place: Finality.Place = .anywhere) throws(WireFault) {
        try Field.present(message.hasFinality || message.hasRecorded || place == .record, "FinalHeader.finality")
        try Field.count(message.descendants.count, atMost: Limits.descendants, "FinalHeader.descendants")
        header = try BlockHeader(decoding: [UInt8](message.header))
        builderSignature = try Field.signature(message.builderSignature, "FinalHeader.builder_signature")
        notary = message.hasNotary ? try NotaryCertificate(message.notary) : nil
        finality = try FinalHeader.finality(message, chain: header.chain, place: place)
        descendants = try mapChecked(message.descendants) { item throws(WireFault) in try BlockHeader(decoding: [UInt8](item)) }
        guard (notary == nil) == (header.chain == .notary) else { throw WireFault(.invalid, "FinalHeader.notary") }
        var last = header
        for next in descendants {
            // The last height has no successor: nothing is added to a number from outside before it is known to fit.
            guard next.chain == header.chain, next.parent == last.hash, next.height > last.height, next.height - last.height == 1 else {
                throw WireFault(.invalid, "FinalHeader.descendants")
            }
            last = next
        }
        guard finality.certificate?.statement.names(last) ?? (finality != .pending || descendants.isEmpty) else {
            throw WireFault(.invalid, "FinalHeader.finality")
        }
    }

    /// A record on the notary chain cannot show itself to be final by another record.
    private static func finality(_ message: PBFinalHeader, chain: ChainID, place: Finality.Place) throws(WireFault) -> Finality {
        guard chain == .notary || place != .recordedHead else { throw WireFault(.invalid, "RecordedHead.notary") }
        switch (message.hasFinality, message.hasRecorded) {
        case (true, false): return .certificate(try Certificate(message.finality))
        case (false, true) where chain != .notary && place == .anywhere: return .recorded(try RecordedHead(message.recorded))
        case (false, false) where chain != .notary && place == .record: return .pending
        case (_, true): throw WireFault(.invalid, "FinalHeader.recorded")
        case (false, false): throw WireFault(.missing, "FinalHeader.finality")
        }
    }

    var message: PBFinalHeader {
        var message = PBFinalHeader()
        message.header = Digest.dataOf(header.bytes)
        message.builderSignature = builderSignature.data
        if let notary { message.notary = notary.message }
        switch finality {
        case .certificate(let certificate): message.finality = certificate.message
        case .recorded(let head): message.recorded = head.message
        case .pending: break
        }
        message.descendants = descendants.map { Digest.dataOf($0.bytes) }
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.decode(PBFinalHeader.self, bytes, "FinalHeader"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// A block and what shows it to be final or notarized.
package struct FinalBlock: Hashable, Sendable {
    package var block: Block
    package var final: FinalHeader?
    package var certified: CertifiedCandidate?

    package init(block: Block, final: FinalHeader?, certified: CertifiedCandidate? = nil) {
        self.block = block
        self.final = final
        self.certified = certified
    }

    init(_ message: PBFinalBlock, network: Digest) throws(WireFault) {
        try Field.present(message.hasBlock, "FinalBlock.block")
        block = try Block(message.block, network: network)
        final = message.hasFinal ? try FinalHeader(message.final) : nil
        certified = message.hasCertified ? try CertifiedCandidate(message.certified) : nil
        guard final?.hash ?? block.hash == block.hash, certified?.header.hash ?? block.hash == block.hash else {
            throw WireFault(.invalid, "FinalBlock.final")
        }
    }

    var message: PBFinalBlock {
        var message = PBFinalBlock()
        message.block = block.message
        if let final { message.final = final.message }
        if let certified { message.certified = certified.message }
        return message
    }

    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        try self.init(try Field.decode(PBFinalBlock.self, bytes, "FinalBlock"), network: network)
    }

    package var encoded: [UInt8] { Field.encode(message) }
}
