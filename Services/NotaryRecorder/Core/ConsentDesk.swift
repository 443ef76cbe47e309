import Cryptography
import OrderedCollections
import Wire

/// Notaries' wishes to freeze or thaw chains (R8), and theirs and nodes' that a chain leave (J-7), that are not fulfilled yet.
struct ConsentDesk: Sendable {
    private struct Key: Hashable {
        var chain: ChainID
        var wish: ChainWish
        /// A notary's, or one of the chain's nodes'.
        var member: PublicKey
    }

    private var consents: OrderedDictionary<Key, Consent> = [:]

    /// All of them, oldest first.
    var all: [Consent] { Array(consents.values) }

    func has(_ chain: ChainID, _ wish: ChainWish, by member: PublicKey) -> Bool { consents[Key(chain: chain, wish: wish, member: member)] != nil }

    mutating func add(_ consent: Consent) {
        consents[Key(chain: consent.chain, wish: consent.wish, member: consent.authorization.key)] = consent
    }

    /// The chain's status has changed.
    mutating func forget(_ chain: ChainID) { consents.removeAll { $0.key.chain == chain } }

    /// Authorizations for one change of a chain's status, in the order of the members.
    func authorizations(for chain: ChainID, _ wish: ChainWish, since: Height, members: [PublicKey]) -> [Authorization] {
        members.compactMap { member in
            guard let consent = consents[Key(chain: chain, wish: wish, member: member)], consent.since == since else { return nil }
            return consent.authorization
        }
    }
}
