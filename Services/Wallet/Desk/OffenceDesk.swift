import Cryptography
import Wire

/// Asks who was found to break a rule.
package enum OffenceDesk {
    /// An offence that the notary chain has recorded.
    package struct Row: Encodable, Sendable {
        package var offence: String
        package var chain: String
        /// The node, or its key when it is no node any more.
        package var by: String
        /// Slot or height.
        package var place: String
        package var notary_height: UInt64
    }

    /// All of them, oldest first. Every notary's recorder is asked: the one that knows most is believed, for what is recorded stays recorded.
    package static func all(_ inquiry: Inquiry) throws -> [Row] {
        let network = inquiry.configuration.network
        var longest: [RecordedOffence]?
        for node in network.notary.listed {
            let service = Service.name(.recorder, chain: .notary, node: node.id)
            var offences: [RecordedOffence] = []
            while case .offences(let more, let count)?? = try inquiry.ask([
                (service, .offences(from: UInt64(offences.count), limit: Limits.offencesPerAnswer))
            ]).first {
                offences += more
                if longest.map({ $0.count < offences.count }) ?? true { longest = offences }
                if more.isEmpty || UInt64(offences.count) >= count { break }
            }
        }
        guard let longest else {
            throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. Start it: concordat up")
        }
        return longest.map { row($0, network) }
    }

    private static func row(_ offence: RecordedOffence, _ network: Network) -> Row {
        let entry = offence.entry
        let nodes = (network.chain(entry.chain)?.nodes ?? []) + network.notary.nodes
        let by = entry.offender.map { key in nodes.first { $0.key == key }?.id ?? key.hex } ?? "more than a third of its nodes"
        let place = entry.kind == .twoFinals ? "height \(entry.place)" : "slot \(entry.place)"
        return Row(offence: entry.kind.rawValue, chain: entry.chain.description, by: by, place: place, notary_height: offence.height)
    }
}
