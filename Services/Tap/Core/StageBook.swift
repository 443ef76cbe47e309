import OrderedCollections
import Wire

/// What role instances say of themselves (`Beat`), gathered into stages of the pipeline: how fast each goes, what waits there, and which is at its end.
package struct StageBook: Sendable {
    /// One role instance, by its newest beat and the one before.
    private struct Instance: Sendable {
        var beat: Beat
        /// The bus's clock, Unix milliseconds.
        var timeMilliseconds: UInt64
        var before: (beat: Beat, timeMilliseconds: UInt64)?
    }

    private var instances: OrderedDictionary<RoleAddress, Instance> = [:]

    /// Instances kept at once; a member that makes up names cannot have more.
    package static let instancesMaximum = 8_192
    /// An instance that has said nothing for so long is silent: three beats.
    package static let silentMilliseconds: UInt64 = 6_500

    package init() {}

    /// An instance has said how it does.
    ///
    /// - Parameters:
    ///   - publisher: as the bus authenticated it; what the beat itself says of that is not believed.
    ///   - time: the bus's stamp.
    package mutating func add(_ beat: Beat, by publisher: String, at time: UInt64) {
        guard let address = RoleAddress(publisher) else { return }
        guard let known = instances[address] else {
            guard instances.count < StageBook.instancesMaximum else { return }
            instances[address] = Instance(beat: beat, timeMilliseconds: time)
            return
        }
        guard time > known.timeMilliseconds else { return }
        // One that was started anew counts from nothing again.
        let isSame = beat.startedMilliseconds == known.beat.startedMilliseconds
        instances[address] = Instance(beat: beat, timeMilliseconds: time, before: isSame ? (known.beat, known.timeMilliseconds) : nil)
    }

    /// Whether every one of these has been heard twice, so that its rates are known.
    package func knowsRates(of expected: [RoleAddress]) -> Bool { expected.allSatisfy { instances[$0]?.before != nil } }

    /// The stages in the order of the pipeline, chain by chain.
    ///
    /// - Parameters:
    ///   - expected: instances that ought to be there; others that are heard count as well.
    ///   - time: the bus's clock, as far as it is known.
    package func stages(expected: [RoleAddress], at time: UInt64) -> [Stage] {
        var groups: OrderedDictionary<Stage.Key, [RoleAddress]> = [:]
        for address in expected + instances.keys.filter({ !expected.contains($0) && isAlive($0, at: time) }) {
            groups[Stage.Key(role: address.role, chain: address.chain), default: []].append(address)
        }
        var stages = groups.map { key, addresses in
            var stage = Stage(key: key, expected: addresses.count)
            for address in addresses {
                if let instance = instances[address], isAlive(address, at: time) {
                    stage.add(instance.beat, before: instance.before?.beat, milliseconds: instance.before.map { instance.timeMilliseconds - $0.timeMilliseconds } ?? 0)
                } else {
                    stage.silent.append(address.description)
                }
            }
            return stage
        }
        stages.sort { ($0.key.chain.description, $0.key.order) < ($1.key.chain.description, $1.key.order) }
        if let busiest = stages.indices.max(by: { stages[$0].busyShare < stages[$1].busyShare }), stages[busiest].busyShare >= Stage.saturatedShare {
            stages[busiest].isBottleneck = true
        }
        return stages
    }

    private func isAlive(_ address: RoleAddress, at time: UInt64) -> Bool {
        instances[address].map { $0.timeMilliseconds + StageBook.silentMilliseconds >= time } ?? false
    }
}

/// All instances of one role of one chain.
package struct Stage: Sendable, Hashable {
    /// Which stage it is.
    package struct Key: Hashable, Sendable {
        package var role: Role
        package var chain: ChainID

        /// Place in the pipeline.
        var order: Int { [Role.collector, .builder, .validator, .consensus, .recorder].firstIndex(of: role) ?? 5 }
    }

    package let key: Key
    /// Instances that ought to be there or are.
    package let expected: Int
    package internal(set) var alive = 0
    /// Newest final height that any of them has reached.
    package internal(set) var height: Height = 0
    /// Of all instances together, each second; 0 until an instance has been heard twice.
    package internal(set) var receivedPerSecond = 0.0
    package internal(set) var sentPerSecond = 0.0
    package internal(set) var faultsPerSecond = 0.0
    /// Computing time each second, of all together: 1 is one core.
    package internal(set) var cores = 0.0
    /// Share of its time that the busiest instance spends on its work, 0 to 1.
    package internal(set) var busyShare = 0.0
    /// Items waiting, of all together.
    package internal(set) var waiting: UInt64 = 0
    /// For how long some instance has always had something waiting.
    package internal(set) var waitingMilliseconds: UInt64 = 0
    /// Messages that the bus has no room for.
    package internal(set) var unsent: UInt64 = 0
    /// Instances that ought to be there and are not heard.
    package internal(set) var silent: [String] = []
    /// The busiest stage, when it has little time left.
    package internal(set) var isBottleneck = false

    /// From this share of busy time on a stage is called the bottleneck.
    package static let saturatedShare = 0.6

    init(key: Key, expected: Int) {
        self.key = key
        self.expected = expected
    }

    mutating func add(_ beat: Beat, before: Beat?, milliseconds: UInt64) {
        alive += 1
        height = max(height, beat.height)
        waiting += beat.waiting
        waitingMilliseconds = max(waitingMilliseconds, beat.waitingMilliseconds)
        unsent += beat.unsent
        guard let before, milliseconds > 0 else { return }
        let seconds = Double(milliseconds) / 1_000
        func rate(_ count: (Beat) -> UInt64) -> Double { count(beat) >= count(before) ? Double(count(beat) - count(before)) / seconds : 0 }
        receivedPerSecond += rate(\.received)
        sentPerSecond += rate(\.sent)
        faultsPerSecond += rate(\.faults)
        cores += rate(\.processorMicroseconds) / 1_000_000
        busyShare = max(busyShare, min(1, rate(\.busyMicroseconds) / 1_000_000))
    }
}
