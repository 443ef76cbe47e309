import Determinism
import Wire

/// When a block may rely on what the notary chain has not recorded, where notaries are elected (R7; docs/protocol.md, E-8).
///
/// R7's count holds among one set of notaries. So nobody carries over what only the old ones know: before others take over, they rely on
/// recorded blocks only, and the others do so until the first final notary block that is their own.
extension NotaryView {
    /// The epoch that the present notaries may have to close now; nil outside the `margin` slots before its cut, and once it is settled
    /// who follows.
    package func epochToClose(_ book: ElectorateBook) -> Epoch? {
        guard book.network.notary.election != nil, let rule = book.network.notary.epochs else { return nil }
        let epoch = rule.epoch(of: slot)
        guard slot + rule.margin > rule.cut(of: epoch), book.newestEpoch(of: .notary) <= epoch else { return nil }
        return epoch
    }

    /// Whether a sub-chain's block may rely on blocks that are not recorded.
    ///
    /// - Parameter epoch: of the notaries that certify it; `closed`: the newest epoch that whoever asks has closed, for a notary.
    package func allowsUnrecorded(_ epoch: Epoch, _ book: ElectorateBook, closed: Epoch?) -> Bool {
        guard book.network.notary.election != nil, let rule = book.network.notary.epochs else { return true }
#if PLANTED_BUGS
        if PlantedBug.nothingCarriedOver.isPlanted { return true }
#endif
        let present = rule.epoch(of: slot)
        // Who certifies the block, and whose notary blocks are being read, must be the same nodes.
        guard let nodes = NotaryView.nodes(book, epoch) else { return false }
        for between in min(epoch, present)...max(epoch, present) where NotaryView.nodes(book, between) != nodes { return false }
        if book.newestEpoch(of: .notary) > present { return NotaryView.nodes(book, present + 1) == nodes }
        return epochToClose(book) == nil && closed.map { $0 < present } ?? true
    }

    private static func nodes(_ book: ElectorateBook, _ epoch: Epoch) -> [String]? {
        book.electorate(of: .notary, epoch: epoch)?.members.map(\.node)
    }
}
