/// Why what somebody asked for came to nothing: what, and what to do.
package struct Failure: Error {
    /// Exit codes, the same for every command; a gateway answers with the status that fits.
    package enum Code: Int32, Sendable {
        case failed = 1
        case degraded = 2
        case timedOut = 27
        case usage = 64
        case unreachable = 69
        case configuration = 78

        /// Stable name for JSON.
        package var name: String {
            switch self {
            case .failed: "failed"
            case .degraded: "degraded"
            case .timedOut: "timed_out"
            case .usage: "usage"
            case .unreachable: "unreachable"
            case .configuration: "bad_configuration"
            }
        }
    }

    package var code: Code
    /// A clause without a full stop.
    package var problem: String
    /// A sentence.
    package var suggestion: String

    package init(_ code: Code, _ problem: String, _ suggestion: String) {
        self.code = code
        self.problem = problem
        self.suggestion = suggestion
    }
}
