import OrderedCollections
import Runtime
import TapCore
import Wire

/// What roles say of themselves, gathered into stages and instance by instance.
package struct RoleBook: Sendable {
    /// One role instance, by its newest beat.
    package struct Line: Sendable, Encodable {
        package var source: String
        package var role: String, chain: String, node: String
        package var height: UInt64 = 0
        package var waiting: UInt64 = 0
        /// For how long there has always been something waiting.
        package var waiting_milliseconds: UInt64 = 0
        /// Dropped or refused since it started.
        package var faults: UInt64 = 0
        /// 0 until it has said something.
        package var started_milliseconds: UInt64 = 0
        package var beat_milliseconds: UInt64 = 0
    }

    /// All instances of one role of one chain, as `concordat top` shows them.
    package struct StageShape: Sendable, Encodable {
        package var role: String, chain: String
        package var alive: Int, expected: Int
        package var height: UInt64
        var received_per_second: Double, sent_per_second: Double
        package var waiting: UInt64
        var waiting_milliseconds: UInt64, unsent: UInt64
        /// Of the busiest instance, 0 to 1; computing time of all, in cores.
        package var busy_share: Double
        var cores: Double, faults_per_second: Double
        package var silent: [String]
        package var bottleneck: Bool

        init(_ stage: Stage) {
            func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
            (role, chain) = (stage.key.role.rawValue, stage.key.chain.description)
            (alive, expected, height) = (stage.alive, stage.expected, stage.height)
            (received_per_second, sent_per_second) = (rounded(stage.receivedPerSecond, 10), rounded(stage.sentPerSecond, 10))
            (waiting, waiting_milliseconds, unsent) = (stage.waiting, stage.waitingMilliseconds, stage.unsent)
            (busy_share, cores, faults_per_second) = (rounded(stage.busyShare, 1_000), rounded(stage.cores, 1_000), rounded(stage.faultsPerSecond, 10))
            (silent, bottleneck) = (stage.silent, stage.isBottleneck)
        }
    }

    private let expected: [RoleAddress]
    private var book = StageBook()
    private var known: OrderedDictionary<String, Line> = [:]

    package init(_ configuration: NetworkConfiguration) {
        expected = configuration.roles(collectorsPerNode: configuration.collectorsPerNode)
        for address in expected { known[address.description] = Line(address) }
    }

    /// A sign of life.
    ///
    /// - Parameter publisher: as the bus authenticated it.
    package mutating func hear(_ beat: Beat, by publisher: String, at time: UInt64) {
        book.add(beat, by: publisher, at: time)
        guard let address = RoleAddress(publisher), known[publisher] != nil || known.count < StageBook.instancesMaximum else { return }
        var line = Line(address)
        (line.height, line.waiting, line.waiting_milliseconds) = (beat.height, beat.waiting, beat.waitingMilliseconds)
        (line.faults, line.started_milliseconds, line.beat_milliseconds) = (beat.faults, beat.startedMilliseconds, time)
        known[publisher] = line
    }

    /// Those that ought to be there, and those that were heard besides.
    package var lines: [Line] { known.values.sorted { $0.source < $1.source } }

    /// Chain by chain, in the order in which transactions flow.
    package func stages(at now: UInt64) -> [StageShape] { book.stages(expected: expected, at: now).map(StageShape.init) }
}

extension RoleBook.Line {
    fileprivate init(_ address: RoleAddress) {
        self.init(source: address.description, role: address.role.rawValue, chain: address.chain.description, node: address.node)
    }
}
