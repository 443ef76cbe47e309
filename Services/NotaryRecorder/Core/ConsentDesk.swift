import Crypto
import OrderedCollections
import Wire

/// Notaries' wishes to freeze or thaw chains, that are not fulfilled yet (R8).
struct ConsentDesk: Sendable {
    private struct Key: Hashable {
        var chain: ChainID
        var notary: PublicKey
    }

    private var consents: OrderedDictionary<Key, Consent> = [:]

    /// All of them, oldest first.
    var all: [Consent] { Array(consents.values) }

    func has(_ chain: ChainID, by notary: PublicKey) -> Bool { consents[Key(chain: chain, notary: notary)] != nil }

    mutating func add(_ consent: Consent) { consents[Key(chain: consent.chain, notary: consent.authorization.key)] = consent }

    /// The chain's status has changed.
    mutating func forget(_ chain: ChainID) { consents.removeAll { $0.key.chain == chain } }

    /// Authorizations for one change of a chain's status, in the order of the notaries.
    func authorizations(for chain: ChainID, frozen: Bool, since: Height, members: [PublicKey]) -> [Authorization] {
        members.compactMap { member in
            guard let consent = consents[Key(chain: chain, notary: member)], consent.frozen == frozen, consent.since == since else { return nil }
            return consent.authorization
        }
    }
}
