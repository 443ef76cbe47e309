import Cryptography
import TapCore
import Wire

extension Door {
    /// What a tap reads: frames of anybody, and files that it or another has written.
    static let taps: [Door] = [
        Door("tap-recording", longest: 8_192) { bytes in
            let recording: TapRecording
            do { recording = try TapRecording(bytes) } catch { return false }
            let whole = TapRecording.head(network: recording.network) + recording.frames.flatMap(\.encoded)
            try demand(bytes.starts(with: whole) && (recording.cutShort == nil ? bytes.count : recording.cutShort ?? 0) == whole.count, "a recording written anew is another one")
            var tally = TapTally()
            for frame in recording.frames {
                guard let stamp = try? BusStamp(frame.stamp) else { continue }
                let shown = TapFrame(topic: frame.topic, stamp: stamp, body: frame.body, network: recording.network)
                _ = tally.hear(shown, previous: stamp.previous, hash: BusStamp.frameHash(topic: frame.topic, stamp: frame.stamp, body: frame.body))
                if TapFilter().takes(shown) || shown.kind == TapFrame.beatKind { tally.show(shown) }
            }
            try demand(tally.shown == tally.heard, "a filter that asks for nothing takes everything but signs of life")
            return !recording.frames.isEmpty
        }
    ]
}

extension Seeds {
    mutating func addTaps() {
        let messages: [Message] = [
            .beat(Beat(source: "builder.alpha@alpha-1/1", height: 3, waiting: 1)), .alarm(Alarm(source: "x", code: "two_finals", detail: "look", severity: .critical)),
            .confirm(ConfirmNotice(xid: place, node: "beta-1", confirmed: false, authorization: nil)), .lead(Lead(node: "alpha-1", chain: Stage.alpha, slot: 3, parentSlot: 2, parent: place, parentHeight: 2)),
        ]
        var previous = Digest.zero
        var bytes = TapRecording.head(network: network)
        for (index, message) in messages.enumerated() {
            let stamp = BusStamp(site: "alpha", publisher: "builder.alpha@alpha-1/1", bootEpoch: 7, sequence: UInt64(index + 1), previous: previous, timeMilliseconds: 9)
            let frame = TapRecording.Frame(topic: "beat", stamp: stamp.bytes, body: message.encoded())
            previous = BusStamp.frameHash(topic: "beat", stamp: frame.stamp, body: frame.body)
            bytes += frame.encoded
            add("tap-recording", bytes)
        }
        add("tap-recording", bytes + bytes.suffix(40))
        add("tap-recording", TapRecording.head(network: network))
    }
}
