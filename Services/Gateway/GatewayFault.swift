import Hummingbird
import WalletDesk
import Wire

/// Why a request came to nothing, as its sender is told.
package struct GatewayFault: Error, Hashable {
    /// HTTP's number.
    package var status: Int
    package var reason: Reason
    /// A clause without a full stop.
    package var detail: String
    /// A sentence.
    package var suggestion: String
    /// Methods that the path has; of status 405 only.
    var allowed: [String] = []
    /// Whether nothing more is read from the connection.
    var endsConnection = false

    package init(_ status: Int, _ reason: Reason, _ detail: String, _ suggestion: String) {
        self.status = status
        self.reason = reason
        self.detail = detail
        self.suggestion = suggestion
    }

    /// The document is everything that a request may be.
    static let seeDocument = "See /v1/openapi.json."

    static func malformed(_ detail: String) -> GatewayFault { GatewayFault(400, .malformed, detail, seeDocument) }

    static func notFound(_ detail: String, _ suggestion: String = seeDocument) -> GatewayFault { GatewayFault(404, .notFound, detail, suggestion) }

    /// The queue of the desks is full.
    package static let full = GatewayFault(503, .overloaded, "\(GatewayLimits.queuedRequests) requests wait already", "Try again in \(GatewayLimits.retrySeconds) seconds.")

    /// What the network said no to.
    package init(refused reason: Reason, _ detail: String) {
        self.init(GatewayFault.status(of: reason), reason, detail.isEmpty ? "refused" : detail, "docs/protocol.md, section 6, says what the reason means.")
    }

    /// What a desk of a wallet found wrong.
    package init(_ failure: Failure) {
        switch failure.code {
        case .usage: self.init(404, .notFound, failure.problem, failure.suggestion)
        case .unreachable: self.init(503, .notReady, failure.problem, failure.suggestion)
        case .timedOut: self.init(504, .notReady, failure.problem, failure.suggestion)
        case .failed, .degraded, .configuration: self.init(502, .evidenceInvalid, failure.problem, failure.suggestion)
        }
    }

    /// The client's fault is 4xx; 409 is for what was true once, 503 for what may succeed later without a change.
    package static func status(of reason: Reason) -> Int {
        switch reason {
        case .overloaded, .notReady: 503
        case .tooLarge: 413
        case .notAllowed: 403
        case .notFound: 404
        case .nonceUsed, .alreadyExists, .crossAlreadyEnded, .alreadyDecided, .duplicateTransaction: 409
        default: 422
        }
    }

    private struct Content: Encodable { var reason: String, detail: String, suggestion: String, doc: String }

    /// As it is sent.
    package var response: Response {
        var response = JSONAnswer.response(
            Content(reason: reason.code, detail: detail, suggestion: suggestion, doc: "docs/gateway.md"), status: .init(code: status))
        if status == 503 { response.headers[.retryAfter] = "\(GatewayLimits.retrySeconds)" }
        if !allowed.isEmpty { response.headers[.allow] = allowed.joined(separator: ", ") }
        return endsConnection ? JSONAnswer.ending(response) : response
    }
}
