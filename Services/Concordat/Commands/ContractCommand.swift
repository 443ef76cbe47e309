import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Contracts that clients declare while the network runs (A14).
struct ContractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contract", abstract: "Check, deploy, list and show contracts: the terms on which two chains exchange.",
        discussion: """
            Example:
              concordat contract check examples/contracts/bureau.yaml
              concordat contract deploy examples/contracts/bureau.yaml --from alice
              concordat contract show bureau
            A contract's version never changes. Who deployed it may add versions; a payment names the one it is made under.
            """,
        subcommands: [Check.self, Deploy.self, List.self, Show.self])

    /// One contract, for machines.
    struct Row: Encodable {
        struct Side: Encodable { var chain: String, asset: String, reserve: String, balance: UInt64? }

        var id: String
        var version: UInt32
        /// `network.yaml`, or the address of who deployed it.
        var source: String
        /// Of the notary block from which on it stands; nil for one of the network's description.
        var height: UInt64?
        var sides: [Side]
        var rate_numerator: UInt64
        var rate_denominator: UInt64
        var minimum: UInt64
        var maximum: UInt64
        var deadline_maximum_milliseconds: UInt64

        init(_ contract: Contract, _ entry: ContractEntry?, _ balances: [Amount?] = [nil, nil]) {
            id = contract.id
            version = contract.version
            source = entry?.terms.deployer.address.text ?? "network.yaml"
            height = entry?.height
            sides = zip([contract.first, contract.second], balances).map { side, balance in
                Side(chain: side.chain.description, asset: side.asset.description, reserve: side.reserve.address.text, balance: balance)
            }
            rate_numerator = contract.rateNumerator
            rate_denominator = contract.rateDenominator
            minimum = contract.minimumAmount
            maximum = contract.maximumAmount
            deadline_maximum_milliseconds = contract.deadlineMaximumMilliseconds
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong or odd about a contract's file. No network has to run.",
            discussion: """
                Example:
                  concordat contract check examples/contracts/bureau.yaml
                Exit codes: 0 it can be deployed, 1 nothing could ever be exchanged under it, 78 the file makes no sense.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "The contract's file; docs/network.md says what it holds.")
        var file: String

        func run() throws {
            let folder = try common.folder
            let network = try NetworkFile.read(folder.networkFile).network
            let book = try? AddressBook.read(folder.addressBook)
            let contract = try ContractFile.read(file, network: network) { book?[$0]?.key }.contract
            let findings = ContractFile.findings(contract, network: network)
            if common.json {
                struct Item: Encodable { var fatal: Bool, problem: String, advice: String }
                struct Report: Encodable { var contract: Row, findings: [Item] }
                Console.print(
                    JSONText.line(
                        Report(
                            contract: Row(contract, nil), findings: findings.map { Item(fatal: $0.isFatal, problem: $0.problem, advice: $0.advice) })))
            } else {
                Console.print(ContractCommand.terms(contract))
                for finding in findings { Console.print("\(finding.isFatal ? "error" : "note"): \(finding.problem). \(finding.advice)") }
                if findings.isEmpty { Console.print("nothing to remark") }
            }
            if findings.contains(where: \.isFatal) { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }

    struct Deploy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declare a contract through a node of one of its chains, and wait until both chains have it.",
            discussion: """
                Example:
                  concordat contract deploy examples/contracts/bureau.yaml --from alice
                Without a version in the file it gets the next one. Then put value into its reserves: concordat contract show says where they are.
                Exit codes: 0 both chains have it, 1 refused, 69 no network answers, 27 not within --wait, 78 the file makes no sense.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @Argument(help: "The contract's file; docs/network.md says what it holds.")
        var file: String
        @Option(help: "Who declares it, and alone may add versions: a name of the address book.")
        var from: String
        @Option(name: .customLong("wait"), help: "Seconds to wait for both chains. (default: 60)")
        var waitOption: Int?

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let network = configuration.network
            let seconds = try Setting.number(waitOption, "wait", default: 60, in: 1...86_400)
            let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
            let read = try ContractFile.read(file, network: network) { accounts.book[$0]?.key }
            var contract = read.contract
            if let finding = ContractFile.findings(contract, network: network).first(where: \.isFatal) {
                throw Failure(.failed, finding.problem, finding.advice)
            }
            let signer = try accounts.signer(from)
            try Inquiry.requireReachable(configuration, folder)
            let desk = ContractDesk(Inquiry(configuration))
            let newest = try desk.all().filter { $0.terms.contract.id == contract.id }.map(\.terms.contract.version).max() ?? 0
            contract.version = read.version ?? newest + 1
            guard let terms = try? DeclaredTerms(contract, deployer: signer.publicKey, network: network.id) else {
                throw Failure(.configuration, "\(file) makes no contract", "See what is wrong: concordat contract check \(file)")
            }
            try desk.handIn(terms, by: signer)
            common.say("handed in; waiting until \(contract.first.chain) and \(contract.second.chain) have it")
            try desk.wait(for: terms, until: Date().addingTimeInterval(Double(seconds)), seconds: seconds)
            try ContractCommand.show(terms.contract, try desk.all().first { $0.terms == terms }, desk, common)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the contracts of the network's description and those that were deployed.",
            discussion: """
                Example:
                  concordat contract list --json
                """)
        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            try Inquiry.requireReachable(configuration, folder)
            let entries = try ContractDesk(Inquiry(configuration)).all()
            let rows = configuration.network.contracts.map { Row($0, nil) } + entries.map { Row($0.terms.contract, $0) }
            if common.json { return Console.print(JSONText.line(rows)) }
            let cells = rows.map { row in
                [
                    row.id, "\(row.version)", "\(row.sides[0].asset)@\(row.sides[0].chain)", "\(row.sides[1].asset)@\(row.sides[1].chain)",
                    "\(row.rate_denominator) : \(row.rate_numerator)", "\(row.minimum)-\(row.maximum)", row.height.map { "notary block \($0)" } ?? row.source,
                ]
            }
            for line in Table.lines([["CONTRACT", "VERSION", "FIRST", "SECOND", "RATE", "AMOUNTS", "SINCE"]] + cells) { Console.print(line) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a contract's terms, its reserve accounts and what they own.",
            discussion: """
                Example:
                  concordat contract show bureau
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "The contract's id.")
        var id: String
        @Option(help: "Its version. (default: the newest)")
        var version: Int?

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            try Inquiry.requireReachable(configuration, folder)
            let desk = ContractDesk(Inquiry(configuration))
            let entries = try desk.all()
            let known = configuration.network.contracts.map { (contract: $0, entry: ContractEntry?.none) } + entries.map { (contract: $0.terms.contract, entry: ContractEntry?.some($0)) }
            let named = known.filter { $0.contract.id == id }
            guard let found = named.last(where: { version == nil || Int($0.contract.version) == version }) else {
                let names = Set(known.map(\.contract.id)).sorted()
                let versions = named.map { "\($0.contract.version)" }.joined(separator: ", ")
                throw Failure(
                    .failed, named.isEmpty ? "there is no contract \(id)" : "\(id) has no version \(version ?? 0)",
                    named.isEmpty
                        ? Suggestion.closest(to: id, among: names).map { "Did you mean \($0)?" } ?? "Contracts: \(names.joined(separator: ", "))."
                        : "Versions: \(versions).")
            }
            try ContractCommand.show(found.contract, found.entry, desk, common)
        }
    }

    private static func show(_ contract: Contract, _ entry: ContractEntry?, _ desk: ContractDesk, _ common: CommonOptions) throws {
        let sides = try desk.sides(of: contract)
        guard !common.json else { return Console.print(JSONText.line(Row(contract, entry, sides.map(\.reserve)))) }
        Console.print(terms(contract))
        Console.print(entry.map { "deployed by \($0.terms.deployer.address.text), stands since notary block \($0.height)" } ?? "of network.yaml")
        for item in sides {
            let owns = item.reserve.map { "owns \($0) \(item.side.asset)" } ?? "not taken in yet"
            Console.print("reserve on \(item.side.chain): \(item.side.reserve.address.text)  \(owns)")
        }
    }

    /// A contract in a sentence.
    private static func terms(_ contract: Contract) -> String {
        if let peg = contract.peg {
            return "\(contract.id) version \(contract.version), a peg: \(contract.first.asset) locked on \(contract.first.chain) stands on \(contract.second.chain) as \(contract.second.asset); \(contract.minimumAmount) to \(contract.maximumAmount) at once; \(peg.issuers.threshold) of \(peg.issuers.keys.count) members attest locks, \(peg.releasers.threshold) of \(peg.releasers.keys.count) redemptions\(brakes(contract))"
        }
        return "\(contract.id) version \(contract.version): \(contract.rateDenominator) \(contract.first.asset) of \(contract.first.chain) for \(contract.rateNumerator) \(contract.second.asset) of \(contract.second.chain), and back; \(contract.minimumAmount) to \(contract.maximumAmount) paid at once, deadlines up to \(contract.deadlineMaximumMilliseconds / 1_000) s\(brakes(contract))"
    }

    /// What slows it down, to go behind a sentence.
    private static func brakes(_ contract: Contract) -> String {
        [(contract.first, contract.brakes.first), (contract.second, contract.brakes.second)].map { side, brakes in
            func mode(_ isObserved: Bool) -> String { isObserved ? " (only counted)" : "" }
            let cap = brakes?.cap.map { "; at most \($0.amount) \(side.asset) in \($0.windowMilliseconds / 1_000) s on \(side.chain)\(mode($0.isObserved))" }
            let delay = brakes?.delay.map { "; from \($0.amount) \(side.asset) on \(side.chain) on, after \($0.milliseconds / 1_000) s\(mode($0.isObserved))" }
            return (cap ?? "") + (delay ?? "")
        }.joined()
    }
}
