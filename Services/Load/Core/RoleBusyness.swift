/// How busy the processes of one role were during a span of time.
package struct RoleBusyness: Hashable, Sendable, Encodable {
    /// `builder.alpha`, or `bus` for all buses.
    package var role: String
    package var processes: Int
    /// Processor time of all of them together, in milliseconds.
    package var cpu_milliseconds: UInt64
    /// Share of the span in which the busiest thread of the busiest process ran, 0 to 1.
    package var busiest_thread: Double

    package init(role: String, processes: Int, cpuMilliseconds: UInt64, busiestThread: Double) {
        self.role = role
        self.processes = processes
        cpu_milliseconds = cpuMilliseconds
        busiest_thread = busiestThread
    }
}

/// Which role holds a network back, and what one more replica of it would give.
package struct Bottleneck: Hashable, Sendable, Encodable {
    /// What is used up.
    package enum Cause: String, Hashable, Sendable, Encodable {
        /// One thread of a role runs nearly all the time.
        case thread
        /// All processors of this machine run nearly all the time.
        case processors
        /// Neither: the network waits for something else, such as disks, timers or bounds of what may be under way.
        case waiting
    }

    package var cause: Cause
    package var role: String
    package var busiest_thread: Double
    /// Processors used by everything on the machine, and how many it has.
    package var processors_used: Double
    package var processors: Int
    /// Processors used by the network's own processes.
    package var processors_used_by_network: Double
    /// Throughput with one more replica, for one with the present number: what the next bound lets through.
    package var gain_on_this_machine: Double
    package var gain_with_processors_to_spare: Double
    package var advice: String

    private static let fullThread = 0.85
    private static let fullProcessors = 0.9

    /// - Parameter roles: at least one.
    /// - Parameter processorsUsed: by everything that runs on the machine, this program and strangers included.
    /// - Returns: nil when nothing is known of any role.
    package static func find(_ roles: [RoleBusyness], processorsUsed: Double, processors: Int, spanMilliseconds: UInt64) -> Bottleneck? {
        let byThread = roles.sorted { ($1.busiest_thread, $0.role) < ($0.busiest_thread, $1.role) }
        guard let busiest = byThread.first, let dearest = roles.max(by: { ($0.cpu_milliseconds, $1.role) < ($1.cpu_milliseconds, $0.role) }), spanMilliseconds > 0 else { return nil }
        let isFull = processorsUsed >= Double(processors) * fullProcessors
        let cause: Cause = busiest.busiest_thread >= fullThread ? .thread : isFull ? .processors : .waiting
        let role = cause == .processors ? dearest : busiest
        // One more replica takes its share of the busiest thread's work; the next busiest thread is the next bound.
        let replicas = Double(max(1, role.processes))
        let next = byThread.first { $0.role != role.role }?.busiest_thread ?? 0
        let after = max(role.busiest_thread * replicas / (replicas + 1), next, 0.01)
        let spare = max(1, role.busiest_thread / after)
        let room = max(1, Double(processors) / max(processorsUsed, 0.01))
        return Bottleneck(
            cause: cause, role: role.role, busiest_thread: role.busiest_thread, processors_used: processorsUsed, processors: processors,
            processors_used_by_network: Double(roles.reduce(0) { $0 + $1.cpu_milliseconds }) / Double(spanMilliseconds),
            gain_on_this_machine: cause == .waiting ? 1 : min(spare, room), gain_with_processors_to_spare: cause == .waiting ? 1 : spare,
            advice: advice(cause, role.role))
    }

    private static func advice(_ cause: Cause, _ role: String) -> String {
        let kind = role.prefix { $0 != "." }
        switch (cause, kind) {
        case (.waiting, _): return "Nothing is used up: look at timers and at how much may be under way."
        case (.processors, _): return "The processors are used up: give the network more of them, or move sites to machines of their own."
        case (.thread, "collector"): return "Start more replicas: concordat up --collectors N, or concordat run --role collector.CHAIN@NODE/N."
        case (.thread, "bus"): return "Put fewer nodes on one site: each site has a bus of its own."
        case (.thread, "recorder"): return "One process a notary keeps the records: more notaries do not help, faster processors do."
        case (.thread, _): return "It signs, so one process a node and chain may run: spread payments over more chains."
        }
    }
}
