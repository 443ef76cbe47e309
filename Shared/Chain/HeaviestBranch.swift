import Cryptography
import OrderedCollections
import Wire

/// The notarized blocks of a mined chain above the newest recorded one, and which branch of them is the heaviest.
///
/// The weight of a branch is the work of its blocks above the recorded one; of equally heavy ones that whose last block has the lower
/// hash counts, so that everybody who knows the same blocks chooses alike. Nothing beside the recorded block is ever looked at.
package struct HeaviestBranch: Sendable {
    private struct Entry: Sendable {
        var header: BlockHeader
        /// Work from the recorded block, excluded, to this one.
        var weight: UInt64
    }

    private var entries: OrderedDictionary<Digest, Entry> = [:]
    /// The newest recorded block, or genesis.
    package private(set) var root: Digest
    package private(set) var rootHeight: Height
    /// Last block of the heaviest branch; `root` while there is none.
    package private(set) var tip: Digest

    package init(root: Digest, height: Height) {
        self.root = root
        rootHeight = height
        tip = root
    }

    package var tipHeight: Height { entries[tip]?.header.height ?? rootHeight }
    /// In the order in which they came.
    package var headers: [BlockHeader] { entries.values.map(\.header) }

    /// Whether a block is the recorded one or a notarized one above it.
    package func contains(_ hash: Digest) -> Bool { hash == root || entries[hash] != nil }

    /// Adds a valid notarized block whose parent is here.
    ///
    /// - Precondition: the parent is contained.
    package mutating func insert(_ header: BlockHeader) {
        guard !contains(header.hash) else { return }
        precondition(contains(header.parent), "a branch grows from what is there")
        entries[header.hash] = Entry(header: header, weight: (entries[header.parent]?.weight ?? 0) + WorkRule.work(of: header.workTarget))
        if isBetter(header.hash) { tip = header.hash }
    }

    /// A block has been recorded: what does not descend from it counts no more.
    package mutating func rebase(onto hash: Digest, height: Height) {
        guard hash != root else { return }
        let headers = entries.values.map(\.header)
        self = HeaviestBranch(root: hash, height: height)
        for header in headers where header.height > height && contains(header.parent) { insert(header) }
    }

    /// The heaviest branch above the recorded block, lowest first.
    package var path: [BlockHeader] {
        var path: [BlockHeader] = []
        var next = tip
        while let header = entries[next]?.header {
            path.append(header)
            next = header.parent
        }
        return path.reversed()
    }

    /// Those of the heaviest branch with at least so many blocks above them.
    package func confirmed(_ confirmations: UInt64) -> [BlockHeader] {
        let path = path
        return Array(path.prefix(path.count - min(path.count, Int(confirmations))))
    }

    private func isBetter(_ hash: Digest) -> Bool {
        let (one, best) = (entries[hash]?.weight ?? 0, entries[tip]?.weight ?? 0)
        return one != best ? one > best : hash < tip && tip != root
    }
}
