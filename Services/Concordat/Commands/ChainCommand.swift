import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import WalletShell
import Wire

/// How sub-chains stand on the notary chain, and operators' word to freeze or thaw one (R8), to let a new one join, or one leave (A16).
struct ChainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "See how the chains stand; make a new one; as an operator, admit, freeze or thaw one, or have one leave.",
        discussion: """
            Example:
              concordat chain status
              concordat chain freeze beta --notary notary-1
              concordat chain thaw beta --notary notary-1
              concordat chain new gamma
              concordat chain register gamma --notary notary-1
              concordat chain leave gamma --node gamma-1
            A chain is frozen once more notaries consent than may be faulty, and thawed once a quorum does. Money that other chains hold for a frozen
            chain comes back. A chain leaves, for good, when its own nodes and a quorum of notaries say so. docs/operations.md says when to do what.
            """,
        subcommands: [
            ChainStatusCommand.self, ChainFreezeCommand.self, ChainThawCommand.self, ChainNewCommand.self, ChainRegisterCommand.self,
            ChainLeaveCommand.self,
        ], defaultSubcommand: ChainStatusCommand.self)
}

/// What recorders say of the chains.
struct ChainInquiry {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    let inquiry: Inquiry

    init(_ common: CommonOptions) throws {
        folder = try common.folder
        configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        inquiry = Inquiry(configuration)
    }

    /// Asks every notary's recorder: per chain, the one that has read the most is believed.
    func states() throws -> [ChainState] {
        let questions = configuration.network.notary.listed.map { node -> (service: String, request: Request) in
            (Service.name(.recorder, chain: .notary, node: node.id), .chains)
        }
        var best: [ChainState] = []
        for case .chains(let states)? in try inquiry.ask(questions) {
            for state in states {
                guard let index = best.firstIndex(where: { $0.chain == state.chain }) else {
                    best.append(state)
                    continue
                }
                let (one, other) = (best[index], state)
                if (other.since, other.left ? 1 : 0, other.height) > (one.since, one.left ? 1 : 0, one.height) { best[index] = other }
            }
        }
        guard !best.isEmpty else {
            throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. Start it: concordat up")
        }
        return best.sorted { $0.chain < $1.chain }
    }

    /// How a chain that somebody names stands.
    func state(of chain: String) throws -> ChainState {
        guard let state = try states().first(where: { $0.chain.description == chain }) else {
            let names = configuration.network.chains.map(\.id.description)
            throw Failure(.usage, "there is no chain \(chain)", "Use one of: \(names.joined(separator: ", ")).")
        }
        guard !state.left else { throw Failure(.failed, "\(chain) has left the network", "See: concordat chain status") }
        return state
    }

    /// Signs one notary's consent and hands it in.
    func consent(to chain: String, frozen: Bool, by notary: String, passphrase: String?) throws -> ChainState {
        let state = try state(of: chain)
        try requireNotary(notary)
        guard state.frozen != frozen else {
            throw Failure(.failed, "\(chain) is \(state.frozen ? "frozen" : "not frozen") already", "See: concordat chain status")
        }
        return try handIn(frozen ? .freeze : .thaw, state, by: notary, passphrase: passphrase)
    }

    func requireNotary(_ notary: String) throws {
        let listed = configuration.network.notary.listed.map(\.id)
        guard listed.contains(notary) else { throw Failure(.usage, "\(notary) is no notary", "Use one of: \(listed.joined(separator: ", ")).") }
    }

    /// Signs what a notary, or one of the chain's nodes, wants of a chain, and hands it to a recorder: the notary's own, or else another one.
    func handIn(_ wish: ChainWish, _ state: ChainState, by member: String, passphrase: String?) throws -> ChainState {
        let network = configuration.network
        guard let path = folder.identityKeys(member).last else {
            throw Failure(.configuration, "the key of \(member) is not in \(folder.path)/keys", "Run this where \(member) runs, with --data.")
        }
        let signer = try KeyFile.readIdentity(path, passphrase: passphrase).signer
        let consent = Consent(chain: state.chain, wish: wish, since: state.since, network: network.id, signer: signer)
        let notaries = network.notary.listed.map(\.id)
        for node in notaries.filter({ $0 == member }) + notaries.filter({ $0 != member }) {
            let answer = try inquiry.ask([(Service.name(.recorder, chain: .notary, node: node), .consent(consent))]).first ?? nil
            switch answer {
            case .chains(let states)?: return states.first { $0.chain == state.chain } ?? state
            case .failure(let reason, let detail)? where reason != .notReady: throw Failure(.failed, detail, "See: concordat chain status")
            default: continue
            }
        }
        throw Failure(.unreachable, "no recorder takes the consent", "See how the network is: concordat status")
    }
}

struct ChainRow: Encodable {
    var chain: String
    var status: String
    var recorded_height: UInt64
    var recorded_hash: String
    var recorded_time_milliseconds: UInt64
    var since_notary_height: UInt64
    var consents: [String]
    var leavers: [String]

    init(_ state: ChainState) {
        chain = state.chain.description
        status = state.left ? "left" : state.frozen ? "frozen" : state.since > 0 ? "thawed" : "open"
        recorded_height = state.height
        recorded_hash = state.hash.hex
        recorded_time_milliseconds = state.time
        since_notary_height = state.since
        consents = state.consents
        leavers = state.leavers
    }

    static func show(_ states: [ChainState], json: Bool) {
        let rows = states.map(ChainRow.init)
        if json {
            Console.print(JSONText.line(rows))
        } else {
            let head = ["CHAIN", "STATUS", "RECORDED", "SINCE NOTARY BLOCK", "NOTARIES THAT WANT IT CHANGED", "WHO WANTS IT TO LEAVE"]
            let lines = rows.map {
                [$0.chain, $0.status, "\($0.recorded_height)", "\($0.since_notary_height)"]
                    + [$0.consents, $0.leavers].map { $0.isEmpty ? "-" : $0.joined(separator: ", ") }
            }
            for line in Table.lines([head] + lines) { Console.print(line) }
        }
    }
}

struct ChainStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how far each chain is recorded, and whether it is frozen or has left.",
        discussion: """
            Example:
              concordat chain status --json
            Exit codes: 0 no chain is frozen, 2 one is, 69 no recorder answers.
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let states = try ChainInquiry(common).states()
        ChainRow.show(states, json: common.json)
        if states.contains(where: { $0.frozen && !$0.left }) { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}

/// What freeze and thaw have in common.
struct ConsentOptions: ParsableArguments {
    @Argument(help: "The chain.")
    var chain: String

    @Option(help: "The notary whose operator you are; its key is in the folder.")
    var notary: String

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func run(frozen: Bool) throws {
        let state = try ChainInquiry(common).consent(to: chain, frozen: frozen, by: notary, passphrase: passphrase.passphrase())
        ChainRow.show([state], json: common.json)
    }
}

struct ChainFreezeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze", abstract: "Consent, as a notary, to freeze a chain at its recorded head.",
        discussion: """
            Example:
              concordat chain freeze beta --notary notary-1
            """)

    @OptionGroup var options: ConsentOptions

    func run() throws { try options.run(frozen: true) }
}

struct ChainThawCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thaw", abstract: "Consent, as a notary, to let a frozen chain go on from where it was frozen.",
        discussion: """
            Example:
              concordat chain thaw beta --notary notary-1
            """)

    @OptionGroup var options: ConsentOptions

    func run() throws { try options.run(frozen: false) }
}
