import Wire

/// What a transaction did to the state.
package enum Application: Hashable, Sendable {
    /// It took effect.
    case applied
    /// It stands in the block with this reason as its final answer. A rejected transfer has used its nonce, a rejected Open
    /// has left a tombstone.
    case rejected(Reason)
    /// It cannot be in a block at all, and the state is untouched. `Reason.isTemporary` tells whether it may be in a later one.
    case invalid(Reason)

    /// What the block says of it; nil when it cannot be in one.
    package var outcome: Outcome? {
        switch self {
        case .applied: .applied
        case .rejected(let reason): Outcome(rejection: reason)
        case .invalid: nil
        }
    }
}
