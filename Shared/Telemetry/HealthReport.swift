import Foundation

/// One thing that is looked at before somebody says that it is well.
package struct HealthCheck: Codable, Hashable, Sendable {
    /// Who, such as a role's address or a bus.
    package var of: String
    /// Stable name, such as `bus` or `caught_up`.
    package var name: String
    package var passes: Bool
    /// What is wrong, or how it stands.
    package var detail: String

    package init(of owner: String, _ name: String, passes: Bool, _ detail: String) {
        of = owner
        self.name = name
        self.passes = passes
        self.detail = detail
    }
}

/// What `/healthz` and `/readyz` answer.
package struct HealthReport: Codable, Hashable, Sendable {
    package var isWell: Bool
    package var checks: [HealthCheck]

    private enum CodingKeys: String, CodingKey {
        case isWell = "ok"
        case checks
    }

    package init(_ checks: [HealthCheck]) {
        isWell = checks.allSatisfy(\.passes)
        self.checks = checks
    }

    /// Those that do not pass.
    package var failed: [HealthCheck] { checks.filter { !$0.passes } }

    /// One line of JSON.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("a report holds plain values only") }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
