import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapCore
import TapShell
import Wire

/// One run of a live tap: from the first frame to the summary.
struct TapSession {
    private let reader: TapReader
    private let filter: TapFilter
    private let network: Digest
    private let common: CommonOptions
    private let isRate: Bool
    private let file: FileHandle?
    private var printer: TapPrinter
    private var tally = TapTally()
    private let begin = BusClock.now().monotonicMilliseconds
    private var lastShown = BusClock.now().monotonicMilliseconds
    /// Frames and bytes of each role since the last line of rates.
    private var second: [String: (frames: Int, bytes: Int)] = [:]
    private var nextRate = BusClock.now().monotonicMilliseconds + 1_000

    /// How long all buses have to let the tap in.
    private static let joinMilliseconds: UInt64 = 5_000
    /// A bus tells the heads of quiet streams after a quarter of a second: what is missing at the end is known by then.
    private static let settleMilliseconds: UInt64 = 700

    init(_ reader: TapReader, _ filter: TapFilter, _ network: Digest, _ common: CommonOptions, isRate: Bool, record: String?) throws {
        self.reader = reader
        self.filter = filter
        self.network = network
        self.common = common
        self.isRate = isRate
        printer = TapPrinter(isJSON: common.json, paint: try common.paint)
        file = try record.map { try TapSession.create($0, network) }
    }

    private static func create(_ path: String, _ network: Digest) throws -> FileHandle {
        guard !FileManager.default.fileExists(atPath: path) else { throw Failure(.usage, "\(path) is there already", "Name a new file.") }
        guard FileManager.default.createFile(atPath: path, contents: Data(TapRecording.head(network: network))), let file = FileHandle(forWritingAtPath: path) else {
            throw Failure(.failed, "\(path) cannot be written", "Name a file in a folder that you may write to.")
        }
        file.seekToEndOfFile()
        return file
    }

    /// Shows frames until there are enough, nothing comes any more, or somebody ends it.
    mutating func run(count: Int?, waitMilliseconds: UInt64?) throws {
        let shutdown = Shutdown()
        common.say(isRate ? "a line a second; Ctrl-C ends" : TapPrinter.head)
        try join(shutdown, count: count)
        var isTimedOut = false
        while !shutdown.wait(milliseconds: 0) {
            try take(count: count)
            sayRates()
            if let count, tally.shown >= count { break }
            if let waitMilliseconds, BusClock.now().monotonicMilliseconds >= lastShown + waitMilliseconds {
                isTimedOut = true
                break
            }
        }
        let end = BusClock.now().monotonicMilliseconds
        // What is shown is enough; what is heard tells whether anything is missing.
        while BusClock.now().monotonicMilliseconds < end + TapSession.settleMilliseconds { try take(count: 0) }
        try reader.leave()
        try file?.close()
        if common.json { if !common.quiet { Console.error(TapPrinter.json(tally)) } } else if !common.quiet {
            for line in printer.summary(tally, seconds: Double(end - begin) / 1_000) { Console.error(line) }
        }
        if !tally.isComplete { throw ExitCode(Failure.Code.degraded.rawValue) }
        if isTimedOut, count != nil || tally.shown == 0 { throw ExitCode(Failure.Code.timedOut.rawValue) }
    }

    private mutating func join(_ shutdown: Shutdown, count: Int?) throws {
        let end = BusClock.now().monotonicMilliseconds + TapSession.joinMilliseconds
        while !reader.silentSites.isEmpty, BusClock.now().monotonicMilliseconds < end, !shutdown.wait(milliseconds: 0) { try take(count: count) }
        let silent = reader.silentSites
        if !silent.isEmpty { Console.error("no bus answers at \(silent.joined(separator: ", ")): what it publishes is not shown until it does") }
        lastShown = BusClock.now().monotonicMilliseconds
    }

    /// - Parameter count: frames to be shown in all; nil for no bound.
    private mutating func take(count: Int?) throws {
        for (site, event) in try reader.receive(waitMilliseconds: 100) {
            switch event {
            case .delivered(let delivery): try hear(delivery, count: count)
            case .restarted(let name): common.say("the bus of \(name) has started anew")
            case .disconnected: common.say("the connection to the bus of \(site) broke; it is tried again")
            case .refused(let reason, let detail): Console.error("the bus of \(site) refused: \(reason.rawValue) \(Console.printable(detail))")
            // The tally sees for itself what is missing.
            case .lost, .broken, .called, .answered, .pushed, .acknowledged, .welcomed, .services: continue
            }
        }
    }

    private mutating func hear(_ delivery: BusDelivery, count: Int?) throws {
        let frame = TapFrame(topic: delivery.topic, stamp: delivery.stamp, body: delivery.body, network: network)
        let hash = delivery.hash
        if let hole = tally.hear(frame, previous: delivery.stamp.previous, hash: hash) { Console.error(printer.line(hole)) }
        if let file {
            do {
                try file.write(contentsOf: TapRecording.Frame(topic: delivery.topic, stamp: delivery.stampBytes, body: delivery.body).encoded)
            } catch {
                throw Failure(.failed, "the recording cannot be written: \(error.localizedDescription)", "What was written until now can be replayed.")
            }
        }
        guard filter.takes(frame), tally.shown < count ?? .max else { return }
        tally.show(frame)
        lastShown = BusClock.now().monotonicMilliseconds
        if isRate {
            let known = second[frame.role] ?? (0, 0)
            second[frame.role] = (known.frames + 1, known.bytes + frame.byteCount)
        } else {
            Console.print(printer.line(frame, hash: hash))
        }
    }

    private mutating func sayRates() {
        let now = BusClock.now().monotonicMilliseconds
        guard isRate, now >= nextRate else { return }
        nextRate = now + 1_000
        struct Rates: Encodable { var frames_per_second: [String: Int], bytes_per_second: [String: Int] }
        if common.json {
            Console.print(JSONText.line(Rates(frames_per_second: second.mapValues(\.frames), bytes_per_second: second.mapValues(\.bytes))))
        } else {
            let parts = second.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.frames)/s \($0.value.bytes / 1_024) KiB/s" }
            Console.print(parts.isEmpty ? "nothing" : parts.joined(separator: " · "))
        }
        second.removeAll()
    }
}
