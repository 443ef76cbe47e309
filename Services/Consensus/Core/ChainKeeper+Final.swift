import Chain
import Cryptography
import RoleKit
import Wire

/// How blocks become final, whatever shows it: votes of the chain's own nodes, or the notary chain's record.
extension ChainKeeper {
    /// Candidates from the final block, excluded, to `hash`; nil when one of them, or its notary certificate, is not here.
    func path(to hash: Digest) -> [Block]? {
        var path: [Block] = []
        var next = hash
        while next != tree.finalHash {
            guard let entry = candidates[next], candidates.certified(next) != nil, path.count < Limits.descendants,
                entry.block.header.height > tree.finalHeight, entry.stage == .valid || entry.stage == .waiting
            else { return nil }
            path.append(entry.block)
            next = entry.block.header.parent
        }
        return path.reversed()
    }

    /// Blocks in a row, each with what shows it to be final: `finality` names the last.
    func proven(_ path: [Block], by finality: Finality) -> [FinalBlock] {
        path.enumerated().map { position, block in
            FinalBlock(
                block: block,
                final: FinalHeader(
                    header: block.header, builderSignature: block.builderSignature, notary: candidates.certified(block.hash)?.notary,
                    finality: finality, descendants: path[(position + 1)...].map(\.header)))
        }
    }

    /// The slot's leader and the next members in order say that a block is final, so many that they cannot all be faulty.
    func announce(_ items: [FinalBlock]) -> [RoleEffect] {
        items.compactMap { item in
            guard let final = item.final, isSpokesman(of: item.block.header.slot) else { return nil }
            return .publish(chain == .notary ? .notaryHeader : .final(chain), .final(final))
        }
    }

    /// Whether this node is among those who speak for a slot; by its name, because its key may have been rotated.
    func isSpokesman(of slot: Slot) -> Bool {
        book.electorate(of: chain, slot: slot)?.spokesmen(of: slot).contains { $0.node == context.address.node } ?? false
    }

    /// Whether a publisher makes this node's candidates: its builder, or its recorder on the notary chain.
    func isOwnBuilder(_ publisher: String) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.node == context.address.node && address.chain == chain && (address.role == .builder || address.role == .recorder)
    }

    /// The chain has gone where this node cannot follow.
    ///
    /// - Parameter who: what made the block final, as the subject of a sentence.
    func invalidFinal(_ block: Block, _ who: String) -> [RoleEffect] {
        [
            .raise(
                code: "invalid_final_block",
                detail: "\(who) block \(block.header.height) of \(chain) final, which is invalid here: this node goes no further",
                severity: .critical)
        ]
    }
}
