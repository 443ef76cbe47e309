import BusCore
import Foundation
import Runtime
import Testing
import Wire

/// Prints what the bus does a second and how long a frame takes. It judges order only: machines differ.
@Suite(.serialized) struct BusSpeedTests {
    private static func nanoseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// A member on a thread of its own that publishes a number of frames as fast as credit allows.
    private static func publishAll(_ rig: BusRig, count: Int, body: [UInt8]) -> DispatchSemaphore {
        let done = DispatchSemaphore(value: 0)
        let context = rig.context
        let configuration = rig.memberConfiguration("speaker")
        Thread {
            defer { done.signal() }
            guard let client = try? BusClient(context: context, configuration: configuration) else { return }
            var published = 0
            while published < count || client.unacknowledgedCount > 0 {
                while published < count, (try? client.publish("news", body)) != nil { published += 1 }
                _ = try? ZMQPoller.wait(client.pollItems, timeoutMilliseconds: client.millisecondsUntilWork())
                _ = try? client.receive()
            }
        }.start()
        return done
    }

    @Test("frames of 300 bytes go through the bus over TCP with CURVE in order, and the speed is printed")
    func throughput() throws {
        let rig = try BusRig(members: BusSocketTests.rights)
        try rig.start()
        let hearer = try rig.joined("hearer", hears: ["news"])
        let count = 50_000
        let start = Self.nanoseconds()
        let done = Self.publishAll(rig, count: count, body: [UInt8](repeating: 7, count: 300))
        var next: UInt64 = 1
        var lost: UInt64 = 0
        while next <= UInt64(count) {
            _ = try ZMQPoller.wait(hearer.client.pollItems, timeoutMilliseconds: hearer.client.millisecondsUntilWork())
            for event in try hearer.client.receive() {
                switch event {
                case .delivered(let frame):
                    #expect(frame.stamp.sequence == next)
                    next = frame.stamp.sequence + 1
                // A machine that lets the hearer wait that long: it is told what no log holds any more, and nothing is left out in silence.
                case .lost(_, _, let from, let through):
                    #expect(from == next)
                    lost += through + 1 - from
                    next = through + 1
                default: continue
                }
            }
        }
        let seconds = Double(Self.nanoseconds() - start) / 1e9
        done.wait()
        print("bus throughput: \(Int(Double(count) / seconds)) frames of 300 bytes a second, backfills \(rig.bus.counts[.answeredBackfill, default: 0]), lost \(lost)")
    }

    @Test("a frame published is delivered, and the time from publish to delivery is printed")
    func latency() throws {
        let rig = try BusRig(members: BusSocketTests.rights)
        try rig.start()
        let hearer = try rig.joined("hearer", hears: ["news"])
        let speaker = try rig.joined("speaker")
        var times: [UInt64] = []
        for number in 0..<1000 {
            let start = Self.nanoseconds()
            _ = try speaker.client.publish("news", [UInt8](repeating: UInt8(number & 255), count: 300))
            hearer.events.removeAll()
            #expect(try TestMember.wait([hearer]) { hearer.events.contains { if case .delivered = $0 { true } else { false } } })
            times.append(Self.nanoseconds() - start)
            try speaker.turn()
            speaker.events.removeAll()
        }
        times.sort()
        print("bus latency: median \(times[500] / 1000) µs, 99th percentile \(times[990] / 1000) µs")
    }
}
