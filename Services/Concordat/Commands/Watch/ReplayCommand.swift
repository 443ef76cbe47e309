import ArgumentParser
import Cryptography
import Foundation
import Runtime
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
              concordat replay incident.tap --simulate --data .concordat
            It needs no network that runs. With --simulate what was recorded goes through the cores of every role again, by the recording's clock, and the
            table says how far each came and what it found wrong; of --data only network.yaml is read, and no key. The same file always gives the same run.
            Exit codes: 0; 2 frames are missing, the file ends within one, or a role does not come as far as what was recorded; 64 usage; 78 the file is no
            recording, or of another network.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: TapOptions

    @Flag(help: "Run it through the cores of the network's roles, and say how each fares.")
    var simulate = false

    @Option(name: .customLong("through"), help: "With --simulate: only this role, such as validator.alpha@notary-1. May be given several times. (default: every role)")
    var through: [String] = []

    @Option(help: "With --simulate: a recorder's data folder that has the blocks before the recording.")
    var archive: String?

    @Argument(help: "The file.")
    var file: String

    func run() throws {
        let recording = try read()
        guard simulate else {
            guard through.isEmpty, archive == nil else { throw Failure(.usage, "--through and --archive are about --simulate", "Add --simulate, or leave them out.") }
            return try show(recording)
        }
        try run(recording)
    }

    /// Runs it through the cores.
    private func run(_ recording: TapRecording) throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        guard configuration.network.id == recording.network else {
            throw Failure(.configuration, "\(file) is of another network than \(folder.networkFile)", "Name the folder of the network that was recorded: --data")
        }
        let known = configuration.roles(collectorsPerNode: max(1, configuration.collectorsPerNode))
        let roles = try through.map { text in
            guard let address = RoleAddress(text) ?? RoleAddress(text + "/1"), known.contains(address) else {
                throw Failure(.usage, "--through \(Console.printable(text)) is no role of the network", "For example: \(known.prefix(3).map(\.description).joined(separator: ", ")).")
            }
            return address
        }
        let incident = try Incident(recording, configuration, roles: roles, archive: try archive.map { try Archives.open($0, configuration.network) })
        let outcome = incident.run { done in if done > 0 { common.say("\(done) of \(recording.frames.count) frames") } }
        let report = IncidentReport(outcome)
        if common.json { Console.print(JSONText.line(report)) } else { for line in report.lines { Console.print(line) } }
        if !report.isWhole { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    private func read() throws -> TapRecording {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure(.configuration, "\(file) cannot be read", "Name a file that concordat tap --record has written.")
        }
        do { return try TapRecording([UInt8](data)) } catch {
            switch error {
            case .noRecording: throw Failure(.configuration, "\(file) is no recording of a tap", "Name a file that concordat tap --record has written.")
            case .malformed(let offset), .cutShort(let offset):
                throw Failure(.configuration, "\(file) is damaged at byte \(offset)", "What lies before can be had by cutting the file there.")
            }
        }
    }

    private func show(_ recording: TapRecording) throws {
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
