import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Runtime
import WalletCore
import WalletDesk
import Wire

/// What stands behind the nodes of a chain that votes by stake, and what changes it.
struct StakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stake", abstract: "Show, bond and take back the stake behind the nodes of a pos chain.",
        discussion: """
            Example:
              concordat stake bond --from alice --node alpha-2 --amount 5000
              concordat stake show
            A bond weighs from the electorate that is settled next; what is taken back returns after the chain's unbonding time.
            """,
        subcommands: [Bond.self, Unbond.self, Show.self])

    /// Options of an order.
    struct OrderOptions: ParsableArguments {
        @Option(help: "Whose value it is: a name of the address book.")
        var from: String
        @Option(help: "The node, for example alpha-2.")
        var node: String
        @Option(parsing: .unconditional, help: "Whole minor units of the chain's stake asset, above zero.")
        var amount: String
    }

    struct Bond: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put value of an account behind a node.",
            discussion: """
                Example:
                  concordat stake bond --from alice --node alpha-2 --amount 5000
                Exit codes: 0 it stands in a block, 1 it was refused, 2 still open; 69 no network answers.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var order: OrderOptions

        func run() throws { try StakeOrdering(common, passphraseOptions, order).run(.bond) }
    }

    struct Unbond: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin to take value back from a node.",
            discussion: """
                Example:
                  concordat stake unbond --from alice --node alpha-2 --amount 2000
                Exit codes: 0 it stands in a block, 1 it was refused, 2 still open; 69 no network answers.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var passphraseOptions: PassphraseOptions
        @OptionGroup var order: OrderOptions

        func run() throws { try StakeOrdering(common, passphraseOptions, order).run(.unbond) }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what stands behind every node, and who votes in the newest epoch.",
            discussion: """
                Example:
                  concordat stake show --json
                """)
        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let chains = configuration.network.chains.filter { $0.stake != nil }
            guard !chains.isEmpty else { throw StakeCommand.noChain }
            try Inquiry.requireReachable(configuration, folder)
            let inquiry = Inquiry(configuration)
            var rows: [Row] = []
            for chain in chains { rows += try Row.all(of: chain, inquiry) }
            if common.json { return Console.print(JSONText.line(rows)) }
            let head = ["CHAIN", "NODE", "BONDED", "RETURNING", "BURNED", "EPOCH", "WEIGHT"]
            for line in Table.lines(
                [head] + rows.map { [$0.chain, $0.node, "\($0.bonded)", "\($0.returning)", "\($0.burned)", "\($0.epoch)", "\($0.weight)"] })
            {
                Console.print(line)
            }
        }
    }

    /// A node, as its chain's newest final state has it.
    struct Row: Encodable {
        var chain: String, node: String
        var bonded: UInt64, returning: UInt64, burned: UInt64
        /// The newest epoch whose electorate is settled, and the node's weight in it.
        var epoch: UInt64, weight: UInt64

        /// Asks every collector of a chain: the one that has read furthest is believed.
        static func all(of chain: ChainDescription, _ inquiry: Inquiry) throws -> [Row] {
            let questions = chain.nodes.map { (Service.name(.collector, chain: chain.id, node: $0.id), Request.fetchStakes(chain.id)) }
            let answers = try inquiry.ask(questions).compactMap { answer -> Stakes? in
                if case .stakes(let stakes)? = answer { stakes } else { nil }
            }
            guard let stakes = answers.max(by: { $0.height < $1.height }) else { throw Inquiry.silence }
            let newest = stakes.epochs.last.flatMap { EpochEntry(decoding: $0) }
            let voters = newest?.members ?? chain.genesisElectorate.members
            return stakes.entries.compactMap { StakeEntry(decoding: $0) }.map { entry in
                Row(
                    chain: chain.id.description, node: entry.node, bonded: entry.bonded, returning: entry.staked - entry.bonded,
                    burned: entry.burned, epoch: newest?.epoch ?? 0, weight: voters.first { $0.node == entry.node }?.weight ?? 0)
            }
        }
    }

    static let noChain = Failure(.usage, "no chain of this network votes by stake", "Make one: concordat init --engines bft,pos")
}

/// Signs one order, hands it to a collector of the chain, and waits for its end.
struct StakeOrdering {
    private let common: CommonOptions
    private let passphrase: PassphraseOptions
    private let options: StakeCommand.OrderOptions

    private static let waitMilliseconds: UInt64 = 60_000

    init(_ common: CommonOptions, _ passphrase: PassphraseOptions, _ options: StakeCommand.OrderOptions) {
        (self.common, self.passphrase, self.options) = (common, passphrase, options)
    }

    func run(_ kind: StakeOrder.Kind) throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let chains = configuration.network.chains.filter { $0.stake != nil }
        guard !chains.isEmpty else { throw StakeCommand.noChain }
        guard let chain = chains.first(where: { $0.nodes.contains { $0.id == options.node } }) else {
            let nodes = chains.flatMap { $0.nodes.map(\.id) }
            throw Failure(.usage, "no chain that votes by stake has a node \(options.node)", "Nodes: \(nodes.joined(separator: ", ")).")
        }
        guard let amount = UInt64(options.amount), amount > 0 else {
            throw Failure(.usage, "--amount '\(options.amount)' is no whole number from 1 to \(UInt64.max)", "For example --amount 5000.")
        }
        let signer = try Accounts(folder, configuration, passphrase: try passphrase.passphrase()).signer(options.from)
        try Inquiry.requireReachable(configuration, folder)
        let inquiry = Inquiry(configuration)
        let service = Service.name(.collector, chain: chain.id)
        guard case .account(let view)?? = try inquiry.ask([(service, .account(signer.publicKey))]).first else { throw Inquiry.silence }
        guard view.exists else { throw Failure(.usage, "\(options.from) has no account on \(chain.id)", "See: concordat balance \(options.from)") }
        let order = StakeOrder(
            kind, chain: chain.id, network: configuration.network.id, node: options.node, amount: amount, nonce: view.nonceBase, signer: signer)
        let transaction = Transaction(kind == .bond ? .bond(order) : .unbond(order), chain: chain.id, network: configuration.network.id)
        guard case .submit(let result)?? = try inquiry.ask([(service, .submit(transaction.bytes))]).first else { throw Inquiry.silence }
        if let reason = result.rejection { return try tell(transaction, "refused", reason.code, 0, .failed) }
        try follow(transaction, chain.id, inquiry)
    }

    private func follow(_ transaction: Transaction, _ chain: ChainID, _ inquiry: Inquiry) throws {
        let end = BusClock.now().monotonicMilliseconds + StakeOrdering.waitMilliseconds
        while BusClock.now().monotonicMilliseconds < end {
            if let status = try inquiry.standings(of: transaction.id).first(where: { $0.chain == chain })?.status {
                if status.state == .final { return try tell(transaction, "final", "", status.height, nil) }
                if status.state == .rejected { return try tell(transaction, "rejected", status.reason?.code ?? "", status.height, .failed) }
            }
            Thread.sleep(forTimeInterval: 0.2)
        }
        try tell(transaction, "open", "", 0, .degraded)
    }

    private func tell(_ transaction: Transaction, _ outcome: String, _ reason: String, _ height: UInt64, _ code: Failure.Code?) throws {
        struct Report: Encodable { var id: String, outcome: String, reason: String, height: UInt64 }
        if common.json {
            Console.print(JSONText.line(Report(id: transaction.id.hex, outcome: outcome, reason: reason, height: height)))
        } else {
            Console.print("\(outcome)\(reason.isEmpty ? "" : " (\(reason))")  \(transaction.id.hex)\(height > 0 ? "  block \(height)" : "")")
        }
        if let code { throw ExitCode(code.rawValue) }
    }
}
