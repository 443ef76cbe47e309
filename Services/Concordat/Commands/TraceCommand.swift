import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Shows the steps of one transaction.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show every step of a transaction, with the time and who took it, and why it waits when it does.",
        discussion: """
            Example:
              concordat trace 5ed463e92a18ce0ce72ff68542912b1bdb0c5af773c17a22f3de7809b5d65df4 --follow
            Exit codes: 0 it has ended, 1 nobody knows it, 2 it still waits, 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "Transaction id or xid, 64 hexadecimal digits.")
    var id: String
    @Flag(help: "Wait until it has ended.")
    var follow = false

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let digest = try TransactionName.read(id)
        try Inquiry.requireReachable(configuration, folder)
        let inquiry = Inquiry(configuration)
        let shutdown = Shutdown()
        var told = ""
        var shown: Set<String> = []
        while true {
            let standing = Standing(try inquiry.standings(of: digest), configuration.network)
            let found = try TraceDesk.fetch(digest, inquiry)
            if follow, !standing.isEnded, standing.isKnown, !shutdown.wait(milliseconds: TraceCommand.pauseMilliseconds) {
                // What has happened meanwhile is said as it is known; the whole table is the result, at the end.
                if case .found(let trace) = found {
                    for step in trace.steps {
                        let line = "\(step.step): \(Console.printable(step.what)) \(step.chain)\(step.height > 0 ? " block \(step.height)" : "")"
                        // Several notaries do the same to the same block.
                        if shown.insert(line).inserted { common.say("\(line), by \(step.source)") }
                    }
                }
                if standing.text != told { common.say("waiting: \(standing.text)") }
                told = standing.text
                continue
            }
            return try tell(found, standing)
        }
    }

    private static let pauseMilliseconds = 500

    private func tell(_ found: TraceDesk.Found, _ standing: Standing) throws {
        var steps: [Trace.Step] = []
        if case .found(let trace) = found { steps = trace.steps }
        guard standing.isKnown || !steps.isEmpty else {
            throw Failure(.failed, "no collector and no recorder of this network knows \(id)", "Check the digits, and that --data names the network it was sent to.")
        }
        // A recorder keeps what collectors have long put away.
        let isEnded = standing.isEnded || !standing.isKnown
        if common.json {
            struct Step: Encodable { var step: String, what: String, source: String, chain: String, height: UInt64, time_milliseconds: UInt64 }
            struct Report: Encodable { var id: String, ended: Bool, state: String, steps: [Step] }
            let list = steps.map { Step(step: $0.step, what: $0.what, source: $0.source, chain: $0.chain, height: $0.height, time_milliseconds: $0.time) }
            Console.print(JSONText.line(Report(id: id, ended: isEnded, state: standing.text, steps: list)))
        } else {
            for line in TraceTable.lines(Trace(id: .zero, steps: steps), marks: []) { Console.print(line) }
            if case .silent = found { common.say("No recorder answers, so the steps are not shown.") }
            Console.print(isEnded ? standing.text : "WAITING: \(standing.text)")
        }
        if !isEnded { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}
