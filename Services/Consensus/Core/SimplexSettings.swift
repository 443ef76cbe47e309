import Chain
import Cryptography
import RoleKit
import Wire

/// What never changes while a Simplex machine lives.
package struct SimplexSettings: Sendable {
    /// Network id, part of every signature.
    package let network: Digest
    package let chain: ChainDescription
    /// Who votes in which slot.
    package let book: ElectorateBook
    /// Stands for the chain before its first block: Notar and Final of it are reached from the start (Simplex.md 1.4).
    package let genesis: Digest
    package let timing: Timing
    package let keys: KeyRing
    package let verify: @Sendable (SignatureCheck) -> Bool
    /// Slots above the final one that are open; the electorate of each is settled by then.
    let slotsAhead: UInt64

    package init(book: ElectorateBook, chain: ChainDescription, keys: KeyRing, verify: @escaping @Sendable (SignatureCheck) -> Bool) {
        network = book.network.id
        self.book = book
        self.chain = chain
        genesis = book.network.genesisHash(of: chain.id)
        timing = book.network.timing
        slotsAhead = chain.slotsAhead
        self.keys = keys
        self.verify = verify
    }

    /// Who votes in a slot; nil while the block that settles it is not here.
    func electorate(of slot: Slot) -> Electorate? { book.electorate(of: chain.id, slot: slot) }

    /// Where this node stands among the voters of a slot; nil when it is none, or not known to be one: then it only follows.
    func ownPosition(in slot: Slot) -> Int? { seat(in: slot)?.position }

    /// The same, with what this node signs with in that slot.
    func seat(in slot: Slot) -> (position: Int, signer: Signer)? { electorate(of: slot).flatMap { keys.seat(in: $0) } }

    /// The statement of this chain about a slot.
    func statement(_ kind: VoteKind, _ slot: Slot, _ hash: Digest) -> Statement {
        Statement(chain: chain.id, epoch: chain.epoch(of: slot), slot: slot, kind: kind, hash: hash)
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
