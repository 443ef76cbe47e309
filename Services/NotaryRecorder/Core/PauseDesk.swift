import Cryptography
import OrderedCollections
import Wire

/// Notaries' wishes to stop new business with a target, or to let it go on, that are not fulfilled yet (G-5).
struct PauseDesk: Sendable {
    private struct Key: Hashable {
        var target: PauseTarget
        var notary: PublicKey
    }

    private var consents: OrderedDictionary<Key, PauseConsent> = [:]

    /// All of them, oldest first.
    var all: [PauseConsent] { Array(consents.values) }

    /// Targets that somebody wants changed, in the order in which they came up.
    var targets: [PauseTarget] { Array(OrderedSet(consents.keys.map(\.target))) }

    /// Whether this wish is here.
    func has(_ consent: PauseConsent) -> Bool {
        consents[Key(target: consent.change.target, notary: consent.authorization.key)]?.change == consent.change
    }

    /// Takes one in; a notary's newer wish about a target replaces the older one.
    ///
    /// - Returns: false when the notary has as many open wishes as it may.
    mutating func add(_ consent: PauseConsent) -> Bool {
        let key = Key(target: consent.change.target, notary: consent.authorization.key)
        guard consents[key] != nil || consents.keys.count(where: { $0.notary == key.notary }) < Limits.pauseWishesPerNotary else { return false }
        consents[key] = consent
        return true
    }

    /// The target has changed: wishes for changes up to that one are over.
    mutating func forget(_ target: PauseTarget, through number: UInt64) {
        consents.removeAll { $0.key.target == target && $0.value.change.number <= number }
    }

    /// Authorizations for one change, in the order of the notaries.
    func authorizations(for change: PauseChange, members: [PublicKey]) -> [Authorization] {
        members.compactMap { member in
            guard let consent = consents[Key(target: change.target, notary: member)], consent.change == change else { return nil }
            return consent.authorization
        }
    }
}
