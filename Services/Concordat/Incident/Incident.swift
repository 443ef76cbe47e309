import BuilderCore
import CollectorCore
import ConsensusCore
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import Runtime
import TapCore
import ValidatorCore
import Wire

/// Runs what a tap has recorded through the cores of every role again, without a bus, a clock or a disk: what this program makes of what was said then.
///
/// Roles sign with keys of their own, which count for nothing, and what they say goes nowhere: they watch. Requests were not recorded, as they go from one
/// role to one other; whoever asks is answered from the final blocks of the recording.
final class Incident {
    /// A frame that can be read.
    private struct Said {
        var topic: Topic
        var message: Message
        var publisher: String
        var milliseconds: UInt64
    }

    /// What came of it.
    struct Outcome {
        var findings: [IncidentFinding]
        /// Final heights of the recording, first and last, by chain.
        var recorded: [(chain: ChainID, heights: ClosedRange<Height>)]
        var frames: Int
        /// Frames that this program cannot read, or of topics that no role hears.
        var unread: Int
    }

    private let network: Network
    private let library: IncidentLibrary
    private var actors: [any IncidentActing] = []
    private var said: [Said] = []
    private var unread = 0

    /// So long after the last frame roles may still finish what they have heard, by the recording's clock.
    private static let epilogueMilliseconds: UInt64 = 2_000

    /// - Parameters:
    ///   - roles: those that watch; all of the network's when empty.
    ///   - archive: read for blocks that the recording lacks; nil for none.
    init(_ recording: TapRecording, _ configuration: NetworkConfiguration, roles: [RoleAddress], archive: Archives?) throws {
        network = configuration.network
        for frame in recording.frames {
            let stamp = try? BusStamp(frame.stamp)
            guard let stamp, let topic = Topic(name: frame.topic), let message = try? Message(decoding: frame.body, network: recording.network) else {
                unread += 1
                continue
            }
            said.append(Said(topic: topic, message: message, publisher: stamp.publisher, milliseconds: stamp.timeMilliseconds))
        }
        guard let begin = said.map(\.milliseconds).min() else {
            throw Failure(.configuration, "the recording holds no frame that a role could hear", "Record more: concordat tap --record FILE")
        }
        library = IncidentLibrary(beginMilliseconds: begin, archive: archive)
        for case .final(let final) in said.map(\.message) { library.expect(final.header) }
        let checks = RememberedChecks()
        for (number, address) in (roles.isEmpty ? configuration.roles(collectorsPerNode: 1) : roles).enumerated() {
            let key = KeyPair(seed: Digest(a: 0, b: 0, c: 0, d: UInt64(number)))
            let context = RoleContext(network: configuration.network, address: address, signer: key.signer, verify: { checks.holds($0) })
            actors.append(try Incident.actor(context, library, begin))
        }
    }

    private static func actor(_ context: RoleContext, _ library: IncidentLibrary, _ begin: UInt64) throws -> any IncidentActing {
        switch context.address.role {
        case .collector: try IncidentActor<CollectorRole>(context, library, at: begin)
        case .builder: try IncidentActor<BuilderRole>(context, library, at: begin)
        case .consensus where context.chain.engine == .pow: try IncidentActor<MinedConsensusRole>(context, library, at: begin)
        case .consensus: try IncidentActor<ConsensusRole>(context, library, at: begin)
        case .validator: try IncidentActor<ValidatorRole>(context, library, at: begin)
        case .recorder: try IncidentActor<RecorderRole>(context, library, at: begin)
        }
    }

    /// Runs all of it.
    ///
    /// - Parameter progress: told how many frames have been handed over.
    func run(progress: (Int) -> Void) -> Outcome {
        var clock = library.beginMilliseconds
        for (number, item) in said.enumerated() {
            // A bus's clock may be behind another's: time never goes back here.
            clock = max(clock, item.milliseconds)
            runTimers(through: clock)
            library.hear(item.message)
            for actor in actors where Incident.isHeard(item.topic, by: actor) { actor.take(.delivered(item.message, publisher: item.publisher), at: clock) }
            if number.isMultiple(of: 1_000) { progress(number) }
        }
        runTimers(through: clock + Incident.epilogueMilliseconds)
        return Outcome(
            findings: actors.map(\.finding), recorded: library.recorded.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, frames: said.count + unread,
            unread: unread)
    }

    /// It hears what the role of its name said, too: it is another one. A lead is an order to the builder whose key leads the slot, and its key leads none.
    private static func isHeard(_ topic: Topic, by actor: any IncidentActing) -> Bool {
        if case .lead = topic, actor.address.role == .builder { return false }
        return actor.subscriptions.contains(topic)
    }

    /// Timers in the order in which they run out, those of one moment in the order of the roles.
    private func runTimers(through end: UInt64) {
        while true {
            let due = actors.indices.compactMap { index in actors[index].nextTimerMilliseconds.map { (at: $0, index: index) } }
            guard let next = due.min(by: { ($0.at, $0.index) < ($1.at, $1.index) }), next.at <= end else { return }
            actors[next.index].runTimer()
        }
    }
}
