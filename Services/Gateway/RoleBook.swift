import OrderedCollections
import Runtime
import Wire

/// Signs of life of roles, and what they show of their work: some are asked, the others are heard when they say something.
package struct RoleBook: Sendable {
    /// One role instance.
    package struct Line: Sendable, Encodable {
        package var source: String
        var role: String, chain: String, node: String
        package var height: UInt64 = 0
        /// Nil where it has not said.
        package var waiting: UInt64?
        /// The newest sign of life; 0 for none.
        var beat_milliseconds: UInt64 = 0
        /// Transactions, verdicts or records over the last seconds; nil where the gateway does not see them.
        package var out_per_second: Double?
    }

    /// All instances of a role together.
    package struct Stage: Sendable, Encodable {
        package var stage: String
        package var instances: Int
        /// Those that gave a sign of life lately.
        package var alive: Int
        /// Nil where nobody has said.
        package var waiting: UInt64?
        /// The newest sign of life.
        var beat_milliseconds: UInt64
        package var out_per_second: Double?
    }

    private var known: OrderedDictionary<String, Line> = [:]
    private var work: [String: [(time: UInt64, items: Int)]] = [:]

    /// Rates are over so long.
    private static let rateMilliseconds: UInt64 = 10_000

    package init(_ configuration: NetworkConfiguration) {
        for address in configuration.roles(collectorsPerNode: configuration.collectorsPerNode) {
            known[address.description] = Line(source: address.description, role: address.role.rawValue, chain: address.chain.description, node: address.node)
        }
    }

    /// A sign of life.
    ///
    /// - Parameter publisher: as the bus authenticated it; instances that nobody expects are left out.
    /// - Parameter items: what it has put out.
    package mutating func hear(_ publisher: String, at time: UInt64, height: Height? = nil, waiting: UInt64? = nil, items: Int = 0) {
        guard var line = known[publisher] else { return }
        line.beat_milliseconds = max(line.beat_milliseconds, time)
        if let height { line.height = max(line.height, height) }
        if let waiting { line.waiting = waiting }
        known[publisher] = line
        guard items > 0 else { return }
        work[publisher, default: []].removeAll { $0.time + RoleBook.rateMilliseconds < time }
        work[publisher, default: []].append((time, items))
    }

    /// What a message shows of who published it.
    mutating func hear(_ message: Message, by publisher: String, at time: UInt64) {
        switch message {
        case .beat(let beat): hear(publisher, at: time, height: beat.height, waiting: beat.waiting)
        case .pool(let pool): hear(publisher, at: time, waiting: pool.waiting)
        case .certified(let certified): hear(publisher, at: time, height: certified.header.height, items: certified.header.fields.transactionCount)
        case .branch(let head): hear(publisher, at: time, height: head.height)
        case .verdict(let verdict):
            if case .signed(_, _, let height, _) = verdict.verdict { hear(publisher, at: time, height: height, items: 1) } else { hear(publisher, at: time) }
        default: return
        }
    }

    /// An answer of one of a node's replicas; which one is not said, so it counts for all of them.
    package mutating func answered(_ role: Role, _ chain: ChainID, _ node: String, height: Height?, at time: UInt64) {
        for source in known.keys where known[source].map({ $0.role == role.rawValue && $0.chain == chain.description && $0.node == node }) ?? false {
            hear(source, at: time, height: height)
        }
    }

    /// As they stand at a moment.
    package func lines(at now: UInt64) -> [Line] {
        known.values.map { line in
            var line = line
            line.out_per_second = rate(of: line, at: now)
            return line
        }.sorted { $0.source < $1.source }
    }

    private func rate(of line: Line, at now: UInt64) -> Double? {
        guard ["builder", "validator"].contains(line.role) else { return nil }
        let items = (work[line.source] ?? []).filter { $0.time + RoleBook.rateMilliseconds > now }.reduce(0) { $0 + $1.items }
        return Double(items) * 1_000 / Double(RoleBook.rateMilliseconds)
    }

    /// In the order in which transactions flow.
    ///
    /// - Parameter finished: transactions that became final a second; `recorded`: records.
    package func stages(at now: UInt64, final finished: Double = 0, recorded: Double = 0) -> [Stage] {
        let all = lines(at: now)
        return Role.inFlow.compactMap { role in
            let lines = all.filter { $0.role == role.rawValue }
            guard lines.contains(where: { $0.beat_milliseconds > 0 }) else { return nil }
            let silence: UInt64 = role.isAsked ? 10_000 : 60_000
            let queues = lines.compactMap(\.waiting)
            let rates = lines.compactMap(\.out_per_second)
            let out: Double? = switch role {
            case .consensus: finished
            case .recorder: recorded
            case .collector, .builder, .validator: rates.isEmpty ? nil : rates.reduce(0, +)
            }
            return Stage(
                stage: role.rawValue, instances: lines.count, alive: lines.count { $0.beat_milliseconds + silence > now }, waiting: queues.isEmpty ? nil : queues.reduce(0, +),
                beat_milliseconds: lines.map(\.beat_milliseconds).max() ?? 0, out_per_second: out)
        }
    }

    /// The stage at which most waits, when more waits than comes out of it in a second; a few are no queue.
    package func bottleneck(at now: UInt64) -> String? {
        let behind = stages(at: now).filter { Double($0.waiting ?? 0) >= max(Double(GatewayLimits.bottleneckWaiting), $0.out_per_second ?? 0) }
        return behind.max { $0.waiting ?? 0 < $1.waiting ?? 0 }?.stage
    }
}

extension Role {
    /// As a transaction meets them.
    static let inFlow: [Role] = [.collector, .builder, .validator, .consensus, .recorder]

    /// Whether clients may ask it, so that its silence is known at once; of others a sign of life comes with the next block that they have to do with.
    var isAsked: Bool { self == .collector || self == .consensus || self == .recorder }
}
