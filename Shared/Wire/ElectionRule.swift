import Cryptography

/// How the notaries of the next epoch are elected (A10); the notary chain has one when elections are on.
package struct ElectionRule: Hashable, Sendable {
    /// Members of an elected set. A set keeps a member that would leave rather than fall below it.
    package var seats: Int
    /// How far above a recorded head the notaries of an epoch sign candidates: the next epoch begins on that chain above it.
    package var lead: Height
    /// Notary nodes that are listed and are no members of the first set; in the order of the file.
    package var standby: [NodeDescription]

    /// - Precondition: there is a seat, and a chain may go on at least one block above its record.
    package init(seats: Int, lead: Height = Limits.recordLead, standby: [NodeDescription]) {
        precondition(seats > 0 && lead > 0, "an election fills seats, and lets chains go on")
        self.seats = seats
        self.lead = lead
        self.standby = standby
    }
}

extension ChainDescription {
    /// Every node that `network.yaml` lists for the chain: the first set, then those on standby.
    package var listed: [NodeDescription] { nodes + (election?.standby ?? []) }
}
