import Chain
import Cryptography
import Ledger
import RoleKit
import Wire

extension RecorderRole {
    /// Everything that proves what became of a transaction (design section 5, receipt; A9).
    func receipt(_ question: PendingAnswers.Question) -> Receipt {
        var parts: [Receipt.Part] = []
        for place in question.places ?? [] {
            guard let (item, transaction) = transaction(at: place, question), let final = item.final else { continue }
            let block = item.block
            let position = Int(place.transaction)
            parts.append(
                Receipt.Part(
                    chain: block.header.chain, transaction: transaction.bytes, outcome: block.outcomes[position],
                    index: position, path: MerkleTree.path(leaves: RecorderRole.leaves(block), of: position), final: final,
                    record: recordProof(of: block.hash, question)))
        }
        return Receipt(id: question.id, parts: parts.sorted { $0.final.header.time < $1.final.header.time })
    }

    private func recordProof(of block: Digest, _ question: PendingAnswers.Question) -> Receipt.RecordProof? {
        guard let height = question.recordPlaces[block]?.height, let notary = question.found[.init(position: notaryPosition, height: height)],
            let final = notary.final, let position = recordPosition(of: block, in: notary.block)
        else { return nil }
        return Receipt.RecordProof(
            transaction: notary.block.transactions[position].bytes, index: position,
            path: MerkleTree.path(leaves: RecorderRole.leaves(notary.block), of: position), final: final)
    }

    private func recordPosition(of block: Digest, in notary: Block) -> Int? {
        notary.transactions.firstIndex {
            guard case .record(let record) = $0.kind else { return false }
            return record.final.hash == block
        }
    }

    private static func leaves(_ block: Block) -> [Digest] {
        zip(block.transactions, block.outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
    }

    /// The steps S820 to S894 of a transaction, with when this recorder heard of each.
    func trace(_ question: PendingAnswers.Question) -> Trace {
        var found: [Trace.Step] = []
        var xid: Digest?
        for place in question.places ?? [] {
            guard let (item, transaction) = transaction(at: place, question) else { continue }
            xid = xid ?? transaction.xid
            found += steps(of: transaction, in: item.block)
            if let height = question.recordPlaces[item.block.hash]?.height, let notary = question.found[.init(position: notaryPosition, height: height)] {
                found += recordSteps(notary.block)
            }
        }
        if let xid { found += crossSteps(xid) }
        return Trace(id: question.id, steps: found.sorted { ($0.time, $0.step) < ($1.time, $1.step) })
    }

    /// Step numbers of the source, by what the transaction is: candidate, verdict, certificate, adoption.
    private static func numbers(_ transaction: Transaction) -> (candidate: String, verdict: String, certified: String, final: String) {
        switch transaction.kind {
        case .confirm, .refuse, .cancel: ("S890-S891", "S892", "S893", "S894")
        case .settle, .refund: ("S822-S823", "S824", "S825", "S826")
        default: ("S830-S840", "S850", "S860", "S860")
        }
    }

    private func steps(of transaction: Transaction, in block: Block) -> [Trace.Step] {
        let numbers = RecorderRole.numbers(transaction)
        let name = RecorderRole.phrase(transaction)
        return steps.steps(ofBlock: block.hash).map { step in
            let (number, what): (String, String) =
                switch step.kind {
                case .candidate: (numbers.candidate, "block with the \(name) made, signed, sent to the notaries")
                case .verdict: (numbers.verdict, "verified and signed")
                case .certified: (numbers.certified, "more than two thirds of the notaries signed")
                case .final: (numbers.final, "block with the \(name) adopted: final")
                }
            return Trace.Step(
                step: number, what: what, source: step.source, chain: block.header.chain.description, height: block.header.height,
                time: step.time)
        }
    }

    private static func phrase(_ transaction: Transaction) -> String {
        switch transaction.kind {
        case .register: "registration"
        case .transfer: "transfer"
        case .open: "hold"
        case .confirm: "deciding leg"
        case .refuse(let refuse): refuse.reason.isEmpty ? "refusal" : "refusal (\"\(refuse.reason)\")"
        case .cancel: "cancellation"
        case .settle: "settlement"
        case .refund(let resolution): "refund (\(cause(of: resolution)))"
        case .record: "record"
        case .evidence: "evidence"
        case .bond: "bond"
        case .unbond: "unbond"
        case .candidacy: "candidacy"
        case .ballot: "ballot"
        case .closing: "closing"
        case .status(let change): change.isFreeze ? "freeze" : "thaw"
        case .deploy(let deploy): "contract \(deploy.terms.contract.id) \(deploy.terms.contract.version)"
        case .join(let join): "chain \(join.body.chain.id) joins"
        case .lock: "lock"
        case .issue: "issue of what is locked"
        case .redeem: "redemption"
        case .release: "release of what is redeemed"
        case .pause(let pause): "\(pause.change.level.word) of \(pause.change.target.text)"
        case .heed(let heed): "change \(heed.number) of \(heed.target.text) taken in"
        case .adopt(let adopt): "contract \(adopt.id) \(adopt.version) taken in"
        }
    }

    /// Why a hold came back, as the chain's own evidence has it.
    private static func cause(of refund: Resolution) -> String {
        if refund.frozen != nil { return "the deciding chain is frozen" }
        return switch refund.evidence.proof.value.flatMap({ CrossEntry(decoding: $0) })?.decision {
        case .refused?: "the receiver has refused"
        case .cancelled?: "the payer has cancelled"
        case .committed?, Decision.none?, nil: "the deadline has passed"
        }
    }

    private func recordSteps(_ notary: Block) -> [Trace.Step] {
        steps.steps(ofBlock: notary.hash).compactMap { step in
            let (number, what): (String, String)
            switch step.kind {
            case .candidate: (number, what) = ("S851", "recorded in a notary block")
            case .final: (number, what) = ("S852", "notary block adopted: final")
            default: return nil
            }
            return Trace.Step(
                step: number, what: what, source: step.source, chain: ChainID.notary.description, height: notary.header.height,
                time: step.time)
        }
    }

    private func crossSteps(_ xid: Digest) -> [Trace.Step] {
        steps.steps(ofCross: xid).map { step in
            let (number, what): (String, String) =
                switch step.kind {
                case .told(.confirm): ("S860", "second transaction sent to the second chain")
                case .told(.settle): ("S824", "first chain told that the second leg is final")
                case .told(.refund): ("S824", "first chain told that the second leg cannot happen")
                case .answered(confirmed: true): ("S870-S880", "receiver's device told, confirmed, and sent back")
                case .answered(confirmed: false): ("S870-S880", "receiver's device told, refused, and sent back")
                }
            return Trace.Step(step: number, what: what, source: step.source, chain: step.chain?.description ?? "", height: 0, time: step.time)
        }
    }
}
