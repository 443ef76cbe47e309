import Cryptography
import Runtime
import WalletShell
import Wire

/// Asks services of a network a question each, and waits for the answers. One thread owns it.
package final class Inquiry {
    /// How long answers are waited for.
    package struct Patience: Sendable {
        /// The whole time of one question.
        package var timeoutMilliseconds: UInt64
        /// Other answers are waited for so long after the first one; nil for as long as the first.
        package var othersMilliseconds: UInt64?
        /// A service that was waited for in vain is left out for so long, as long as another is asked too; nil to ask always.
        package var silenceMilliseconds: UInt64?

        package init(timeoutMilliseconds: UInt64, othersMilliseconds: UInt64? = nil, silenceMilliseconds: UInt64? = nil) {
            self.timeoutMilliseconds = timeoutMilliseconds
            self.othersMilliseconds = othersMilliseconds
            self.silenceMilliseconds = silenceMilliseconds
        }

        /// A command's: it is worth its while to hear all.
        package static let command = Patience(timeoutMilliseconds: 3_000)
    }

    package let configuration: NetworkConfiguration
    private let connections: WalletConnections
    private let patience: Patience
    private var lastCall: UInt64 = 0
    /// Services that were waited for in vain, and until when they are left out.
    private var silent: [String: UInt64] = [:]
    /// When whoever asks must have an answer, by the monotonic clock: nothing is asked after that.
    package var endMilliseconds: UInt64?

    /// - Parameter context: shared by several that are on threads of their own; nil for one of its own.
    package init(_ configuration: NetworkConfiguration, patience: Patience = .command, context: ZMQContext? = nil) {
        self.configuration = configuration
        self.patience = patience
        connections = WalletConnections(configuration, context: context)
    }

    /// - Returns: an answer a question, nil where none came.
    package func ask(_ questions: [(service: String, request: Request)]) throws -> [Response?] {
        let begin = BusClock.now().monotonicMilliseconds
        let timeout = min(patience.timeoutMilliseconds, endMilliseconds.map { $0 > begin ? $0 - begin : 0 } ?? .max)
        guard timeout > 0 else { throw Inquiry.late }
        let first = lastCall + 1
        let asked = questions.map { (silent[$0.service] ?? 0) <= begin }
        let asksAll = !asked.contains(true)
        var waiting: Set<UInt64> = []
        for (question, isAsked) in zip(questions, asked) {
            lastCall += 1
            guard isAsked || asksAll else { continue }
            try connections.request(call: lastCall, service: question.service, question.request, timeoutMilliseconds: timeout)
            waiting.insert(lastCall)
        }
        var answers = [Response?](repeating: nil, count: questions.count)
        var othersEnd: UInt64?
        while !waiting.isEmpty, othersEnd.map({ BusClock.now().monotonicMilliseconds < $0 }) ?? true {
            for event in try connections.receive(waitMilliseconds: 50) {
                switch event {
                case .answered(let call, let response) where waiting.remove(call) != nil:
                    answers[Int(call - first)] = response
                    silent[questions[Int(call - first)].service] = nil
                    if othersEnd == nil, let others = patience.othersMilliseconds { othersEnd = BusClock.now().monotonicMilliseconds + others }
                case .unanswered(let call) where waiting.remove(call) != nil: leaveOut(questions[Int(call - first)].service)
                case .answered, .unanswered, .noticed, .reconnected: continue
                }
            }
        }
        for call in waiting { leaveOut(questions[Int(call - first)].service) }
        return answers
    }

    private func leaveOut(_ service: String) {
        guard let silence = patience.silenceMilliseconds else { return }
        silent[service] = BusClock.now().monotonicMilliseconds + silence
    }

    /// Keeps the connections alive while there is nothing to ask; call it now and then.
    package func idle() throws { _ = try connections.receive(waitMilliseconds: 0) }

    /// Hands something to a chain's collectors, one after the other: one that takes it is enough.
    ///
    /// - Returns: why the last one that answered refused; nil when one took it.
    /// - Throws: when none answers.
    package func handIn(_ request: Request, to chain: ChainID) throws -> (reason: Reason, detail: String)? {
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
    package func withdraw(_ cross: CrossTransaction, by initiator: Signer) throws -> (reason: Reason, detail: String)? {
        let network = configuration.network.id
        let authorization = Authorization(key: initiator.publicKey, signature: initiator.sign(.cancel, network: network, cross.xid.bytes))
        let cancel = Transaction(.cancel(Cancel(cross: cross, authorization: authorization)), chain: cross.decidingChain, network: network)
        return try handIn(.submit(cancel.bytes), to: cross.decidingChain)
    }

    /// Every node's collector of every sub-chain.
    package var collectors: [(chain: ChainID, service: String)] {
        configuration.network.chains.flatMap { chain in
            chain.nodes.map { (chain.id, Service.name(.collector, chain: chain.id, node: $0.id)) }
        }
    }

    /// What the collectors know of a transaction, chain by chain: the furthest that any of them has seen.
    /// - Throws: when none answers at all.
    package func standings(of id: Digest) throws -> [(chain: ChainID, status: Status)] {
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

    package static let late = Failure(.timedOut, "the network has not answered in time", "Try again; see how the network is: concordat status")
    package static let silence = Failure(.unreachable, "no collector answers", "See how the network is: concordat status. Start it: concordat up")
}

extension Status.State {
    /// Later states are greater; of two collectors the one that has seen more is believed.
    package var progress: Int {
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
