import Telemetry

/// What `concordat up` shows of the processes that it keeps running.
struct SupervisorMetrics: ExportedPart {
    let supervisor: Supervisor

    func write(to page: inout MetricPage) {
        for entry in supervisor.standing {
            let labels = MetricLabels([("process", entry.name.description)])
            page.add(.processUp, isTrue: entry.isRunning, labels)
            page.add(.processRestarts, UInt64(entry.restarts), labels)
        }
    }

    func readiness() -> [HealthCheck] {
        let down = supervisor.standing.filter { !$0.isRunning }.map(\.name.description)
        return [HealthCheck(of: "up", "processes", passes: down.isEmpty, down.isEmpty ? "all run" : "these do not run: \(down.joined(separator: ", "))")]
    }
}
