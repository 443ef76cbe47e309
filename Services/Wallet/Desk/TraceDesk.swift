import Cryptography
import Wire

/// Asks recorders what they saw of a transaction.
package enum TraceDesk {
    /// What came of asking.
    package enum Found {
        case found(Trace)
        /// Recorders answer, and none has seen it.
        case unknown
        /// No recorder answers.
        case silent
    }

    /// Asks one recorder after another until one has seen it.
    package static func fetch(_ id: Digest, _ inquiry: Inquiry) throws -> Found {
        var answered = false
        for node in inquiry.configuration.network.notary.nodes {
            let service = Service.name(.recorder, chain: .notary, node: node.id)
            switch try inquiry.ask([(service, .trace(id))])[0] {
            case .trace(let trace)? where !trace.steps.isEmpty: return .found(trace)
            case nil, .failure(.notReady, _)?: continue
            default: answered = true
            }
        }
        return answered ? .unknown : .silent
    }
}
