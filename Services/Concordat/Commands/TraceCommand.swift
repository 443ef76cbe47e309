import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
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
        while true {
            let standing = Standing(try inquiry.standings(of: digest), configuration.network)
            let found = try TraceTable.fetch(digest, inquiry)
            if follow, !standing.isEnded, standing.isKnown, !shutdown.wait(milliseconds: TraceCommand.pauseMilliseconds) {
                if standing.text != told { common.say("waiting: \(standing.text)") }
                told = standing.text
                continue
            }
            return try tell(found, standing)
        }
    }

    private static let pauseMilliseconds = 500

    private func tell(_ found: TraceTable.Found, _ standing: Standing) throws {
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

/// Where a transaction stands as collectors see it, and what it waits for.
struct Standing {
    private(set) var isKnown = true
    private(set) var isEnded = false
    private(set) var text: String

    /// - Parameter standings: what the collectors of each chain know.
    init(_ standings: [(chain: ChainID, status: Status)], _ network: Network) {
        func chain(_ states: Status.State...) -> (chain: ChainID, status: Status)? { standings.first { states.contains($0.status.state) } }
        if let end = chain(.settled, .refunded, .final) {
            isEnded = true
            text = "\(end.status.state.code) on \(end.chain)\(end.status.height > 0 ? ", block \(end.status.height)" : "")"
        } else if let end = chain(.rejected) {
            isEnded = true
            text = "rejected on \(end.chain): \(end.status.reason?.code ?? "no reason was kept")"
        } else if let holder = chain(.held) {
            if let decided = chain(.committed) {
                text = "the receiver's side is final on \(decided.chain); \(holder.chain) has still to settle the hold"
            } else if let decided = chain(.refused) {
                text = "refused or cancelled on \(decided.chain); \(holder.chain) has still to give the hold back"
            } else if let leg = chain(.pending), let brake = leg.status.reason {
                text = "held on \(holder.chain); the receiver has confirmed, and \(leg.chain) puts it off: \(brake.code) (concordat brakes)"
            } else if let leg = chain(.pending) {
                text = "held on \(holder.chain); the receiver's device has still to confirm on \(leg.chain): concordat confirm"
            } else {
                text = "held on \(holder.chain); the notaries have still to tell the second chain"
            }
        } else if let decided = chain(.committed, .refused) {
            text = "\(decided.status.state.code) on \(decided.chain); the other chain does not answer"
        } else if let pending = chain(.pending) {
            text = "stored by a collector of \(pending.chain), not in a final block yet: concordat status shows whether the chain moves"
        } else {
            isKnown = false
            text = "known to recorders only"
        }
    }
}
