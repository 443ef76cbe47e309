import Foundation
import Cryptography
import Schema
import Wire

extension BusClient {
    func receiveFrames() throws(ZMQError) {
        guard let subscriber else { return }
        for _ in 0..<BusLimits.drainFrames {
            guard let message = try subscriber.receive() else { return }
            try take(fanOut: message.parts)
        }
    }

    /// Takes the parts of one frame of the fan-out; what cannot be read is dropped.
    func take(fanOut parts: [[UInt8]]) throws(ZMQError) {
        guard parts.count == 3, let topic = BusTopic.parse(parts[0]) else { return }
        heardMilliseconds = BusClock.now().monotonicMilliseconds
        guard let frame = BusClient.delivery(topic: topic, stamp: parts[1], body: parts[2]) else { return }
        try takeFrame(frame)
    }

    private static func delivery(topic: String, stamp: [UInt8], body: [UInt8]) -> BusDelivery? {
        guard let checked = try? BusStamp(stamp) else { return nil }
        return BusDelivery(topic: topic, stamp: checked, stampBytes: stamp, body: body)
    }

    private func takeFrame(_ frame: BusDelivery) throws(ZMQError) {
        let name = StreamName(topic: frame.topic, site: frame.stamp.site)
        guard isWanted(name), learnEpoch(frame.stamp.bootEpoch, site: name.site) else { return }
        if streams[name] == nil {
            let isFresh = freshSubscriptions.contains { $0.matches(name.topic) } && !configuration.fromOldest
            streams[name] = isFresh
                ? StreamFollower(epoch: frame.stamp.bootEpoch, after: frame.stamp.sequence - 1, hash: nil)
                : StreamFollower(epoch: frame.stamp.bootEpoch)
        }
        report(streams[name]?.take(frame) ?? [], name)
        try repair(name)
    }

    /// - Parameter isWelcome: the heads of a Welcome set where fresh subscriptions start.
    func takeHeads(_ heads: [PBTopicHead], isWelcome: Bool) throws(ZMQError) {
        for head in heads {
            let name = StreamName(topic: head.topic, site: head.site)
            guard BusTopic.isValid(head.topic), isWanted(name), head.sequence <= BusLimits.highestSequence,
                learnEpoch(head.bootEpoch, site: head.site)
            else { continue }
            if streams[name] == nil {
                let isFresh = isWelcome && freshSubscriptions.contains { $0.matches(head.topic) } && !configuration.fromOldest
                streams[name] = isFresh
                    ? StreamFollower(epoch: head.bootEpoch, after: head.sequence, hash: Digest(head.hash))
                    : StreamFollower(epoch: head.bootEpoch)
            }
            streams[name]?.learn(head.sequence)
            try repair(name)
        }
    }

    func takeBackfilled(_ answer: PBBackfilled) throws(ZMQError) {
        let name = StreamName(topic: answer.topic, site: answer.site)
        guard streams[name]?.epoch == answer.bootEpoch, streams[name]?.isAsked == true,
            answer.through <= BusLimits.highestSequence
        else { return }
        var frames: [BusDelivery] = []
        for frame in answer.frames {
            guard frame.topic == name.topic,
                let delivery = BusClient.delivery(topic: frame.topic, stamp: Array(frame.stamp), body: Array(frame.body)),
                delivery.stamp.site == name.site, delivery.stamp.bootEpoch == answer.bootEpoch
            else { continue }
            frames.append(delivery)
        }
        report(streams[name]?.fill(from: answer.from, through: answer.through, frames) ?? [], name)
        try repair(name)
    }

    /// Asks for what is missing, one question a stream at a time.
    func repair(_ name: StreamName) throws(ZMQError) {
        guard phase == .joined, streams[name]?.isAsked == false, let gap = streams[name]?.gap, let epoch = streams[name]?.epoch
        else { return }
        var frame = PBToBus()
        frame.backfill.topic = name.topic
        frame.backfill.site = name.site
        frame.backfill.bootEpoch = epoch
        frame.backfill.from = gap.lowerBound
        frame.backfill.through = gap.upperBound
        if try send(frame) == .taken { streams[name]?.isAsked = true } else { isRepairStalled = true }
    }

    /// Asks again what could not be asked.
    func repairStalled() throws(ZMQError) {
        guard isRepairStalled else { return }
        isRepairStalled = false
        for name in streams.keys { try repair(name) }
    }

    private func isWanted(_ name: StreamName) -> Bool {
        (configuration.onlySite == nil || configuration.onlySite == name.site)
            && name.site.utf8.count <= BusLimits.nameBytes
            && subscriptions.contains { $0.matches(name.topic) }
            && (streams[name] != nil || streams.count < BusLimits.streams)
    }

    /// Learns under which boot epoch a site's bus runs; a newer one ends the streams of the older (BUS-13).
    /// - Returns: false when the epoch is an old one.
    @discardableResult
    func learnEpoch(_ epoch: UInt64, site: String) -> Bool {
        guard let current = epochs[site] else {
            epochs[site] = epoch
            return true
        }
        guard epoch > current else { return epoch == current }
        epochs[site] = epoch
        for name in streams.keys where name.site == site { streams[name] = StreamFollower(epoch: epoch) }
        events.append(.restarted(site: site))
        return true
    }

    private func report(_ steps: [StreamFollower.Step], _ name: StreamName) {
        for step in steps {
            switch step {
            case .deliver(let frame): events.append(.delivered(frame))
            case .lost(let from, let through): events.append(.lost(topic: name.topic, site: name.site, from: from, through: through))
            case .broken(let sequence): events.append(.broken(topic: name.topic, site: name.site, sequence: sequence))
            }
        }
    }
}
