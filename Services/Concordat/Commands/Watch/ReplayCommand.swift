import ArgumentParser
import Cryptography
import Foundation
import TapCore
import Wire

/// Shows a recording of a tap again.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Show what a tap has recorded, and whether any of it is missing.",
        discussion: """
            Example:
              concordat replay incident.tap --kind alarm
              concordat replay incident.tap --json --quiet
            It needs no network. Exit codes: 0, 2 frames are missing or the file ends within one, 64 usage, 78 the file is no recording.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: TapOptions

    @Argument(help: "The file.")
    var file: String

    func run() throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure(.configuration, "\(file) cannot be read", "Name a file that concordat tap --record has written.")
        }
        let recording: TapRecording
        do { recording = try TapRecording([UInt8](data)) } catch {
            switch error {
            case .noRecording: throw Failure(.configuration, "\(file) is no recording of a tap", "Name a file that concordat tap --record has written.")
            case .malformed(let offset), .cutShort(let offset):
                throw Failure(.configuration, "\(file) is damaged at byte \(offset)", "What lies before can be had by cutting the file there.")
            }
        }
        var printer = TapPrinter(isJSON: common.json, paint: try common.paint)
        var tally = TapTally()
        var lines: [(frame: TapFrame, hash: Digest)] = []
        for item in recording.frames {
            guard let stamp = try? BusStamp(item.stamp) else { throw Failure(.configuration, "\(file) holds a frame without a stamp", "It has been changed since it was written.") }
            let frame = TapFrame(topic: item.topic, stamp: stamp, body: item.body, network: recording.network)
            let hash = BusStamp.frameHash(topic: item.topic, stamp: item.stamp, body: item.body)
            if let hole = tally.hear(frame, previous: stamp.previous, hash: hash) { Console.error(printer.line(hole)) }
            lines.append((frame, hash))
        }
        // A recording names every chain that it is about.
        var chains: [ChainID] = []
        for chain in lines.compactMap(\.frame.chain) where !chains.contains(chain) { chains.append(chain) }
        let filter = try options.filter(chains)
        common.say(TapPrinter.head)
        for (frame, hash) in lines where filter.takes(frame) {
            tally.show(frame)
            Console.print(printer.line(frame, hash: hash))
        }
        let times = lines.map(\.frame.timeMilliseconds)
        let seconds = Double((times.max() ?? 0) - (times.min() ?? 0)) / 1_000
        if !common.quiet {
            for line in common.json ? [TapPrinter.json(tally)] : printer.summary(tally, seconds: seconds) { Console.error(line) }
            if let cut = recording.cutShort { Console.error("the file ends within the frame at byte \(cut): whoever wrote it was stopped") }
        }
        if !tally.isComplete || recording.cutShort != nil { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}
