import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletShell
import Wire

/// Devices that confirm by rules.
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Answer legs that wait for accounts of this folder, by rules, until stopped.",
        discussion: """
            Example:
              concordat agent --rules examples/agent.rules
            Without rules every leg is confirmed.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "File of rules. (default: none, every leg is confirmed)")
    var rules: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let list = try Setting.text(rules, "rules").map { try AgentRulesFile.read($0, accounts.book) } ?? []
        let signers = try accounts.book.entries.map { try accounts.signer($0.name) }
        let driver = AgentDriver(configuration, accounts: signers, rules: list)
        let shutdown = Shutdown()
        if !common.json { common.say("Answering for \(signers.count) accounts with \(list.count) rules; Ctrl-C ends it.") }
        try driver.start(answered: tell)
        while !shutdown.wait(milliseconds: 0) { try driver.turn(answered: tell) }
    }

    private func tell(_ notice: LegNotice, _ account: PublicKey, _ action: AgentRule.Action) {
        let leg = notice.cross.leg(for: account)
        let word =
            switch action {
            case .confirm: "confirmed"
            case .refuse(let reason): "refused (\(reason))"
            case .silent, .ask: "left alone"
            }
        if common.json {
            struct Line: Encodable { var xid: String, chain: String, asset: String, amount: UInt64, action: String }
            Console.print(JSONText.line(Line(xid: notice.cross.xid.hex, chain: leg.chain.description, asset: leg.asset.description, amount: leg.amount, action: word)))
        } else if !common.quiet {
            Console.print("\(notice.cross.xid)  \(leg.amount) \(leg.asset) on \(leg.chain)  \(word)")
        }
    }
}
