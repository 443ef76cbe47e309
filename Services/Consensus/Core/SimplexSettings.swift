import Crypto
import Wire

/// What never changes while a Simplex machine lives.
package struct SimplexSettings: Sendable {
    /// Network id, part of every signature.
    package let network: Digest
    package let chain: ChainDescription
    /// Epoch of the voting set.
    package let epoch: Epoch
    /// Stands for the chain before its first block: Notar and Final of it are reached from the start (Simplex.md 1.4).
    package let genesis: Digest
    package let timing: Timing
    package let signer: Signer
    package let verify: @Sendable (SignatureCheck) -> Bool
    /// Public keys in voting order.
    let members: [PublicKey]
    /// Position of the own node.
    let own: Int
    /// Votes that make a certificate (A7).
    let quorum: Int
    private let positions: [PublicKey: Int]

    /// - Precondition: the signer is a member of the chain.
    package init(
        network: Digest, chain: ChainDescription, epoch: Epoch, genesis: Digest, timing: Timing, signer: Signer,
        verify: @escaping @Sendable (SignatureCheck) -> Bool
    ) {
        self.network = network
        self.chain = chain
        self.epoch = epoch
        self.genesis = genesis
        self.timing = timing
        self.signer = signer
        self.verify = verify
        members = chain.members
        positions = Dictionary(zip(chain.members, chain.members.indices), uniquingKeysWith: { first, _ in first })
        guard let own = positions[signer.publicKey] else { preconditionFailure("only a member of the chain votes on it") }
        self.own = own
        quorum = Quorum.size(of: members.count)
    }

    /// Where a key stands in the voting order; nil for a stranger.
    func position(of key: PublicKey) -> Int? { positions[key] }

    /// The statement of this chain and epoch.
    func statement(_ kind: VoteKind, _ slot: Slot, _ hash: Digest) -> Statement {
        Statement(chain: chain.id, epoch: epoch, slot: slot, kind: kind, hash: hash)
    }

    /// Rule 6: T0·α^(slots since the last final slot − 1), the last final slot being the one known when the slot was entered.
    ///
    /// The growth has no cap but the range of the number, because liveness rests on it (Simplex.md, Lemma 3.5); it comes down by
    /// itself with the next final slot.
    /// - Precondition: `slot > finalSlot`.
    func skipTimeoutMilliseconds(slot: Slot, finalSlot: Slot) -> UInt64 {
        precondition(slot > finalSlot, "only slots above the final one are timed")
        var timeout = timing.skipMilliseconds
        for _ in 1..<(slot - finalSlot) where timeout < SimplexSettings.timeoutMaximumMilliseconds {
            timeout = timeout * Timing.skipGrowth.numerator / Timing.skipGrowth.denominator
        }
        return min(timeout, SimplexSettings.timeoutMaximumMilliseconds)
    }

    /// Some 35 000 years; only keeps the arithmetic in range.
    static let timeoutMaximumMilliseconds: UInt64 = 1 << 50
}
