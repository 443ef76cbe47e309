import Foundation
import Runtime
import Telemetry

/// Asks a network's processes how they are.
struct HealthDesk {
    /// What one process said.
    struct Row: Encodable {
        var process: String
        var address: String
        var ok: Bool
        /// Nil when nobody answered.
        var checks: [HealthCheck]?
        var problem: String?
    }

    /// Checks that stay failed until somebody does something; the others come and go with load and restarts.
    static let lasting: Set<String> = ["signs", "disk", "archive"]
    /// Of a status, which waits for no single process.
    private static let statusSeconds = 1
    /// Processes that do not answer are no news to a status, and it does not wait for many of them.
    private static let silentMax = 3

    /// Every process that has left word of where it shows its health.
    static func targets(_ folder: NetworkFolder) -> [(name: String, address: ListenAddress)] {
        TargetsFile(folder).read().compactMap { target in ListenAddress(target.address).map { (name: target.instance, address: $0) } }
    }

    static func ask(_ process: String, _ address: ListenAddress, isReady: Bool, seconds: Int) -> Row {
        let place = "\(address.host):\(address.port)"
        do {
            let answer = try PlainHTTP.get(address, isReady ? "/readyz" : "/healthz", seconds: seconds)
            guard let report = try? JSONDecoder().decode(HealthReport.self, from: Data(answer.body.utf8)) else {
                return Row(process: process, address: place, ok: false, problem: "it answers \(answer.status), and not as our processes do")
            }
            return Row(process: process, address: place, ok: report.isWell, checks: report.checks)
        } catch {
            return Row(process: process, address: place, ok: false, problem: (error as? PlainHTTP.Silence)?.reason ?? "\(error)")
        }
    }

    /// What processes that answer say is wrong with them, and does not pass by itself.
    static func lastingProblems(_ folder: NetworkFolder) -> [String] {
        var silent = 0
        var problems: [String] = []
        for target in targets(folder) where silent < silentMax {
            let row = ask(target.name, target.address, isReady: true, seconds: statusSeconds)
            if row.checks == nil { silent += 1 }
            problems += (row.checks ?? []).filter { !$0.passes && lasting.contains($0.name) }.map { "\($0.of): \($0.detail)" }
        }
        return problems
    }
}
