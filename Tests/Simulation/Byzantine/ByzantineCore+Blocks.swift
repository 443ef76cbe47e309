import Cryptography
import Determinism
import RoleKit
import Wire

extension ByzantineCore {
    /// A second valid candidate of the slot, and candidates that break a rule.
    mutating func candidateLies(_ block: Block, on topic: Topic) -> [RoleEffect] {
        guard block.header.builder == context.signer.publicKey else { return [] }
        var effects: [RoleEffect] = []
        if gives(in: .doubleCandidate, oneIn: 2) {
            var fields = block.header.fields
            // A mined block's target depends on its time: another nonce makes another block of it.
            if fields.workTarget == 0 { fields.time += 1 + random.below(3) }
            let second = made(of: block, fields)
            effects.append(offered(second, on: topic))
            // The notary chain's candidates need no notary certificate.
            if second.header.chain == .notary {
                effects.append(
                    .publish(
                        .certification(.notary),
                        .certified(CertifiedCandidate(header: second.header, builderSignature: second.builderSignature, notary: nil))))
            }
        }
        if gives(in: .invalidCandidate, oneIn: 2) { effects.append(offered(invalid(block), on: topic)) }
        return effects
    }

    /// Instead of a candidate, one in which value appears that too few members have attested, or, as a notary chain's leader, one in which a chain
    /// joins, leaves or stops by the word of too few; nil when it is let be.
    mutating func lesserCandidate(_ block: Block) -> Message? {
        guard block.header.builder == context.signer.publicKey, habits.contains(.invalidCandidate), random.below(3) > 0, let lesser = unattested(block) else {
            return nil
        }
        told.add(.invalidCandidate)
        shadows.add(lesser, count: context.network.notary.nodes.count)
        lesserNotary = block.header.chain == .notary ? (block.hash, lesser) : nil
        return .candidate(lesser)
    }

    /// The notary chain's candidates need no notaries' signatures: the lesser one is offered for votes at once.
    func lesserCertified(_ certified: CertifiedCandidate) -> Message? {
        guard let (original, lesser) = lesserNotary, certified.header.hash == original else { return nil }
        return .certified(CertifiedCandidate(header: lesser.header, builderSignature: lesser.builderSignature, notary: nil))
    }

    /// Hands out a candidate of its own making, and gathers the notaries' signatures should they give them.
    private mutating func offered(_ block: Block, on topic: Topic) -> RoleEffect {
        shadows.add(block, count: context.network.notary.nodes.count)
        return .publish(topic, .candidate(block))
    }

    private mutating func invalid(_ block: Block) -> Block {
        var fields = block.header.fields
        var transactions = block.transactions
        var outcomes = block.outcomes
        if fields.workTarget > 0, random.below(3) == 0 { return unmined(block) }
        // A brake is ignored: what it has refused takes effect.
        if let place = outcomes.firstIndex(where: { [.capReached, .deadlineTooNear, .paused].contains($0.rejection) }), random.below(2) == 0 {
            outcomes[place] = .applied
            fields.transactionsRoot = root(transactions, outcomes)
            return made(of: block, fields, transactions, outcomes)
        }
        switch random.below(7) {
        case 0: fields.stateRoot = Blake2b.hash(fields.stateRoot.bytes)
        case 1: fields.time += 3_600_000
        case 2: fields.time -= min(fields.time, 3_600_000)
        case 3: fields.height += 1
        case 4: fields.slot += UInt64(context.chain.nodes.count)
        case 5 where !outcomes.isEmpty:
            outcomes[0] = outcomes[0] == .applied ? Outcome(rejection: .insufficientFunds) : .applied
            fields.transactionsRoot = root(transactions, outcomes)
        case 6 where !transactions.isEmpty:
            transactions.append(transactions[0])
            outcomes.append(outcomes[0])
            fields.transactionCount += 1
            fields.transactionsRoot = root(transactions, outcomes)
        default: fields.parent = Blake2b.hash(fields.parent.bytes)
        }
        return made(of: block, fields, transactions, outcomes)
    }

    /// What too few have attested, or consented to; nil where the block has nothing of that kind.
    private mutating func unattested(_ block: Block) -> Block? {
        var transactions = block.transactions
        var isChanged = false
        for (index, transaction) in transactions.enumerated() {
            func lesser(_ proof: BridgeProof, keeping count: Int) -> BridgeProof {
                var proof = proof
                proof.attestations = Array(proof.attestations.prefix(count))
                return proof
            }
            func fewer(_ words: [Authorization]) -> [Authorization] { Array(words.prefix(Int(random.below(UInt64(max(1, words.count)))))) }
            let kind: Transaction.Kind
            switch transaction.kind {
            case .issue(let proof): kind = .issue(lesser(proof, keeping: Int(random.below(UInt64(proof.attestations.count + 1) / 2))))
            case .release(let proof): kind = .release(lesser(proof, keeping: Int(random.below(UInt64(proof.attestations.count + 1) / 2))))
            case .status(var change):
                if random.below(2) == 0, let nodes = change.nodes { change.nodes = fewer(nodes) } else { change.consents = fewer(change.consents) }
                kind = .status(change)
            case .pause(var pause):
                pause.consents = fewer(pause.consents)
                kind = .pause(pause)
            case .join(let join): kind = .join(Join(body: join.body, signatures: join.signatures, admissions: fewer(join.admissions)))
            default: continue
            }
            transactions[index] = Transaction(kind, chain: block.header.chain, network: context.network.id)
            isChanged = true
        }
        guard isChanged else { return nil }
        var fields = block.header.fields
        fields.transactionsRoot = root(transactions, block.outcomes)
        return made(of: block, fields, transactions)
    }

    /// A block that nobody worked for, or that names a target easier than the chain's.
    private mutating func unmined(_ block: Block) -> Block {
        var fields = block.header.fields
        if random.below(2) == 0 {
            fields.workTarget = UInt64.max / 2
            return made(of: block, fields)
        }
        repeat { fields.workNonce += 1 } while BlockHeader(fields).hash.a.bigEndian <= fields.workTarget
        let header = BlockHeader(fields)
        return Block(
            header: header, builderSignature: context.signer.sign(.candidate, network: context.network.id, header.bytes),
            transactions: block.transactions, outcomes: block.outcomes, foreign: block.foreign)
    }

    /// The header with another nonce that meets its target.
    private static func mined(_ fields: BlockHeader.Fields) -> BlockHeader {
        var fields = fields
        let former = fields.workNonce
        fields.workNonce = 0
        var search = NonceSearch(MiningJob(BlockHeader(fields)), after: former)
        repeat { fields.workNonce = search.search(1_024) ?? 0 } while fields.workNonce == 0
        return BlockHeader(fields)
    }

    private func root(_ transactions: [Transaction], _ outcomes: [Outcome]) -> Digest {
        MerkleTree.root(leaves: zip(transactions, outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) })
    }

    private func made(
        of block: Block, _ fields: BlockHeader.Fields, _ transactions: [Transaction]? = nil, _ outcomes: [Outcome]? = nil
    ) -> Block {
        let header = fields.workTarget > 0 ? ByzantineCore.mined(fields) : BlockHeader(fields)
        return Block(
            header: header, builderSignature: context.signer.sign(.candidate, network: context.network.id, header.bytes),
            transactions: transactions ?? block.transactions, outcomes: outcomes ?? block.outcomes, foreign: block.foreign)
    }

    /// An answer that is not what was asked for.
    mutating func falseBlocks(_ blocks: [FinalBlock], head: Height) -> Response {
        guard let first = blocks.first else { return .blocks([], head: head + 1_000_000) }
        switch random.below(6) {
        case 0: return .blocks([], head: head + 1_000_000)
        case 1: return .blocks(blocks.reversed(), head: head)
        case 2: return .blocks(blocks.map { FinalBlock(block: $0.block, final: nil) }, head: head)
        case 3: return .blocks([first] + blocks, head: 0)
        case 4: return .blocks(blocks.map { FinalBlock(block: otherBody(of: $0.block), final: $0.final) }, head: head)
        default: return .failure(.notReady, detail: "no")
        }
    }

    /// A body as long as the header says, with another outcome than the header stands for.
    private func otherBody(of block: Block) -> Block {
        var outcomes = block.outcomes
        for index in outcomes.indices { outcomes[index] = outcomes[index] == .applied ? Outcome(rejection: .insufficientFunds) : .applied }
        return Block(
            header: block.header, builderSignature: block.builderSignature, transactions: block.transactions, outcomes: outcomes,
            foreign: block.foreign)
    }

    /// A notary's word of terms that the notary chain never took.
    mutating func falseTerms(_ notice: ContractNotice) -> Message? {
        guard gives(in: .falseLeg, oneIn: 2), let evidence = falseTerms(notice.evidence) else { return nil }
        var lie = notice
        lie.evidence = evidence
        return .contract(lie)
    }

    /// A notary's word that what is paused goes on, or the other way round.
    mutating func falsePause(_ notice: PauseNotice) -> Message? {
        guard let value = notice.evidence.proof.value, var entry = PauseEntry(decoding: value), gives(in: .falseLeg, oneIn: 2) else { return nil }
        entry.level = entry.level == .open ? .paused : .open
        var lie = notice
        lie.evidence.proof.value = entry.encoded
        return .pause(lie)
    }

    /// A node's collector hands such terms to the builders.
    mutating func falseTerms(in batch: AcceptedTransactions) -> Message? {
        let (chain, network) = (context.address.chain, context.network.id)
        var lie = batch
        for (index, pooled) in batch.transactions.enumerated() {
            guard let transaction = try? Transaction(decoding: pooled.transaction, chain: chain, network: network), case .adopt(var adopt) = transaction.kind,
                gives(in: .forgery, oneIn: 2), let evidence = falseTerms(adopt.evidence)
            else { continue }
            adopt.evidence = evidence
            lie.transactions[index] = PooledTransaction(
                transaction: Transaction(.adopt(adopt), chain: chain, network: network).bytes, foreign: pooled.foreign)
        }
        return lie == batch ? nil : .accepted(lie)
    }

    /// Other terms under the proof of those that the notary chain took.
    private func falseTerms(_ evidence: StateEvidence) -> StateEvidence? {
        guard let value = evidence.proof.value, let entry = ContractEntry(decoding: value, network: context.network.id) else { return nil }
        var contract = entry.terms.contract
        contract.rateNumerator *= 100
        guard let terms = try? DeclaredTerms(contract, deployer: entry.terms.deployer, network: context.network.id) else { return nil }
        var lie = evidence
        lie.proof.value = ContractEntry(terms: terms, node: entry.node, height: entry.height).encoded
        return lie
    }

    /// What appears by a peg, with a member's word less than there are, or as ten times what was ordered.
    mutating func poolLies(_ batch: AcceptedTransactions, on topic: Topic) -> [RoleEffect] {
        let (chain, network) = (context.address.chain, context.network.id)
        let lies = batch.transactions.compactMap { pooled -> PooledTransaction? in
            guard let transaction = try? Transaction(decoding: pooled.transaction, chain: chain, network: network) else { return nil }
            func lie(_ proof: BridgeProof) -> BridgeProof {
                var lie = proof
                lie.attestations = Array(proof.attestations.dropLast())
                guard random.below(2) == 0, var item = proof.item else { return lie }
                item.amount = item.amount &* 10
                lie.attestations = proof.attestations
                lie.evidence.proof.value = item.encoded
                return lie
            }
            switch transaction.kind {
            case .issue(let proof): return PooledTransaction(transaction: Transaction(.issue(lie(proof)), chain: chain, network: network).bytes, foreign: pooled.foreign)
            case .release(let proof): return PooledTransaction(transaction: Transaction(.release(lie(proof)), chain: chain, network: network).bytes, foreign: pooled.foreign)
            default: return nil
            }
        }
        guard !lies.isEmpty, gives(in: .falseLeg, oneIn: 1) else { return [] }
        return [.publish(topic, .accepted(AcceptedTransactions(node: batch.node, transactions: lies)))]
    }

    /// The opposite of what is true, or the truth with evidence that does not show it.
    mutating func legLies(_ notice: LegNotice, on topic: Topic) -> [RoleEffect] {
        guard gives(in: .falseLeg, oneIn: 1) else { return [] }
        var opposite = notice
        opposite.purpose = notice.purpose == .settle ? .refund : .settle
        var mangled = notice
        mangled.purpose = opposite.purpose
        mangled.evidence = notice.evidence.map { item in
            var proof = item.proof
            // An entry's decision lies behind its xid and the state of its holds.
            proof.value = proof.value.map { value in
                var value = value
                if value.indices.contains(33) { value[33] = value[33] == 1 ? 2 : 1 }
                return value
            }
            return StateEvidence(block: item.block, proof: proof)
        }
        var unfinished = notice
        unfinished.foreign = notice.foreign.map { final in
            var weak = final
            weak.finality = final.finality.changed { signers in
                SignerSet(
                    zip(signers.positions, signers.signatures).dropLast().map { (position: $0.0, signature: $0.1) },
                    of: signers.bitmap.count * 8)
            } ?? final.finality
            return weak
        }
        return [opposite, mangled, unfinished].map { .publish(topic, .leg($0)) }
    }
}
