import Cryptography
import Simulation
import Wire

/// The network that all inputs are about: a simulated one, so that its frames are real ones and its keys known.
package enum Stage {
    /// Seed of the keys.
    package static let seed: UInt64 = 1
    package static let shape = Shape(people: 6)
    package static let memo = SignatureMemo()
    package static let cast = Cast(shape, seed: seed, memo: memo)
    package static let network = cast.network
    package static let alpha = network.chains[0].id
    package static let beta = network.chains[1].id

    /// Who may say anything: the last node of each chain, and one account. A signature of theirs holds over whatever the fuzzer
    /// makes of it, as if they had signed that; everybody else's is checked.
    package static let liars: Set<PublicKey> = Set(
        (network.chains + [network.notary]).compactMap { $0.nodes.last?.key } + [cast.people[cast.people.count - 1].publicKey])

    /// Every role instance of the network.
    package static let addresses: [RoleAddress] = network.chains.flatMap { chain in
        chain.nodes.flatMap { node in
            [Role.collector, .builder, .consensus].map { RoleAddress(role: $0, chain: chain.id, node: node.id) }
        }
    } + network.notary.nodes.flatMap { node in
        network.chains.map { RoleAddress(role: .validator, chain: $0.id, node: node.id) }
            + [Role.recorder, .consensus].map { RoleAddress(role: $0, chain: .notary, node: node.id) }
    }

    static func holds(_ check: SignatureCheck) -> Bool { liars.contains(check.key) || check.holds }
}
