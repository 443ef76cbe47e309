import Cryptography
import DequeModule
import Determinism
import Wire

/// When the steps of blocks and cross transactions went by, as this recorder heard them; the newest are remembered.
struct StepLog: Sendable {
    /// A moment in the life of a block.
    struct BlockStep: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            case candidate, verdict(notary: PublicKey), certified, final
        }
        var kind: Kind
        var source: String
        var time: UInt64
    }

    /// A moment in the life of a cross transaction that is not about a block.
    struct CrossStep: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            case told(LegNotice.Purpose), answered(confirmed: Bool)
        }
        var kind: Kind
        var source: String
        var chain: ChainID?
        var time: UInt64
    }

    /// Blocks and cross transactions remembered.
    static let remembered = 50_000
    /// Steps remembered of one of them.
    static let stepsEach = 64

    private var blocks: [Digest: [BlockStep]] = [:]
    private var blockOrder: Deque<Digest> = []
    private var crosses: [Digest: [CrossStep]] = [:]
    private var crossOrder: Deque<Digest> = []
    private var now: UInt64 = 0

    /// Notes what a published message says of a block or a cross transaction.
    mutating func hear(_ message: Message, publisher: String, at moment: Moment) {
        now = moment.wallMilliseconds
        switch message {
        case .candidate(let block): add(.candidate, to: block.hash, source: publisher)
        case .verdict(let verdict):
            if case .signed = verdict.verdict { add(.verdict(notary: verdict.notary), to: verdict.block, source: publisher) }
        case .certified(let certified): add(.certified, to: certified.header.hash, source: publisher)
        case .final(let final): add(.final, to: final.hash, source: publisher)
        case .leg(let notice): add(.told(notice.purpose), to: notice.cross.xid, chain: notice.chain, source: publisher)
        case .confirm(let notice): add(.answered(confirmed: notice.confirmed), to: notice.xid, chain: nil, source: publisher)
        default: return
        }
    }

    /// A block has become final here.
    mutating func final(_ block: Block) {
        if steps(ofBlock: block.hash).contains(where: { $0.kind == .final }) { return }
        add(.final, to: block.hash, source: "")
    }

    func steps(ofBlock hash: Digest) -> [BlockStep] { blocks[hash] ?? [] }
    func steps(ofCross xid: Digest) -> [CrossStep] { crosses[xid] ?? [] }

    private mutating func add(_ kind: BlockStep.Kind, to hash: Digest, source: String) {
        if blocks[hash] == nil {
            blocks[hash] = []
            blockOrder.append(hash)
            if blockOrder.count > StepLog.remembered { blocks[blockOrder.removeFirst()] = nil }
        }
        guard let steps = blocks[hash], steps.count < StepLog.stepsEach, !steps.contains(where: { $0.kind == kind }) else { return }
        blocks[hash]?.append(BlockStep(kind: kind, source: source, time: now))
    }

    private mutating func add(_ kind: CrossStep.Kind, to xid: Digest, chain: ChainID?, source: String) {
        if crosses[xid] == nil {
            crosses[xid] = []
            crossOrder.append(xid)
            if crossOrder.count > StepLog.remembered { crosses[crossOrder.removeFirst()] = nil }
        }
        guard let steps = crosses[xid], steps.count < StepLog.stepsEach, !steps.contains(where: { $0.kind == kind }) else { return }
        crosses[xid]?.append(CrossStep(kind: kind, source: source, chain: chain, time: now))
    }
}
