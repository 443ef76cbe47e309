import Cryptography
import Wire

/// The keys of one node: the one that `network.yaml` names, and those it took later (A10). Which one signs is a matter of the electorate:
/// the key that it lists for the node, and no other.
package struct KeyRing: Sendable {
    /// Id of the node.
    package let node: String
    /// The key that `network.yaml` names.
    package let first: Signer
    private let others: @Sendable (PublicKey) -> Signer?

    /// - Parameter others: looks a later key up; it may come to be while the role runs.
    package init(node: String, first: Signer, others: @escaping @Sendable (PublicKey) -> Signer? = { _ in nil }) {
        self.node = node
        self.first = first
        self.others = others
    }

    /// Where the node stands in an electorate, and what it signs with there; nil when it is no member, or its key is not here.
    package func seat(in electorate: Electorate) -> (position: Int, signer: Signer)? {
        if let position = electorate.position(of: first.publicKey) { return (position, first) }
        guard let position = electorate.members.firstIndex(where: { $0.node == node }), let signer = others(electorate.members[position].key)
        else { return nil }
        return (position, signer)
    }
}
