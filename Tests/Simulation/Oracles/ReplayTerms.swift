import Cryptography
import Wire

/// What the terms of a cross transaction allow, worked out anew from the description alone (R1, R2; A15).
enum ReplayTerms: Equatable {
    case unknown
    case broken
    /// Kept; how far off the deadline may be.
    case kept(longestMilliseconds: UInt64)

    /// - Parameter declared: contracts that stand on the chain whose rule asks.
    init(_ cross: CrossTransaction, _ network: Network, declared: [ReplayContract]) {
        if ReplayTerms.isAgreement(cross) {
            let touched = cross.legs.flatMap { [($0.chain, $0.debit), ($0.chain, $0.credit)] }
            self = touched.contains { network.isReserve($0.1, on: $0.0) } ? .broken : .kept(longestMilliseconds: 24 * 60 * 60 * 1_000)
        } else if let contract = network.contracts.first(where: { $0.id == cross.contract && $0.version == cross.contractVersion }) {
            self = contract.peg == nil && ReserveOracle.allows(cross, contract) ? .kept(longestMilliseconds: contract.deadlineMaximumMilliseconds) : .broken
        } else if let contract = declared.first(where: { $0.id == cross.contract && $0.version == cross.contractVersion }) {
            self = contract.terms.peg == nil && ReserveOracle.allows(cross, contract.terms) ? .kept(longestMilliseconds: contract.terms.deadlineMaximumMilliseconds) : .broken
        } else {
            self = .unknown
        }
    }

    static func isAgreement(_ cross: CrossTransaction) -> Bool { cross.contract == "agreement" && cross.contractVersion == 1 }

    private static func decider(_ cross: CrossTransaction) -> ChainID { cross.legs[cross.legs.count - 1].chain }

    /// Legs that the decision executes.
    static func paidLegs(_ cross: CrossTransaction) -> [Leg] { cross.legs.filter { $0.chain == decider(cross) } }

    /// Legs that a chain holds, with their positions.
    static func heldLegs(_ cross: CrossTransaction, on chain: ChainID) -> [(index: Int, leg: Leg)] {
        chain == decider(cross) ? [] : cross.legs.enumerated().compactMap { $0.element.chain == chain ? ($0.offset, $0.element) : nil }
    }

    /// Chains that hold a leg, ascending.
    static func holders(_ cross: CrossTransaction) -> [ChainID] { Set(cross.legs.map(\.chain)).subtracting([decider(cross)]).sorted() }

    /// Whether nobody has a key to an account, as far as the terms go that a cross transaction names.
    static func isReserve(_ account: PublicKey, on chain: ChainID, under cross: CrossTransaction, _ network: Network) -> Bool {
        let isDescribed = network.contracts.contains { contract in
            [contract.first, contract.second].contains { $0.chain == chain && $0.reserve == account }
        }
        let isDeclared = cross.contract != "agreement" && !network.contracts.contains { $0.id == cross.contract }
        return isDescribed || isDeclared && ReplayContract.reserve(of: cross.contract, on: chain, network.id) == account
    }

    /// Who gets something and has signed nothing yet, reserves apart; the last leg's receiver in any case.
    static func asked(_ cross: CrossTransaction, _ network: Network) -> Set<PublicKey> {
        var keys = Set(cross.legs.filter { !isReserve($0.credit, on: $0.chain, under: cross, network) }.map(\.credit))
        keys.subtract(cross.authorizations.map(\.key))
        return keys.union([cross.legs[cross.legs.count - 1].credit])
    }
}
