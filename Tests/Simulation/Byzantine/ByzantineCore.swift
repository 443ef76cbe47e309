import Cryptography
import Determinism
import RoleKit
import Wire

/// A real core whose words are twisted on their way out: it holds its node's key, keeps to no rule, and wants harm.
///
/// What it lets through unchanged is what the honest core says, so that the others take it for one of them. Every lie is drawn from
/// a generator of its own, and counted.
struct ByzantineCore: RoleCore {
    static let recoveredTables: [StoreTable] = []

    var inner: any RoleCore
    let context: RoleContext
    let habits: [FaultKind]
    var random: SeededRandom
    /// Lies told in this turn; the world takes them over.
    var told = FaultTally()
    var shadows = ShadowCandidates()
    var withheld = WithheldBlocks()
    /// A notary candidate that was replaced by one with fewer consents.
    var lesserNotary: (original: Digest, lesser: Block)?
    /// Of a corrupt chain that has parted: every node's signer.
    var accomplices: [Signer] = []
    /// A vote and a transaction seen lately, to be used against others.
    var lastVote: Vote?
    var lastTransaction: Digest?

    init(_ inner: any RoleCore, context: RoleContext, habits: [FaultKind], seed: UInt64) {
        self.inner = inner
        self.context = context
        self.habits = habits
        random = SeededRandom(seed: seed)
    }

    init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        preconditionFailure("a Byzantine core is wrapped around an honest one")
    }

    var subscriptions: [Topic] { inner.subscriptions }
    var height: Height { inner.height }
    var waiting: Int { inner.waiting }

    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        told = FaultTally()
        let honest = inner.apply(deaf(input), at: now)
        var effects: [RoleEffect] = []
        if case .delivered(let message, _) = input { effects += answerLies(message) }
        for effect in honest { effects += twisted(effect) }
        return effects + withheld.due().map { .publish(.candidate($0.header.chain), .candidate($0)) }
    }

    /// A builder that leaves things out never hears of pauses that its chain is to take in (G-6, G-7).
    private mutating func deaf(_ input: RoleInput) -> RoleInput {
        guard context.address.role == .builder, habits.contains(.censorship), case .delivered(.accepted(var batch), let publisher) = input else { return input }
        let (chain, network) = (context.address.chain, context.network.id)
        let heard = batch.transactions.filter { pooled in
            guard case .heed? = (try? Transaction(decoding: pooled.transaction, chain: chain, network: network))?.kind else { return true }
            return false
        }
        guard heard.count < batch.transactions.count else { return input }
        told.add(.censorship)
        batch.transactions = heard
        return .delivered(.accepted(batch), publisher: publisher)
    }

    /// Draws whether a habit shows now.
    mutating func gives(in kind: FaultKind, oneIn chance: UInt64) -> Bool {
        guard habits.contains(kind), random.below(chance) == 0 else { return false }
        told.add(kind)
        return true
    }

    private mutating func twisted(_ effect: RoleEffect) -> [RoleEffect] {
        switch effect {
        case .publish(let topic, let message):
            if gives(in: .censorship, oneIn: 4) { return [] }
            if case .candidate(let block) = message, withholds(block) { return [] }
            return replaced(message, on: topic).map { [.publish(topic, $0)] } ?? [effect] + additions(to: message, on: topic)
        case .reply(let token, .blocks(let blocks, let head)):
            guard gives(in: .falseAnswer, oneIn: 2) else { return [effect] }
            return [.reply(token: token, falseBlocks(blocks, head: head))]
        default: return [effect]
        }
    }

    /// What it says instead of a message.
    private mutating func replaced(_ message: Message, on topic: Topic) -> Message? {
        switch message {
        case .verdict(let verdict):
            guard case .signed = verdict.verdict, gives(in: .falseRefusal, oneIn: 2) else { return nil }
            var twisted = verdict
            twisted.verdict = .refused(transaction: lastTransaction, reason: .insufficientFunds)
            return .verdict(twisted)
        case .candidate(let block): return lesserCandidate(block)
        case .certified(let certified): return lesserCertified(certified)
        case .contract(let notice): return falseTerms(notice)
        case .pause(let notice): return falsePause(notice)
        case .accepted(let batch): return falseTerms(in: batch)
        default: return nil
        }
    }

    /// What it says besides a message.
    private mutating func additions(to message: Message, on topic: Topic) -> [RoleEffect] {
        switch message {
        case .vote(let vote): voteLies(vote, on: topic) + conspiredVotes(vote, on: topic)
        case .certificate(let certificate): certificateLies(certificate, on: topic)
        case .candidate(let block): candidateLies(block, on: topic)
        case .certified(let certified): certifiedLies(certified, on: topic)
        case .final(let final): finalLies(final, on: topic)
        case .leg(let notice): legLies(notice, on: topic)
        case .accepted(let batch): poolLies(batch, on: topic)
        default: []
        }
    }

    /// What it says when it hears something.
    private mutating func answerLies(_ message: Message) -> [RoleEffect] {
        switch message {
        case .candidate(let block):
            if let transaction = block.transactions.first { lastTransaction = transaction.id }
            guard context.address.role == .validator, block.header.chain == context.address.chain, gives(in: .blindSignature, oneIn: 1)
            else { return [] }
            return [.publish(.certification(block.header.chain), .verdict(signed(block.header)))]
        case .verdict(let verdict):
            let notaries = context.network.notary.nodes.map(\.key)
            return shadows.take(verdict, notaries: notaries).map { [.publish(.certification($0.header.chain), .certified($0))] } ?? []
        case .vote(let vote):
            lastVote = vote
            return []
        default: return []
        }
    }

    private func signed(_ header: BlockHeader) -> NotaryVerdict {
        let signature = context.signer.sign(.notary, network: context.network.id, NotaryStatement(header, epoch: 0).payload)
        return NotaryVerdict(
            chain: header.chain, block: header.hash, notary: context.signer.publicKey,
            verdict: .signed(epoch: 0, slot: header.slot, height: header.height, signature: signature))
    }
}
