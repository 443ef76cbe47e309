import ArgumentParser
import Foundation
import Runtime
import WalletDesk
import Wire

/// Operators' word that a chain leaves the network (J-7): of more than two thirds of its own nodes, and of a quorum of the notaries.
struct ChainLeaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Want, as a node of the chain or as a notary, a chain to leave the network, for good.",
        discussion: """
            Example:
              concordat chain leave gamma --node gamma-1
              concordat chain leave gamma --notary notary-1
            It leaves once more than two thirds of its own nodes and a quorum of the notaries want it, and everything it made final is recorded. Its last
            recorded block is its end: nothing final is lost, what other chains hold for it comes back, nothing can be sent to it any more, and no chain of
            its name joins again. It has to be paused first, for 16 notary blocks (concordat brakes pause --chain CHAIN). What it still holds for payments
            under way, and value that crossed a peg with it, stays where it is: so this refuses while there is any, unless you say --abandon.
            Exit codes: 0 the word is taken, 1 refused, 64 no such chain, node or notary, 69 no recorder answers, 78 the key is not here.
            """)

    @Argument(help: "The chain.")
    var chain: String

    @Option(help: "The node of the chain whose operator you are; its key is in the folder.")
    var node: String?

    @Option(help: "The notary whose operator you are; its key is in the folder.")
    var notary: String?

    @Flag(help: "Leave value where it is: what the chain holds is never paid or given back, and what crossed a peg with it is never paid out.")
    var abandon = false

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (node == nil) != (notary == nil) else { throw ValidationError("Say whose word it is: --node NODE of the chain, or --notary NOTARY.") }
    }

    func run() throws {
        let inquiry = try ChainInquiry(common)
        let state = try inquiry.state(of: chain)
        if let notary { try inquiry.requireNotary(notary) }
        if let node {
            let nodes = inquiry.configuration.network.chain(state.chain)?.nodes.map(\.id) ?? []
            guard nodes.contains(node) else {
                throw Failure(.usage, "\(node) is no node of \(chain)", "Use one of: \(nodes.joined(separator: ", ")).")
            }
        }
        if !state.frozen { try requirePaused(state.chain, inquiry) }
        if !abandon {
            try requireNothingHeld(state, inquiry)
            try requireNothingAcross(state.chain, inquiry)
        }
        guard let member = node ?? notary else { preconditionFailure("validated") }
        ChainRow.show([try inquiry.handIn(.leave, state, by: member, passphrase: passphrase.passphrase())], json: common.json)
    }

    /// Refuses while new business with the chain goes on.
    private func requirePaused(_ chain: ChainID, _ inquiry: ChainInquiry) throws {
        let pause = try BrakeDesk(inquiry.inquiry).pauses().first { $0.target == .chain(chain) }
        guard pause?.level == .paused else {
            throw Failure(.failed, "new business with \(chain) goes on", "Stop it first: concordat brakes pause --chain \(chain) --notary NOTARY")
        }
    }

    /// Refuses while the chain holds value for payments under way: only its own blocks can pay or give that back.
    private func requireNothingHeld(_ state: ChainState, _ inquiry: ChainInquiry) throws {
        // A frozen chain makes none.
        if state.frozen { return }
        let chain = state.chain
        let services = (inquiry.configuration.network.chain(chain)?.nodes ?? []).map { Service.name(.collector, chain: chain, node: $0.id) }
        let views = try inquiry.inquiry.ask(services.map { ($0, .brakes) }).compactMap { answer -> BrakeView? in
            if case .brakes(let view)? = answer { view } else { nil }
        }
        guard let view = views.max(by: { $0.height < $1.height }) else {
            throw Failure(
                .failed, "no collector of \(chain) says what it holds for payments under way", "Start one: concordat up. Or say --abandon to leave what there is.")
        }
        guard view.held.isEmpty else {
            let held = view.held.map { "\($0.amount) \($0.asset)" }.joined(separator: ", ")
            throw Failure(
                .failed, "\(chain) holds \(held) for payments under way",
                "They settle or come back by themselves, at their deadlines at the latest: try again then, or say --abandon to leave it.")
        }
    }

    /// Refuses while a peg with the chain holds value on one side for what is out on the other.
    private func requireNothingAcross(_ chain: ChainID, _ inquiry: ChainInquiry) throws {
        let desk = BridgeDesk(inquiry.inquiry)
        let gone = try inquiry.states().filter(\.left).map(\.chain)
        // A peg whose other chain has left is beyond help.
        for peg in try desk.pegs() where [peg.first.chain, peg.second.chain].contains(chain) && !gone.contains(peg.first.chain) && !gone.contains(peg.second.chain) {
            let way = "Have it redeemed first (concordat bridge status), or say --abandon to give it up."
            let standing: BridgeDesk.Standing
            do { standing = try desk.standing(of: peg) } catch {
                throw Failure(.failed, "nobody can say what the peg \(peg.id) with \(chain) holds: \(error)", way)
            }
            guard standing.main.lane > 0 || standing.outstanding > 0 else { continue }
            throw Failure(
                .failed,
                "the peg \(peg.id) has \(standing.main.lane) of \(peg.first.asset) in custody on \(peg.first.chain), and \(standing.outstanding) of "
                    + "\(peg.second.asset) are out on \(peg.second.chain)", way)
        }
    }
}
