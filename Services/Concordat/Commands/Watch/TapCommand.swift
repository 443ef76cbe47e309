import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapCore
import TapShell
import Wire

/// Shows what is published on the buses, live.
struct TapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap", abstract: "Show what services publish, live or from the buses' logs, and whether any of it is missing.",
        discussion: """
            Example:
              concordat tap --role builder --chain alpha --count 20
              concordat tap --tx 5ed463e9 --since 5m --wait 2s
              concordat tap --record incident.tap --wait 10s
            Frames of one stream come in order, each once, each naming the one before it; what is missing is said. Watching costs the pipeline nothing: a tap that
            is slow loses frames of its own and asks the log for them.
            Exit codes: 0, 2 frames are missing, 27 --wait ran out, 64 usage, 69 no bus answers, 78 the tap's key is not here.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: TapOptions

    @Option(help: "Begin so long ago, such as 30s or 5m, as far as the buses' logs go back; or 'oldest'.")
    var since: String?

    @Option(help: "End after so many frames.")
    var count: Int?

    @Option(help: "End when nothing has been shown for so long, such as 10s.")
    var wait: String?

    @Flag(help: "Show a line a second with frames and bytes of each role, instead of every frame.")
    var rate = false

    @Option(help: "Write all frames that are heard, shown or not, into this new file, for concordat replay.")
    var record: String?

    @Option(help: "The tap of network.yaml whose key is used. (default: tap-1)")
    var name: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        var filter = try options.filter((configuration.network.chains + [configuration.network.notary]).map(\.id))
        if let since, since != "oldest" {
            let span = try TimeSpan.read(since, "since")
            let now = UInt64(Date().timeIntervalSince1970 * 1_000)
            filter.sinceMilliseconds = now > span ? now - span : 0
        }
        if let count, count < 1 { throw Failure(.usage, "--count \(count) is not possible", "Give a number from 1.") }
        let reader = try TapKey.reader(folder, configuration, name: name, patterns: filter.topics.isEmpty ? ["*"] : filter.topics, isFromOldest: since != nil)
        let waitMilliseconds = try wait.map { try TimeSpan.read($0, "wait") }
        var session = try TapSession(reader, filter, configuration.network.id, common, isRate: rate, record: record)
        try session.run(count: count, waitMilliseconds: waitMilliseconds)
    }
}
