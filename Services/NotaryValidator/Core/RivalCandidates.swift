import Cryptography
import OrderedCollections
import Wire

/// Candidates that are shown certified and stand at a height of which this validator has signed another one (N-11).
///
/// A signature under a candidate counts no longer once a rival of the same height, which relies on another branch of some chain, is
/// certified: the quorum behind the rival shares an honest notary with every quorum that the candidate could still get, and that one
/// signs for neither branch what it is bound against by the other (section 18, "Why a rival may release").
struct RivalCandidates: Sendable {
    /// Certified rivals by hash; nil while the body, which tells what the rival relies on, is not here.
    private var entries: OrderedDictionary<Digest, (header: BlockHeader, relied: [BlockHeader]?)> = [:]

    /// Rivals kept at once; the lowest go first.
    static let maximum = 64

    func contains(_ hash: Digest) -> Bool { entries[hash] != nil }

    /// Takes a header whose certificate holds.
    mutating func insert(_ header: BlockHeader) {
        guard entries[header.hash] == nil else { return }
        if entries.count >= RivalCandidates.maximum, let lowest = entries.values.min(by: { $0.header.height < $1.header.height }) {
            guard lowest.header.height < header.height else { return }
            entries[lowest.header.hash] = nil
        }
        entries[header.hash] = (header, nil)
    }

    /// A body has come; the header's hash covers what it relies on.
    mutating func learn(_ block: Block) { entries[block.hash]?.relied = block.foreign.map(\.header) }

    /// Hashes of rivals of a height whose bodies are not here.
    func missing(at height: Height) -> [Digest] {
        entries.values.compactMap { $0.header.height == height && $0.relied == nil ? $0.header.hash : nil }
    }

    /// Whether a certified candidate of that height relies on another branch of `chain` than the candidate `hash` does.
    ///
    /// - Parameter relied: foreign headers of the candidate.
    func contradict(_ hash: Digest, at height: Height, relied: [BlockHeader], on chain: ChainID) -> Bool {
        let own = relied.filter { $0.chain == chain }
        return entries.values.contains { rival in
            guard rival.header.height == height, rival.header.hash != hash, let others = rival.relied else { return false }
            return others.contains { other in other.chain == chain && own.contains { RivalCandidates.lieApart($0, other) } }
        }
    }

    /// Whether two headers of a chain are seen, by themselves, to lie on two branches.
    private static func lieApart(_ one: BlockHeader, _ other: BlockHeader) -> Bool {
        if one.height == other.height { return one.hash != other.hash }
        if one.height + 1 == other.height { return other.parent != one.hash }
        if other.height + 1 == one.height { return one.parent != other.hash }
        return false
    }

    /// A block of that height has been recorded: what is below needs no rival any more.
    mutating func forget(through height: Height) { entries.removeAll { $0.value.header.height <= height } }
}
