import Cryptography
import Determinism
import Schema
import Wire

extension Bus {
    /// Takes one publish: checks, stamps, logs, fans out; the acknowledgement follows with `.drained` (BUS-4, BUS-6).
    mutating func takePublish(_ connection: Connection, _ publish: PBPublish, _ now: Moment) {
        guard let rights = connection.rights else {
            count(.forbiddenPublish)
            return reject(connection.peer, .forbidden, "clients do not publish", number: publish.number)
        }
        guard publish.number > connection.lastNumber else { return count(.duplicatePublish) }
        guard publish.number == connection.lastNumber + 1 else {
            // The connection skipped a number; it starts again with Hello, so that nothing is silently missing.
            count(.outOfOrderPublish)
            reject(connection.peer, .outOfOrder, "publishes are numbered without gaps", number: publish.number)
            return forget(connection.peer, now)
        }
        connections[connection.peer]?.lastNumber = publish.number
        owe(connection)
        guard BusTopic.isValid(publish.topic), publish.body.count <= BusLimits.publishBodyBytes else {
            count(.malformedFrame)
            return reject(connection.peer, .malformed, "the topic or the size of the body is not valid", number: publish.number)
        }
        guard rights.publishes.contains(where: { $0.matches(publish.topic) }) else {
            count(.forbiddenPublish)
            reject(connection.peer, .forbidden, "this member may not publish on \(publish.topic)", number: publish.number)
            return overstepped(connection, "publishes on \(publish.topic)", now)
        }
        let name = StreamName(site: rules.site, topic: publish.topic)
        guard logs[name] != nil || logs.count < BusLimits.streams else {
            count(.overloaded)
            return reject(connection.peer, .overloaded, "this bus has as many streams as it takes", number: publish.number)
        }
        count(.published)
        stampAndFanOut(publish.topic, Array(publish.body), by: connection.name, now)
    }

    /// Puts a frame into this site's stream of its topic.
    mutating func stampAndFanOut(_ topic: String, _ body: [UInt8], by publisher: String, _ now: Moment) {
        let name = StreamName(site: rules.site, topic: topic)
        // Read in place: a copy of the log, alive while it grows, would be copied frame by frame.
        let sequence = (logs[name]?.headSequence ?? 0) + 1
        let stamp = BusStamp(
            site: rules.site, publisher: publisher, bootEpoch: bootEpoch, sequence: sequence, previous: logs[name]?.headHash ?? .zero,
            timeMilliseconds: now.wallMilliseconds)
        fanOut(name, epoch: bootEpoch, sequence: sequence, stamp: stamp.bytes, body: body, now)
    }

    /// Logs a frame and sends it to the subscribers.
    private mutating func fanOut(
        _ name: StreamName, epoch: UInt64, sequence: UInt64, stamp: [UInt8], body: [UInt8], _ now: Moment
    ) {
        logs[name, default: StreamLog(epoch: epoch)].append(topic: name.topic, sequence: sequence, stamp: stamp, body: body)
        if logs[name]?.changedInterval != interval {
            logs[name]?.changedInterval = interval
            changed.append(name)
        }
        wantBeat(now)
        effects.append(.fanOut(topic: name.topic, stamp: stamp, body: body))
    }

    private mutating func owe(_ connection: Connection) {
        guard connections[connection.peer]?.owesAcknowledgement == false else { return }
        connections[connection.peer]?.owesAcknowledgement = true
        owed.append(connection.peer)
    }

    mutating func acknowledge(_ now: Moment) {
        for peer in owed {
            guard let connection = connections[peer] else { continue }
            connections[peer]?.owesAcknowledgement = false
            var frame = PBFromBus()
            frame.acknowledged.through = connection.lastNumber
            frame.acknowledged.credit = UInt32(BusLimits.publishCredit)
            send(peer, frame, now)
        }
        owed = []
    }

    /// Gives frames of a stream again (BUS-11).
    mutating func takeBackfill(_ connection: Connection, _ backfill: PBBackfill, _ now: Moment) {
        guard connection.rights != nil else {
            count(.forbiddenBackfill)
            return reject(connection.peer, .forbidden, "clients hear no topics")
        }
        guard backfill.from >= 1, backfill.from <= backfill.through, backfill.through <= BusLimits.highestSequence else {
            count(.malformedFrame)
            return reject(connection.peer, .malformed, "the range of a backfill is empty")
        }
        var frame = PBFromBus()
        frame.backfilled.topic = backfill.topic
        frame.backfilled.site = backfill.site
        frame.backfilled.bootEpoch = backfill.bootEpoch
        frame.backfilled.from = backfill.from
        frame.backfilled.through = backfill.through
        if let log = logs[StreamName(site: backfill.site, topic: backfill.topic)], log.epoch == backfill.bootEpoch {
            let (frames, through) = log.read(from: backfill.from, through: backfill.through)
            frame.backfilled.through = through
            frame.backfilled.frames = frames.map { logged in
                var frame = PBBusFrame()
                frame.topic = backfill.topic
                frame.stamp = .init(logged.stamp)
                frame.body = .init(logged.body)
                return frame
            }
        }
        count(.answeredBackfill)
        send(connection.peer, frame, now)
    }

    // MARK: heads

    func head(of name: StreamName) -> PBTopicHead {
        var head = PBTopicHead()
        guard let log = logs[name] else { preconditionFailure("a head is told of streams that exist") }
        head.topic = name.topic
        head.site = name.site
        head.bootEpoch = log.epoch
        head.sequence = log.headSequence
        head.hash = .init(log.headHash.bytes)
        return head
    }

    /// Tells every member the heads of the streams that changed in the interval before and not in this one: who missed the last
    /// frame of a stream hears of it, and a busy stream, whose next frame shows the gap, costs nothing (BUS-12).
    mutating func tellQuietHeads(_ now: Moment) {
        let quiet = changedBefore.filter { (logs[$0]?.changedInterval ?? interval) < interval }
        changedBefore = changed
        changed = []
        interval += 1
        guard !quiet.isEmpty else { return }
        var frame = PBFromBus()
        frame.heads.heads = quiet.map { head(of: $0) }
        sendAll(connections.values.filter { $0.rights != nil }.map(\.peer), frame, now)
    }

    // MARK: frames of other sites

    /// Takes over a frame of a linked bus, unchanged (BUS-25).
    mutating func linkDelivered(
        site: String, topic: String, _ stamp: BusStamp, _ stampBytes: [UInt8], _ body: [UInt8], _ now: Moment
    ) {
        let name = StreamName(site: site, topic: topic)
        guard site != rules.site, stamp.site == site, rules.imports[site]?.contains(where: { $0.matches(topic) }) == true,
            BusTopic.isValid(topic), body.count <= BusLimits.publishBodyBytes, logs[name] != nil || logs.count < BusLimits.streams
        else { return count(.foreignFrame) }
        if let epoch = logs[name]?.epoch, let head = logs[name]?.headSequence {
            guard stamp.bootEpoch > epoch || (stamp.bootEpoch == epoch && stamp.sequence > head) else { return count(.foreignFrame) }
            if stamp.bootEpoch > epoch { logs[name] = StreamLog(epoch: stamp.bootEpoch) }
        }
        count(.imported)
        fanOut(name, epoch: stamp.bootEpoch, sequence: stamp.sequence, stamp: stampBytes, body: body, now)
    }
}
