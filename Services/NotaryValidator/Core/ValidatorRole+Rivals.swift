import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// Signatures that lapse because a rival on another branch is certified (N-11).
extension ValidatorRole {
    /// A certificate of this chain went by, or came with a block: of a height where this notary has signed another candidate, it is kept.
    mutating func noteRival(_ certified: CertifiedCandidate, body: Block? = nil) -> [RoleEffect] {
        let header = certified.header
        // Certificates of a mined chain are kept anyway.
        guard header.chain == chain, tree.chain.engine != .pow, !rivals.contains(header.hash), reliances.binds(at: header.height, otherThan: header.hash),
            tree.certificateFault(in: certified) == nil
        else { return [] }
        rivals.insert(header)
        return body.map { learnRival($0) } ?? []
    }

    /// The body of a rival has come.
    mutating func learnRival(_ block: Block) -> [RoleEffect] {
        guard rivals.contains(block.hash) else { return [] }
        rivals.learn(block)
        return dropContradicted()
    }

    /// Looks for certified rivals of what still binds this notary to a branch of `other`, and asks for what is missing of them.
    mutating func seekRivals(against other: ChainID, above height: Height) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for candidateHeight in reliances.candidateHeights(relyingOn: other, above: height) {
            for certified in Array(mined.certificates.values) where certified.header.height == candidateHeight {
                guard reliances.binds(at: candidateHeight, otherThan: certified.header.hash) else { continue }
                rivals.insert(certified.header)
                if let block = tree.candidate(certified.header.hash) { rivals.learn(block) }
            }
            effects += askRivals(at: candidateHeight)
        }
        return dropContradicted() + effects
    }

    private mutating func askRivals(at height: Height) -> [RoleEffect] { rivals.missing(at: height).flatMap { askParent($0) } }

    /// Lets go of signatures whose candidates cannot be certified any more.
    private mutating func dropContradicted() -> [RoleEffect] {
        let (rivals, tree) = (rivals, tree)
        let dropped = reliances.drop { entry in
            guard let signed = tree.candidate(entry.candidate) else { return false }
            return rivals.contradict(entry.candidate, at: entry.candidateHeight, relied: signed.foreign.map(\.header), on: entry.chain)
        }
        return dropped.isEmpty ? [] : [.persist(dropped), .note("a signature lapses: a rival on another branch is certified")]
    }
}
