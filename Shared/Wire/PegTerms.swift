import Cryptography
import FoundationEssentials
import Schema

/// What makes a contract a peg: who attests that value was locked on the main chain, and who that it came back (B2 to B5).
package struct PegTerms: Hashable, Sendable {
    /// Keys of which so many make a proof.
    package struct Members: Hashable, Sendable {
        /// Ascending, each once, 1 to `Limits.pegMembers`.
        package let keys: [PublicKey]
        /// 1 to as many as there are keys.
        package let threshold: Int

        /// Nil for no keys, too many or one twice, and for a threshold of 0 or above their number (faults case 47).
        package init?(_ keys: [PublicKey], threshold: Int) {
            let ascending = keys.sorted { $0.digest < $1.digest }
            guard (1...Limits.pegMembers).contains(keys.count), Set(keys).count == keys.count, (1...keys.count).contains(threshold) else { return nil }
            self.keys = ascending
            self.threshold = threshold
        }

        init(_ keys: [PublicKey], threshold: UInt32, _ field: String) throws(WireFault) {
            guard let members = Members(keys, threshold: Int(threshold)), members.keys == keys else { throw WireFault(.invalid, field) }
            self = members
        }
    }

    /// First validators, of the custody account: they attest locks (B3).
    package let issuers: Members
    /// Second validators, of the return account: they attest redemptions (B5).
    package let releasers: Members

    package init(issuers: Members, releasers: Members) {
        self.issuers = issuers
        self.releasers = releasers
    }

    init(_ message: PBPegTerms) throws(WireFault) {
        func keys(_ list: [Data], _ field: String) throws(WireFault) -> [PublicKey] {
            try Field.count(list.count, atMost: Limits.pegMembers, field)
            return try mapChecked(list) { item throws(WireFault) in try Field.key(item, field) }
        }
        issuers = try Members(keys(message.issuers, "PegTerms.issuers"), threshold: message.issueThreshold, "PegTerms.issuers")
        releasers = try Members(keys(message.releasers, "PegTerms.releasers"), threshold: message.releaseThreshold, "PegTerms.releasers")
    }

    var message: PBPegTerms {
        var message = PBPegTerms()
        message.issuers = issuers.keys.map(\.data)
        message.issueThreshold = UInt32(issuers.threshold)
        message.releasers = releasers.keys.map(\.data)
        message.releaseThreshold = UInt32(releasers.threshold)
        return message
    }

    /// Who attests orders of a kind.
    package func members(for kind: BridgeItem.Kind) -> Members { kind == .locked ? issuers : releasers }

    /// The asset that stands on a side chain for one of a main chain, and says where it comes from: `alpha/X`. Nil when that is too long.
    package static func wrapped(_ asset: AssetID, of chain: ChainID) -> AssetID? { AssetID("\(chain)/\(asset)") }
}
