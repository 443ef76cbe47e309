import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// Where notaries are elected, a chain goes on only so far above its record (E-6): so every height has one set of notaries that certify it.
extension ValidatorRole {
    /// The notary chain shows how far this chain is recorded.
    ///
    /// A notary block past a cut is believed only once the notaries that it, or one before it, has settled are known: whoever knows the
    /// record as of then must go by their first heights.
    mutating func learn(_ recorded: Recorded, at now: Moment) -> [RoleEffect] {
        guard network.notary.election != nil, recorded.chain == context.address.chain, let head = recorded.head else { return [] }
        let slot = head.notary.header.slot
        guard let rule = network.notary.epochs, rule.settledEpoch(by: slot) ?? rule.epoch(of: slot) <= book.newestEpoch(of: .notary) else {
            _ = book.electorate(of: .notary, epoch: book.newestEpoch(of: .notary) + 1)
            return []
        }
        guard let entry = head.entry(of: recorded.chain), entry.height > recordedHeight else { return [] }
        if let reason = tree.finalityFault(in: head.notary) { return reason == .epochUnknown ? [] : [.count(.peerFault, by: 1)] }
        recordedHeight = entry.height
        return retryPending(at: now)
    }

    /// Whether a candidate lies further above the record than this notary may sign.
    func isBeyondLead(_ header: BlockHeader) -> Bool {
        guard let rule = network.notary.election else { return false }
        return header.height > recordedHeight + rule.lead
    }
}
