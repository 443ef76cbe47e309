import Cryptography
import Synchronization
import Wire

/// What roles of an incident may ask for: final blocks that were said by then, and older ones of an archive.
final class IncidentLibrary {
    /// The clock of the first frame, Unix milliseconds.
    let beginMilliseconds: UInt64
    private let archive: Archives?
    private var candidates: [Digest: Block] = [:]
    private var certified: [Digest: CertifiedCandidate] = [:]
    private var finals: [ChainID: [Height: FinalHeader]] = [:]
    private var handovers: [ChainID: [Epoch: Handover]] = [:]
    /// First final block of each chain in the whole recording.
    private var first: [ChainID: Height] = [:]
    /// Heights that the recording itself has made final.
    private(set) var recorded: [ChainID: ClosedRange<Height>] = [:]

    /// - Parameter archive: asked for blocks that the recording does not have.
    init(beginMilliseconds: UInt64, archive: Archives?) {
        self.beginMilliseconds = beginMilliseconds
        self.archive = archive
    }

    /// The recording will say that a block is final: an archive is asked for those before it only.
    func expect(_ header: BlockHeader) { first[header.chain] = min(first[header.chain] ?? .max, header.height) }

    /// Takes in what was said.
    func hear(_ message: Message) {
        switch message {
        case .candidate(let block): candidates[block.hash] = block
        case .final(let final):
            let header = final.header
            finals[header.chain, default: [:]][header.height] = final
            let known = recorded[header.chain]
            recorded[header.chain] = min(known?.lowerBound ?? header.height, header.height)...max(known?.upperBound ?? 0, header.height)
        case .handover(let handover): handovers[handover.chain, default: [:]][handover.epoch] = handover
        default: break
        }
    }

    /// Answers as a node would that knows what the recording has said so far.
    func answer(_ request: Request) -> Response {
        switch request {
        case .fetchBlocks(let chain, let from, let limit): return .blocks(blocks(chain, from, min(limit, Limits.blocksPerAnswer)), head: head(chain))
        case .fetchBlock(_, let hash):
            guard let block = candidates[hash] else { break }
            return .blocks([FinalBlock(block: block, final: nil)], head: head(block.header.chain))
        case .fetchHandovers(let chain, let from):
            let known = (handovers[chain] ?? [:]).filter { $0.key >= from }.sorted { $0.key < $1.key }.prefix(Limits.handoversPerAnswer)
            return .handovers(known.map(\.value))
        case .head(let chain):
            let newest = head(chain)
            return .head(finals[chain]?[newest], height: newest)
        default: break
        }
        return .failure(.notReady, detail: "the recording does not hold it")
    }

    private func head(_ chain: ChainID) -> Height { recorded[chain]?.upperBound ?? 0 }

    private func blocks(_ chain: ChainID, _ from: Height, _ limit: Int) -> [FinalBlock] {
        var found: [FinalBlock] = []
        while found.count < limit, let final = finals[chain]?[from + Height(found.count)], let block = candidates[final.hash] {
            found.append(FinalBlock(block: block, final: final))
        }
        let end = first[chain] ?? .max
        guard found.isEmpty, from < end, let older = try? archive?.blocks(of: chain, from: from).first else { return found }
        return older.prefix(limit).filter { $0.block.header.height < end }
    }
}

/// Remembers what was found of signatures: every role of an incident checks the same ones.
final class RememberedChecks: Sendable {
    private let known = Mutex<[SignatureCheck: Bool]>([:])
    /// Answers kept; beyond that all are forgotten, and found out again.
    private static let maximum = 1 << 18

    func holds(_ check: SignatureCheck) -> Bool {
        if let answer = known.withLock({ $0[check] }) { return answer }
        let answer = check.holds
        known.withLock {
            if $0.count >= RememberedChecks.maximum { $0.removeAll() }
            $0[check] = answer
        }
        return answer
    }
}
