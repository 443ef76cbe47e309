import Cryptography
import Wire

/// What a receiver's device does with a leg that waits for it; the first rule that fits decides.
package struct AgentRule: Hashable, Sendable {
    /// What to do with a leg.
    package enum Action: Hashable, Sendable {
        case confirm
        /// With the reason that the payer is told.
        case refuse(String)
        /// Says nothing: the deadline passes and the payer gets the money back.
        case silent
        /// Asks whoever runs the device, who answers by `AgentInput.decided`.
        case ask
    }

    /// Account that receives; nil fits every one.
    package var receiver: PublicKey?
    /// Account that pays; nil fits every one.
    package var payer: PublicKey?
    /// Amount received from which on the rule fits, in minor units.
    package var minimumAmount: Amount
    package var action: Action

    package init(receiver: PublicKey? = nil, payer: PublicKey? = nil, minimumAmount: Amount = 0, action: Action) {
        self.receiver = receiver
        self.payer = payer
        self.minimumAmount = minimumAmount
        self.action = action
    }

    /// Whether the rule speaks of what an account gets by this.
    package func fits(_ cross: CrossTransaction, for account: PublicKey) -> Bool {
        let leg = cross.leg(for: account)
        return (receiver.map { $0 == account } ?? true) && (payer.map { $0 == cross.initiator } ?? true) && leg.amount >= minimumAmount
    }
}
