import Cryptography
import Foundation
import Runtime
import WalletShell
import Wire

/// Asks services of a network a question each, and waits for the answers.
final class Inquiry {
    let configuration: NetworkConfiguration
    private let connections: WalletConnections
    private var lastCall: UInt64 = 0

    static let timeoutMilliseconds: UInt64 = 3_000

    init(_ configuration: NetworkConfiguration) {
        self.configuration = configuration
        connections = WalletConnections(configuration)
    }

    /// - Returns: an answer a question, nil where none came.
    func ask(_ questions: [(service: String, request: Request)]) throws -> [Response?] {
        let first = lastCall + 1
        for question in questions {
            lastCall += 1
            try connections.request(
                call: lastCall, service: question.service, question.request, timeoutMilliseconds: Inquiry.timeoutMilliseconds)
        }
        var answers = [Response?](repeating: nil, count: questions.count)
        var open = questions.count
        while open > 0 {
            for event in try connections.receive(waitMilliseconds: 50) {
                switch event {
                case .answered(let call, let response) where call >= first:
                    answers[Int(call - first)] = response
                    open -= 1
                case .unanswered(let call) where call >= first: open -= 1
                case .answered, .unanswered, .noticed, .reconnected: continue
                }
            }
        }
        return answers
    }

    /// Hands something to a chain's collectors, one after the other: one that takes it is enough.
    ///
    /// - Returns: why the last one that answered refused; nil when one took it.
    /// - Throws: when none answers.
    func handIn(_ request: Request, to chain: ChainID) throws -> (reason: Reason, detail: String)? {
        var refusal: (reason: Reason, detail: String)?
        for node in configuration.network.chain(chain)?.nodes ?? [] {
            switch try ask([(Service.name(.collector, chain: chain, node: node.id), request)])[0] {
            case .submit(let result)?:
                guard let reason = result.rejection else { return nil }
                refusal = (reason, result.detail)
            case .failure(let reason, let detail)?: refusal = (reason, detail)
            default: continue
            }
        }
        guard let refusal else { throw Failure(.unreachable, "no collector of \(chain) answers", "See how the network is: concordat status") }
        return refusal
    }

    /// The initiator's cancellation, handed to the deciding chain.
    ///
    /// - Returns: why it was refused; nil when a collector took it.
    func withdraw(_ cross: CrossTransaction, by initiator: Signer) throws -> (reason: Reason, detail: String)? {
        let network = configuration.network.id
        let authorization = Authorization(key: initiator.publicKey, signature: initiator.sign(.cancel, network: network, cross.xid.bytes))
        let cancel = Transaction(.cancel(Cancel(cross: cross, authorization: authorization)), chain: cross.decidingChain, network: network)
        return try handIn(.submit(cancel.bytes), to: cross.decidingChain)
    }

    /// Every node's collector of every sub-chain.
    var collectors: [(chain: ChainID, service: String)] {
        configuration.network.chains.flatMap { chain in
            chain.nodes.map { (chain.id, Service.name(.collector, chain: chain.id, node: $0.id)) }
        }
    }

    /// What the collectors know of a transaction, chain by chain: the furthest that any of them has seen.
    /// - Throws: when none answers at all.
    func standings(of id: Digest) throws -> [(chain: ChainID, status: Status)] {
        let asked = collectors
        let answers = try ask(asked.map { ($0.service, .status(id)) })
        var standings: [(chain: ChainID, status: Status)] = []
        for (question, answer) in zip(asked, answers) {
            guard case .status(let status)? = answer else { continue }
            guard let position = standings.firstIndex(where: { $0.chain == question.chain }) else {
                standings.append((question.chain, status))
                continue
            }
            let known = standings[position].status
            let isFurther = status.state.progress > known.state.progress
            // Whoever holds it knows what it waits for.
            if isFurther || status.state == known.state && known.reason == nil { standings[position].status = status }
        }
        guard !standings.isEmpty else { throw Inquiry.silence }
        return standings
    }

    static let silence = Failure(.unreachable, "no collector answers", "See how the network is: concordat status. Start it: concordat up")

    /// Refuses at once when nothing of the network can be reached.
    static func requireReachable(_ configuration: NetworkConfiguration, _ folder: NetworkFolder) throws {
        let observer = Observer(configuration)
        let end = BusClock.now().monotonicMilliseconds + reachMilliseconds
        repeat {
            for site in configuration.sites where try observer.connection(site).waitUntilJoined(timeoutMilliseconds: turnMilliseconds) { return }
        } while BusClock.now().monotonicMilliseconds < end
        let doors = configuration.sites.map(\.endpoints.clients).joined(separator: ", ")
        throw Failure(.unreachable, "the network of \(folder.path) does not answer at \(doors)", "Start it: concordat up --data \(folder.path)")
    }

    private static let reachMilliseconds: UInt64 = 1_500
    /// How long one site is looked at before the next.
    private static let turnMilliseconds: UInt32 = 20
}

extension Status.State {
    /// Later states are greater; of two collectors the one that has seen more is believed.
    var progress: Int {
        switch self {
        case .unknown: 0
        case .pending: 1
        case .rejected: 2
        case .held: 3
        case .committed, .refused: 4
        case .final, .settled, .refunded: 5
        }
    }
}
