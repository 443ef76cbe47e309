import Foundation
import LoadCore
import Runtime

/// What processes have used of the processors until a moment.
package struct ProcessorUse: Sendable {
    /// A process of the network.
    package struct Member: Hashable, Sendable {
        /// Such as `builder.alpha@alpha-1/1`.
        package var name: String
        package var processID: Int32

        package init(name: String, processID: Int32) {
            self.name = name
            self.processID = processID
        }

        /// The role and chain, such as `builder.alpha`; `bus` for buses.
        var role: String { String(name.prefix { $0 != "@" }) }
    }

    private let members: [Member]
    private let milliseconds: [UInt64?]
    /// Of each thread, by its id.
    private let threads: [[Int32: UInt64]]
    /// Of the whole machine since it was started: used, and all.
    private let machine: (used: UInt64, all: UInt64)
    private let takenAt: UInt64

    /// Looks now.
    package init(_ members: [Member]) {
        self.members = members
        milliseconds = members.map { ProcessTable.cpuMilliseconds(of: $0.processID) }
        threads = members.map { ProcessTable.threadMilliseconds(of: $0.processID) }
        machine = ProcessTable.machineTicks() ?? (0, 0)
        takenAt = LoadClock.now()
    }

    /// How busy each role was since an earlier look, ascending by role; a process that was started anew in between counts from then on.
    ///
    /// - Parameter threadsUntil: an end of the span in which threads are looked at; nil for this look.
    package func roles(since earlier: ProcessorUse, threadsUntil: ProcessorUse? = nil) -> [RoleBusyness] {
        let last = threadsUntil ?? self
        let span = Double(max(1, last.takenAt - min(last.takenAt, earlier.takenAt))) / 1_000
        // All roles in one process cannot be told apart.
        let isOneProcess = Set(members.map(\.processID)).count == 1 && members.count > 1
        var found: [String: (processes: Int, milliseconds: UInt64, busiest: Double)] = [:]
        for (position, member) in members.enumerated() where !isOneProcess || position == 0 {
            guard let now = milliseconds[position] else { continue }
            let before = earlier.milliseconds[position] ?? 0
            var busiest = 0.0
            for (thread, used) in last.threads[position] {
                let start = earlier.threads[position][thread] ?? 0
                busiest = max(busiest, Double(used - min(used, start)) / span)
            }
            let role = isOneProcess ? "all in one process" : member.role
            let known = found[role] ?? (0, 0, 0)
            found[role] = (known.processes + 1, known.milliseconds + now - min(now, before), max(known.busiest, busiest))
        }
        return found.sorted { $0.key < $1.key }.map { role, use in
            RoleBusyness(role: role, processes: use.processes, cpuMilliseconds: use.milliseconds, busiestThread: (use.busiest * 1_000).rounded() / 1_000)
        }
    }

    /// Processors used by everything on this machine since an earlier look.
    package func processorsUsed(since earlier: ProcessorUse) -> Double {
        let all = machine.all - min(machine.all, earlier.machine.all)
        guard all > 0 else { return 0 }
        return Double(machine.used - min(machine.used, earlier.machine.used)) / Double(all) * Double(ProcessorUse.processors)
    }

    /// Microseconds between two looks.
    package func microseconds(since earlier: ProcessorUse) -> UInt64 { takenAt - min(takenAt, earlier.takenAt) }

    package static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }
}
