import Cryptography
import Schema

/// What is published on topics, checked in form. The catalogue says which topic carries which case.
package indirect enum Message: Hashable, Sendable {
    case accepted(AcceptedTransactions)
    case candidate(Block)
    case verdict(NotaryVerdict)
    case certified(CertifiedCandidate)
    case vote(Vote)
    case certificate(Certificate)
    case final(FinalHeader)
    case leg(LegNotice)
    case confirm(ConfirmNotice)
    case branch(BranchHead)
    case lead(Lead)
    case pool(PoolState)
    case alarm(Alarm)
    case evidence(Evidence)
    case consent(Consent)
    case beat(Beat)
    case recorded(Recorded)
    case notarized(Notarized)
    case handover(Handover)
    case nomination(Nomination)
    case contract(ContractNotice)
    case pause(PauseNotice)
    case pauseConsent(PauseConsent)
    case admission(Admission)
    case joined(JoinNotice)

    /// The protocol version that brought it.
    package var version: UInt32 {
        switch self {
        case .admission, .joined, .pause, .pauseConsent: 2
        default: 1
        }
    }

    /// Reads the body of a frame.
    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        try Field.count(bytes.count, atMost: Limits.blockBytes, "Published")
        let published = try Field.decode(PBPublished.self, bytes, "Published")
        guard let message = published.message else { throw WireFault(.missing, "Published.message") }
        switch message {
        case .accepted(let item): self = .accepted(try AcceptedTransactions(item))
        case .candidate(let item): self = .candidate(try Block(item, network: network))
        case .verdict(let item): self = .verdict(try NotaryVerdict(item))
        case .certified(let item): self = .certified(try CertifiedCandidate(item))
        case .vote(let item): self = .vote(try Vote(item))
        case .certificate(let item): self = .certificate(try Certificate(item))
        case .final(let item): self = .final(try FinalHeader(item))
        case .leg(let item): self = .leg(try LegNotice(item, network: network))
        case .confirm(let item): self = .confirm(try ConfirmNotice(item))
        case .branch(let item): self = .branch(try BranchHead(item))
        case .lead(let item): self = .lead(try Lead(item))
        case .pool(let item): self = .pool(try PoolState(item))
        case .alarm(let item): self = .alarm(Alarm(item))
        case .evidence(let item): self = .evidence(try Evidence(item))
        case .beat(let item): self = .beat(Beat(item))
        case .recorded(let item): self = .recorded(try Recorded(item))
        case .notarized(let item): self = .notarized(try Notarized(item))
        case .handover(let item): self = .handover(try Handover(item))
        case .nomination(let item): self = .nomination(try Nomination(item, network: network))
        case .consent(let item): self = .consent(try Consent(item))
        case .contract(let item): self = .contract(try ContractNotice(item))
        case .pause(let item): self = .pause(try PauseNotice(item))
        case .pauseConsent(let item): self = .pauseConsent(try PauseConsent(item))
        case .admission(let item): self = .admission(try Admission(item))
        case .joined(let item): self = .joined(try JoinNotice(item))
        case .record: throw WireFault(.invalid, "Published.record")
        }
    }

    /// The body of a frame, with the trace context of what caused it.
    package func encoded(traceparent: String = "") -> [UInt8] {
        var published = PBPublished()
        published.traceparent = traceparent
        switch self {
        case .accepted(let item): published.accepted = item.message
        case .candidate(let item): published.candidate = item.message
        case .verdict(let item): published.verdict = item.message
        case .certified(let item): published.certified = item.message
        case .vote(let item): published.vote = item.message
        case .certificate(let item): published.certificate = item.message
        case .final(let item): published.final = item.message
        case .leg(let item): published.leg = item.message
        case .confirm(let item): published.confirm = item.message
        case .branch(let item): published.branch = item.message
        case .lead(let item): published.lead = item.message
        case .pool(let item): published.pool = item.message
        case .alarm(let item): published.alarm = item.message
        case .evidence(let item): published.evidence = item.message
        case .beat(let item): published.beat = item.message
        case .recorded(let item): published.recorded = item.message
        case .notarized(let item): published.notarized = item.message
        case .handover(let item): published.handover = item.message
        case .nomination(let item): published.nomination = item.message
        case .consent(let item): published.consent = item.message
        case .contract(let item): published.contract = item.message
        case .pause(let item): published.pause = item.message
        case .pauseConsent(let item): published.pauseConsent = item.message
        case .admission(let item): published.admission = item.message
        case .joined(let item): published.joined = item.message
        }
        return Field.encode(published)
    }
}

/// A transaction on its way to a block, with the foreign headers its evidence names.
///
/// Decoded lazily by chain: the bytes are parsed by whoever knows the chain.
package struct PooledTransaction: Hashable, Sendable {
    package var transaction: [UInt8]
    package var foreign: [FinalHeader]

    package init(transaction: [UInt8], foreign: [FinalHeader]) {
        self.transaction = transaction
        self.foreign = foreign
    }

    init(_ message: PBPooledTransaction) throws(WireFault) {
        try Field.count(message.transaction.count, atMost: Limits.transactionBytes, "PooledTransaction.transaction")
        try Field.count(message.foreign.count, atMost: Limits.legs, "PooledTransaction.foreign")
        transaction = [UInt8](message.transaction)
        foreign = try mapChecked(message.foreign) { item throws(WireFault) in try FinalHeader(item) }
    }

    var message: PBPooledTransaction {
        var message = PBPooledTransaction()
        message.transaction = Digest.dataOf(transaction)
        message.foreign = foreign.map(\.message)
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.decode(PBPooledTransaction.self, bytes, "PooledTransaction"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// Transactions a collector has checked and stored (A1, S820).
package struct AcceptedTransactions: Hashable, Sendable {
    /// Node whose collector accepted them.
    package var node: String
    package var transactions: [PooledTransaction]

    package init(node: String, transactions: [PooledTransaction]) {
        self.node = node
        self.transactions = transactions
    }

    init(_ message: PBAcceptedTransactions) throws(WireFault) {
        try Field.count(message.transactions.count, atMost: Limits.acceptedBatch, "AcceptedTransactions.transactions")
        node = message.node
        transactions = try mapChecked(message.transactions) { item throws(WireFault) in try PooledTransaction(item) }
    }

    var message: PBAcceptedTransactions {
        var message = PBAcceptedTransactions()
        message.node = node
        message.transactions = transactions.map(\.message)
        return message
    }
}

/// A notary's answer to a candidate (S850, S860).
package struct NotaryVerdict: Hashable, Sendable {
    /// What a notary says of a candidate.
    package enum Verdict: Hashable, Sendable {
        /// Valid: signature over the notary statement, by the notary set of `epoch`.
        case signed(epoch: Epoch, slot: Slot, height: Height, signature: Signature)
        /// May become valid once the notary has seen `height` of `chain`.
        case deferred(chain: ChainID, height: Height, reason: String)
        /// Can never be valid; `transaction` is the offender, nil when the header is at fault.
        case refused(transaction: Digest?, reason: Reason)
    }

    package var chain: ChainID
    package var block: Digest
    package var notary: PublicKey
    package var verdict: Verdict

    package init(chain: ChainID, block: Digest, notary: PublicKey, verdict: Verdict) {
        self.chain = chain
        self.block = block
        self.notary = notary
        self.verdict = verdict
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.canonical(PBNotaryVerdict.self, bytes, "NotaryVerdict"))
    }

    package var encoded: [UInt8] { Field.encode(message) }

    init(_ message: PBNotaryVerdict) throws(WireFault) {
        chain = try Field.chain(message.chain, "NotaryVerdict.chain")
        block = try Field.digest(message.block, "NotaryVerdict.block")
        notary = try Field.key(message.notary, "NotaryVerdict.notary")
        switch message.verdict {
        case .signed(let item):
            verdict = .signed(
                epoch: item.epoch, slot: item.slot, height: item.height,
                signature: try Field.signature(item.signature, "NotarySignature.signature"))
        case .deferred(let item):
            verdict = .deferred(
                chain: try Field.chain(item.chain, "Deferral.chain"), height: item.height,
                reason: try Field.text(item.reason, atMost: Limits.memoBytes, "Deferral.reason"))
        case .refused(let item):
            guard let reason = Reason(code: item.reason) else { throw WireFault(.invalid, "Refusal.reason") }
            verdict = .refused(
                transaction: item.transaction.isEmpty ? nil : try Field.digest(item.transaction, "Refusal.transaction"), reason: reason)
        case nil: throw WireFault(.missing, "NotaryVerdict.verdict")
        }
    }

    var message: PBNotaryVerdict {
        var message = PBNotaryVerdict()
        message.chain = chain.description
        message.block = block.data
        message.notary = notary.data
        switch verdict {
        case .signed(let epoch, let slot, let height, let signature):
            message.signed.epoch = epoch
            message.signed.slot = slot
            message.signed.height = height
            message.signed.signature = signature.data
        case .deferred(let chain, let height, let reason):
            message.deferred.chain = chain.description
            message.deferred.height = height
            message.deferred.reason = reason
        case .refused(let transaction, let reason):
            message.refused.transaction = transaction?.data ?? .init()
            message.refused.reason = reason.code
        }
        return message
    }
}

/// What the validators of a notary tell another chain (S860, S824, S825).
package struct LegNotice: Hashable, Sendable {
    /// What the other chain may do now.
    package enum Purpose: UInt8, Hashable, Sendable {
        /// Every hold is final: ask the receiver.
        case confirm = 1
        /// The deciding leg is final.
        case settle = 2
        /// It can never become final.
        case refund = 3
    }

    /// Chain the notice is for.
    package var chain: ChainID
    package var purpose: Purpose
    package var cross: CrossTransaction
    /// Final headers that the evidence names.
    package var foreign: [FinalHeader]
    /// For `confirm` of one or more holding chains; of all of them, in `holdingChains` order, once a collector has gathered them. Else one
    /// of the deciding chain.
    package var evidence: [StateEvidence]
    /// Node id of the notary that says so.
    package var notary: String
    /// Of a `refund` because the deciding chain is frozen: the notary chain's entry that says so; nil otherwise.
    package var frozen: StateEvidence?
    /// Of a `confirm`: the consents that are there already.
    package var confirmations: [Authorization]

    package init(
        chain: ChainID, purpose: Purpose, cross: CrossTransaction, foreign: [FinalHeader], evidence: [StateEvidence], notary: String,
        frozen: StateEvidence? = nil, confirmations: [Authorization] = []
    ) {
        self.frozen = frozen
        self.confirmations = confirmations
        self.chain = chain
        self.purpose = purpose
        self.cross = cross
        self.foreign = foreign
        self.evidence = evidence
        self.notary = notary
    }

    init(_ message: PBLegNotice, network: Digest) throws(WireFault) {
        chain = try Field.chain(message.chain, "LegNotice.chain")
        switch message.purpose {
        case .confirm: purpose = .confirm
        case .settle: purpose = .settle
        case .refund: purpose = .refund
        case .unspecified, .UNRECOGNIZED: throw WireFault(.invalid, "LegNotice.purpose")
        }
        try Field.present(message.hasCross, "LegNotice.cross")
        try Field.count(message.foreign.count, atMost: Limits.legs, "LegNotice.foreign")
        cross = try CrossTransaction(message.cross, network: network)
        foreign = try mapChecked(message.foreign) { item throws(WireFault) in try FinalHeader(item) }
        evidence = try mapChecked(message.evidence) { item throws(WireFault) in try StateEvidence(item) }
        guard (1...(purpose == .confirm ? cross.holdingChains.count : 1)).contains(evidence.count) else {
            throw WireFault(.invalid, "LegNotice.evidence")
        }
        notary = try Field.text(message.notary, atMost: ShortText.byteCount, "LegNotice.notary")
        frozen = message.hasFrozen ? try StateEvidence(message.frozen) : nil
        guard frozen == nil || purpose == .refund else { throw WireFault(.invalid, "LegNotice.frozen") }
        guard message.confirmations.isEmpty || purpose == .confirm else { throw WireFault(.invalid, "LegNotice.confirmations") }
        try Field.count(message.confirmations.count, atMost: Limits.legs, "LegNotice.confirmations")
        confirmations = try mapChecked(message.confirmations) { item throws(WireFault) in try Authorization(item, "LegNotice.confirmations") }
    }

    var message: PBLegNotice {
        var message = PBLegNotice()
        message.chain = chain.description
        message.purpose =
            switch purpose {
            case .confirm: .confirm
            case .settle: .settle
            case .refund: .refund
            }
        message.cross = cross.message
        message.foreign = foreign.map(\.message)
        message.evidence = evidence.map(\.message)
        message.notary = notary
        if let frozen { message.frozen = frozen.message }
        message.confirmations = confirmations.map(\.message)
        return message
    }

    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        try self.init(try Field.decode(PBLegNotice.self, bytes, "LegNotice"), network: network)
    }

    package var encoded: [UInt8] { Field.encode(message) }
}
