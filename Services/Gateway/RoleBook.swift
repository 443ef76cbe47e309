import OrderedCollections
import Wire

/// Signs of life of roles, and what they say of their work.
struct RoleBook: Sendable {
    /// One role instance.
    struct Line: Sendable, Encodable {
        var source: String
        /// Empty for what is no role.
        var role: String, chain: String, node: String
        var height: UInt64
        var waiting: UInt64
        var beat_milliseconds: UInt64
    }

    /// All instances of a role together.
    struct Stage: Sendable, Encodable {
        var stage: String
        var instances: Int
        /// Those that gave a sign of life lately.
        var alive: Int
        var waiting: UInt64
        /// The newest sign of life.
        var beat_milliseconds: UInt64
    }

    private var known: OrderedDictionary<String, Line> = [:]

    /// Instances kept; somebody with a key could else make up as many as it likes.
    static let linesMaximum = 4_096
    /// An instance that was silent for so long counts as dead.
    private static let silenceMilliseconds: UInt64 = 10_000

    var lines: [Line] { known.values.sorted { $0.source < $1.source } }

    /// - Parameter publisher: as the bus authenticated it.
    mutating func hear(_ beat: Beat, by publisher: String, at time: UInt64) {
        guard known[publisher] != nil || known.count < RoleBook.linesMaximum else { return }
        let address = RoleAddress(publisher)
        known[publisher] = Line(
            source: publisher, role: address?.role.rawValue ?? "", chain: address?.chain.description ?? "", node: address?.node ?? "", height: beat.height,
            waiting: beat.waiting, beat_milliseconds: time)
    }

    /// In the order in which transactions flow.
    func stages(at now: UInt64) -> [Stage] {
        Role.inFlow.compactMap { role in
            let lines = known.values.filter { $0.role == role.rawValue }
            guard !lines.isEmpty else { return nil }
            return Stage(
                stage: role.rawValue, instances: lines.count, alive: lines.count { $0.beat_milliseconds + RoleBook.silenceMilliseconds > now },
                waiting: lines.reduce(0) { $0 + $1.waiting }, beat_milliseconds: lines.map(\.beat_milliseconds).max() ?? 0)
        }
    }

    /// The stage at which most waits, when anything does.
    func bottleneck(at now: UInt64) -> String? { stages(at: now).filter { $0.waiting > 0 }.max { $0.waiting < $1.waiting }?.stage }
}

extension Role {
    /// As a transaction meets them.
    static let inFlow: [Role] = [.collector, .builder, .validator, .consensus, .recorder]
}
