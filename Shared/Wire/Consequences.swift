/// What follows from an offence that the notary chain has recorded, and from silence, as `network.yaml` says. People are told in any case.
package struct Consequences: Hashable, Sendable {
    /// What a notary does by itself.
    package enum Consequence: String, Hashable, Sendable, CaseIterable {
        /// Nothing: people decide.
        case alarm
        /// It consents to freeze the chain (R8).
        case freeze
    }

    /// A chain that made two blocks of one height final.
    package var twoFinals: Consequence
    /// A chain that has made no block final for so long is to be frozen, in milliseconds; 0 for never.
    package var silentMilliseconds: UInt64

    package init(twoFinals: Consequence = .freeze, silentMilliseconds: UInt64 = 0) {
        self.twoFinals = twoFinals
        self.silentMilliseconds = silentMilliseconds
    }
}
