import Cryptography
import Determinism

/// The terms that every network has without any contract being declared: parties who pay each other from their own accounts, over two or
/// more chains (A15). Each leg stands as its parties signed it; nobody else's money takes part.
package enum Agreement {
    /// What a cross transaction names instead of a contract; no contract may be called so.
    package static let id = "agreement"
    package static let version: UInt32 = 1

    /// Whether a cross transaction names these terms.
    package static func isNamed(by cross: CrossTransaction) -> Bool { cross.contract == id && cross.contractVersion == version }
}

extension Network {
    /// Everyone whose consent R2 asks for, in the order of the legs, each once: who is credited and has not signed the body, unless it is a
    /// contract's reserve; and in any case the last leg's receiver, whose word makes the whole happen (A5, A15).
    package func confirmers(of cross: CrossTransaction) -> [PublicKey] {
        var keys: [PublicKey] = []
        let decider = cross.decidingLeg.credit
#if PLANTED_BUGS
        if PlantedBug.oneConsent.isPlanted { return [decider] }
#endif
        for leg in cross.legs where leg.credit != decider && !keys.contains(leg.credit) {
            let hasSigned = cross.authorizations.contains { $0.key == leg.credit }
            if !hasSigned, !isReserve(leg.credit, on: leg.chain, under: cross.contract) { keys.append(leg.credit) }
        }
        return keys + [decider]
    }
}
