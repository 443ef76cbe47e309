import ArgumentParser
import Cryptography
import Foundation
import IssuerCore
import IssuerShell
import Runtime
import WalletDesk
import Wire

/// The bridge: value that is locked on one chain stands on another (B1 to B7).
struct BridgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "Lock value on a main chain to have it on a side chain, and bring it back.",
        discussion: """
            Example:
              concordat contract deploy examples/contracts/vault.yaml --from alice
              concordat bridge issue --from carol &
              concordat bridge lock --from alice --to bob --amount 100
              concordat bridge redeem --from bob --to alice --amount 40
              concordat bridge status
              concordat bridge demo
            A peg is a contract with members. So many of them as its terms say have to attest before value appears on the other chain.
            """,
        subcommands: [Lock.self, Redeem.self, Issue.self, Status.self, BridgeDemoCommand.self])

    struct Lock: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put value into custody on a peg's main chain, to have it issued on the side chain.",
            discussion: """
                Example:
                  concordat bridge lock --from alice --to bob --amount 100
                  concordat bridge lock --file examples/bridge/locks.csv
                Exit codes: 0 it has been issued, 1 refused, 2 locked and not issued yet; 69 no network answers, 78 the file is none.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var order: BridgeOrderOptions

        func run() throws { try BridgeOrdering(.lock, common, passphraseOptions, order).run() }
    }

    struct Redeem: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give wrapped value back on a peg's side chain, to have it paid out on the main chain.",
            discussion: """
                Example:
                  concordat bridge redeem --from bob --to alice --amount 40
                  concordat bridge redeem --file examples/bridge/redemptions.csv
                Exit codes: 0 it has been paid out, 1 refused, 2 given back and not paid out yet; 69 no network answers, 78 the file is none.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var order: BridgeOrderOptions

        func run() throws { try BridgeOrdering(.redeem, common, passphraseOptions, order).run() }
    }

    struct Issue: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Attest, as a member of pegs, what has been locked and redeemed, until stopped.",
            discussion: """
                Example:
                  concordat bridge issue --from carol
                  concordat bridge issue --from carol --once --json
                A member believes no node: it attests what a receipt and a state proof show to be final and recorded. It keeps nothing, so it can be
                stopped and started at any time, and several may run with one key.
                Exit codes: 0 stopped, or with --once nothing is open; 2 with --once something still is; 64 the key is no member's.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @Option(help: "Whose key attests: a name of the address book.")
        var from: String
        @Option(help: "Only this peg. (default: all that have the key)")
        var peg: String?
        @Flag(help: "End once everything found has appeared, or after --wait.")
        var once = false
        @Option(name: .customLong("wait"), help: "With --once: seconds to try. (default: 60)")
        var waitOption: Int?

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let seconds = try Setting.number(waitOption, "wait", default: 60, in: 1...86_400)
            let signer = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase()).signer(from)
            try Inquiry.requireReachable(configuration, folder)
            let desk = BridgeDesk(Inquiry(configuration))
            let pegs = try peg.map { [try desk.peg($0)] } ?? desk.pegs()
            let driver = IssuerDriver(configuration, pegs: pegs, signer: signer)
            guard driver.laneCount > 0 else {
                throw Failure(.usage, "\(from) is no member of \(peg ?? "any peg")", "See who is: concordat contract show, or give another --from.")
            }
            if !common.json { common.say("Attesting for \(from) in \(driver.laneCount) directions; Ctrl-C ends it.") }
            let shutdown = Shutdown()
            let end = BusClock.now().monotonicMilliseconds + UInt64(seconds) * 1_000
            try driver.start(tell: tell)
            while !shutdown.wait(milliseconds: 0) {
                try driver.turn(tell: tell)
                guard once else { continue }
                if driver.isIdle { return }
                if BusClock.now().monotonicMilliseconds >= end { throw ExitCode(Failure.Code.degraded.rawValue) }
            }
        }

        private func tell(_ effect: IssuerEffect) {
            struct Line: Encodable { var event: String, order: String, amount: UInt64, from: String, to: String, detail: String }
            let line: Line
            switch effect {
            case .request: return
            case .attested(let item, let origin, let target):
                line = Line(event: "attested", order: item.order.hex, amount: item.amount, from: origin.description, to: target.description, detail: "")
            case .appeared(let item, let origin, let target):
                let word = item.kind == .locked ? "issued" : "released"
                line = Line(event: word, order: item.order.hex, amount: item.amount, from: origin.description, to: target.description, detail: "")
            case .note(let text): line = Line(event: "note", order: "", amount: 0, from: "", to: "", detail: text)
            }
            if common.json { return Console.print(JSONText.line(line)) }
            if common.quiet { return }
            Console.print(line.detail.isEmpty ? "\(line.order)  \(line.amount) from \(line.from) to \(line.to)  \(line.event)" : "note: \(line.detail)")
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what every peg holds in custody, what is out on the side chain, and what is on its way.",
            discussion: """
                Example:
                  concordat bridge status --json
                Exit codes: 0, 2 something has been on its way for longer than a minute.
                """)
        @OptionGroup var common: CommonOptions

        struct Row: Encodable {
            var peg: String, version: UInt32
            var main: String, asset: String, side: String, wrapped: String
            var custody: UInt64, outstanding: UInt64
            var to_issue: UInt64, to_release: UInt64
            var issuers: Int, issue_threshold: Int, releasers: Int, release_threshold: Int
        }

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            try Inquiry.requireReachable(configuration, folder)
            let desk = BridgeDesk(Inquiry(configuration))
            let rows = try desk.pegs().map { try Status.row(of: $0, desk) }
            if common.json { return Console.print(JSONText.line(rows)) }
            guard !rows.isEmpty else { return Console.print("this network has no peg") }
            for line in Status.table(rows) { Console.print(line) }
        }

        /// How a peg stands on both of its chains.
        static func row(of contract: Contract, _ desk: BridgeDesk) throws -> Row {
            guard let peg = contract.peg else { preconditionFailure("only pegs are listed") }
            let standing = try desk.standing(of: contract)
            let toIssue = try desk.open(.locked, of: contract).reduce(UInt64(0)) { $0 + $1.amount }
            let toRelease = try desk.open(.redeemed, of: contract).reduce(UInt64(0)) { $0 + $1.amount }
            return Row(
                peg: contract.id, version: contract.version, main: contract.first.chain.description, asset: contract.first.asset.description,
                side: contract.second.chain.description, wrapped: contract.second.asset.description, custody: standing.main.lane,
                outstanding: standing.outstanding, to_issue: toIssue, to_release: toRelease, issuers: peg.issuers.keys.count,
                issue_threshold: peg.issuers.threshold, releasers: peg.releasers.keys.count, release_threshold: peg.releasers.threshold)
        }

        /// Rows for people.
        static func table(_ rows: [Row]) -> [String] {
            let cells = rows.map { row in
                [
                    "\(row.peg)@\(row.version)", "\(row.custody) \(row.asset)@\(row.main)", "\(row.outstanding) \(row.wrapped)@\(row.side)", "\(row.to_issue)",
                    "\(row.to_release)", "\(row.issue_threshold) of \(row.issuers)", "\(row.release_threshold) of \(row.releasers)",
                ]
            }
            return Table.lines([["PEG", "CUSTODY", "OUT", "TO ISSUE", "TO RELEASE", "ISSUERS", "RELEASERS"]] + cells)
        }
    }
}
