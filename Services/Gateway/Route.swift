import Hummingbird

/// One thing that can be asked of the gateway.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// `/v1/chains/{chain}`: a part in braces is anything, under that name.
    package let template: String
    /// Parameters that may stand after the question mark.
    package let query: [String]
    let answer: @Sendable (Call) async throws -> Response

    private let parts: [Substring]

    init(
        _ method: HTTPRequest.Method, _ template: String, query: [String] = [], _ answer: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.method = method
        self.template = template
        self.query = query
        self.answer = answer
        parts = template.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What the braces stand for in a path; nil when it is another one.
    package func parameters(in path: [String]) -> [String: String]? {
        guard path.count == parts.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, text) in zip(parts, path) {
            if part.hasPrefix("{") {
                guard !text.isEmpty else { return nil }
                parameters[String(part.dropFirst().dropLast())] = text
            } else if part != text {
                return nil
            }
        }
        return parameters
    }
}
