import Cryptography
import TapCore
import TestSupport
import Testing
import Wire

/// What a tap makes of frames: what they say, which are shown, and whether any is missing.
@Suite("Taps")
struct TapTests {
    private static let network = TestNetwork()
    private let test = TapTests.network

    /// A stream of one topic, each frame naming the one before.
    private struct Stream {
        let topic: String
        var site = "alpha"
        var bootEpoch: UInt64 = 7
        private var sequence: UInt64 = 0
        private var last = Digest.zero

        init(_ topic: String) { self.topic = topic }

        mutating func next(_ message: Message, by publisher: String = "builder.alpha@alpha-1/1", at time: UInt64 = 1_000) -> (stamp: BusStamp, body: [UInt8], hash: Digest) {
            sequence += 1
            let stamp = BusStamp(site: site, publisher: publisher, bootEpoch: bootEpoch, sequence: sequence, previous: last, timeMilliseconds: time)
            let body = message.encoded()
            last = BusStamp.frameHash(topic: topic, stamp: stamp.bytes, body: body)
            return (stamp, body, last)
        }
    }

    private func frame(_ message: Message, on topic: String, by publisher: String = "builder.alpha@alpha-1/1", at time: UInt64 = 1_000) -> TapFrame {
        var stream = Stream(topic)
        let item = stream.next(message, by: publisher, at: time)
        return TapFrame(topic: topic, stamp: item.stamp, body: item.body, network: test.network.id)
    }

    private func beat(_ waiting: UInt64 = 1) -> Message { .beat(Beat(source: "builder.alpha@alpha-1/1", height: 3, waiting: waiting)) }

    @Test("a frame says who published what about which chain, block and transactions")
    func reads() {
        var chain = TestChain(test, TestNetwork.alpha)
        let block = chain.append([])
        let candidate = frame(.candidate(block.block), on: "candidate.alpha")
        #expect(candidate.kind == "candidate" && candidate.chain == TestNetwork.alpha && candidate.height == 1 && candidate.role == "builder" && candidate.node == "alpha-1")
        #expect(candidate.transactions.isEmpty && candidate.detail == "slot \(block.block.header.slot), 0 transactions")
        let final = frame(.final(block.final!), on: "final.alpha", by: "consensus.alpha@alpha-2/1")
        #expect(final.kind == "final" && final.height == 1 && final.role == "consensus")
        let alarm = frame(.alarm(Alarm(source: "x", code: "two_finals", detail: "look", severity: .critical)), on: "alarm")
        #expect(alarm.kind == "alarm" && alarm.chain == nil && alarm.detail == "critical two_finals: look")
        let confirm = frame(.confirm(ConfirmNotice(xid: Blake2b.hash([1]), node: "beta-1", confirmed: false, authorization: nil)), on: "confirm.beta")
        #expect(confirm.chain == ChainID("beta") && confirm.transactions == [Blake2b.hash([1])])
        let stamp = BusStamp(site: "alpha", publisher: "somebody", bootEpoch: 1, sequence: 1, previous: .zero, timeMilliseconds: 1)
        let noise = TapFrame(topic: "vote.alpha", stamp: stamp, body: [1, 2, 3], network: test.network.id)
        #expect(noise.kind == "unreadable" && noise.chain == TestNetwork.alpha && noise.role == "somebody" && noise.byteCount == 3)
    }

    @Test("a filter takes what meets all that is asked for, and nothing else")
    func filters() {
        let xid = Blake2b.hash([1])
        let confirm = frame(.confirm(ConfirmNotice(xid: xid, node: "beta-1", confirmed: true, authorization: nil)), on: "confirm.beta", by: "collector.beta@beta-1/2", at: 5_000)
        func takes(_ change: (inout TapFilter) -> Void) -> Bool {
            var filter = TapFilter()
            change(&filter)
            return filter.takes(confirm)
        }
        #expect(takes { _ in })
        #expect(takes { $0.topics = ["confirm.*"] } && takes { $0.topics = ["vote.alpha", "confirm.beta"] } && !takes { $0.topics = ["confirm.alpha"] })
        #expect(takes { $0.roles = ["builder", "collector"] } && !takes { $0.roles = ["builder"] })
        #expect(takes { $0.chains = [ChainID("beta")!] } && !takes { $0.chains = [TestNetwork.alpha] })
        #expect(takes { $0.kinds = ["confirm"] } && !takes { $0.kinds = ["leg"] })
        #expect(takes { $0.transaction = String(xid.hex.prefix(8)) } && !takes { $0.transaction = "00000000" })
        #expect(takes { $0.sinceMilliseconds = 5_000 } && !takes { $0.sinceMilliseconds = 5_001 })
        #expect(!takes { ($0.kinds, $0.roles) = (["confirm"], ["builder"]) })
    }

    @Test("missing frames and frames that do not name the one before are seen, stream by stream and bus start by bus start")
    func completeness() {
        var (one, other) = (Stream("beat"), Stream("alarm"))
        var tally = TapTally()
        func hear(_ stream: inout Stream, _ tally: inout TapTally, skipping count: Int = 0, as previous: Digest? = nil) -> TapTally.Hole? {
            for _ in 0..<count { _ = stream.next(beat()) }
            let item = stream.next(beat())
            let frame = TapFrame(topic: stream.topic, stamp: item.stamp, body: item.body, network: test.network.id)
            return tally.hear(frame, previous: previous ?? item.stamp.previous, hash: item.hash)
        }
        // A tap may come late: what was before its first frame is not missing.
        #expect(hear(&one, &tally, skipping: 4) == nil && hear(&other, &tally) == nil && hear(&one, &tally) == nil)
        #expect(tally.isComplete && tally.streamCount == 2 && tally.heard == 3)
        let hole = hear(&one, &tally, skipping: 3)
        #expect(hole?.from == 7 && hole?.through == 9 && hole?.topic == "beat" && tally.lost == 3 && !tally.isComplete)
        var again = Stream("beat")
        again.bootEpoch = 8
        #expect(hear(&again, &tally) == nil && tally.lost == 3 && tally.streamCount == 3)
        #expect(tally.broken == 0)
        _ = hear(&other, &tally, as: Blake2b.hash([9]))
        #expect(tally.broken == 1)
    }

    @Test("signs of life are shown to those who ask for them, by kind or by topic; every kind that a frame can have is known")
    func beatsAskedFor() {
        let beat = frame(beat(), on: "beat")
        #expect(beat.chain?.description == "alpha" && TapFrame.kinds.contains(beat.kind) && TapFrame.kinds == TapFrame.kinds.sorted())
        var filter = TapFilter()
        #expect(!filter.takes(beat))
        filter.topics = ["*"]
        #expect(!filter.takes(beat))
        filter.topics = ["be*"]
        #expect(filter.takes(beat))
        (filter.topics, filter.kinds) = ([], ["alarm", "beat"])
        #expect(filter.takes(beat))
    }

    @Test("what is shown is counted by role and kind")
    func counts() {
        var tally = TapTally()
        let alarm = frame(.alarm(Alarm(source: "x", code: "c", detail: "d", severity: .info)), on: "alarm", by: "recorder.notary@notary-1/1")
        let beat = frame(beat(), on: "beat")
        for item in [alarm, beat, beat] { tally.show(item) }
        #expect(tally.counts.map(\.role) == ["builder", "recorder"] && tally.counts.map(\.kind) == ["beat", "alarm"] && tally.counts.map(\.frames) == [2, 1])
        #expect(tally.shown == 3 && tally.shownBytes == 2 * beat.byteCount + alarm.byteCount)
    }

    @Test("alarms of one code are one line: how often, by whom as the bus knows them, when last; the gravest first, and only so many")
    func alarms() {
        func alarm(_ code: String, _ severity: Alarm.Severity, _ detail: String = "d") -> Alarm { Alarm(source: "a liar", code: code, detail: detail, severity: severity) }
        var book = AlarmBook()
        book.add(alarm("slow", .warning, "new"), by: "builder.alpha@alpha-2/1", at: 9)
        book.add(alarm("slow", .warning, "old"), by: "builder.alpha@alpha-1/1", at: 4)
        book.add(alarm("started", .info), by: "x", at: 20)
        #expect(!book.isCritical)
        book.add(alarm("two_finals", .critical), by: "x", at: 1)
        #expect(book.isCritical && book.entries.map(\.code) == ["two_finals", "slow", "started"])
        let slow = book.entries[1]
        #expect(slow.count == 2 && slow.firstMilliseconds == 4 && slow.lastMilliseconds == 9 && slow.detail == "new")
        #expect(slow.sources == ["builder.alpha@alpha-1/1", "builder.alpha@alpha-2/1"])
        for number in 0..<2 * AlarmBook.codesMaximum { book.add(alarm("made-up-\(number)", .info), by: "x", at: 30) }
        #expect(book.entries.count == AlarmBook.codesMaximum)
    }

    @Test("a recording is read as it was written; cut anywhere, the whole frames before are kept")
    func recordings() throws {
        var stream = Stream("beat")
        let frames = (0..<3).map { number -> TapRecording.Frame in
            let item = stream.next(beat(UInt64(number)))
            return TapRecording.Frame(topic: "beat", stamp: item.stamp.bytes, body: item.body)
        }
        let head = TapRecording.head(network: test.network.id)
        let bytes = head + frames.flatMap(\.encoded)
        let whole = try TapRecording(bytes)
        #expect(whole.frames == frames && whole.network == test.network.id && whole.cutShort == nil)
        for length in 0..<bytes.count {
            guard length >= head.count else {
                #expect(throws: TapRecording.Fault.noRecording) { try TapRecording(Array(bytes.prefix(length))) }
                continue
            }
            let cut = try TapRecording(Array(bytes.prefix(length)))
            let kept = frames.prefix(cut.frames.count)
            #expect(cut.frames == Array(kept) && (cut.cutShort == nil) == (head.count + kept.flatMap(\.encoded).count == length), "\(length)")
        }
        #expect(throws: TapRecording.Fault.malformed(offset: head.count)) { try TapRecording(head + [255, 255] + bytes) }
        #expect(throws: TapRecording.Fault.noRecording) { try TapRecording(Array("something else".utf8)) }
    }
}
