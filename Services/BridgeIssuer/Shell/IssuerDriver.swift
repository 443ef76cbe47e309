import Cryptography
import Determinism
import IssuerCore
import Runtime
import WalletShell
import Wire

/// Runs a peg's member over real connections.
package final class IssuerDriver {
    private var core: IssuerCore
    private let connections: WalletConnections

    package init(_ configuration: NetworkConfiguration, pegs: [Contract], signer: Signer) {
        core = IssuerCore(network: configuration.network, pegs: pegs, signer: signer)
        connections = WalletConnections(configuration)
    }

    /// Directions that this member attests in.
    package var laneCount: Int { core.laneCount }

    /// Orders found that have not appeared yet.
    package var openCount: Int { core.openCount }

    /// Whether both chains of every direction have answered once, and nothing found is left.
    package var isIdle: Bool { core.isIdle }

    /// Begins to look for orders.
    package func start(tell: (IssuerEffect) -> Void) throws { try apply(.started, tell) }

    /// One round; call it again and again.
    package func turn(tell: (IssuerEffect) -> Void) throws {
        let now = BusClock.now().monotonicMilliseconds
        let wait = core.nextMilliseconds.map { $0 > now ? Int(min($0 - now, 100)) : 0 } ?? 100
        for event in try connections.receive(waitMilliseconds: max(wait, 1)) {
            switch event {
            case .answered(let call, let response): try apply(.answered(call: call, response), tell)
            case .unanswered(let call): try apply(.unanswered(call: call), tell)
            case .noticed, .reconnected: break
            }
        }
        if let next = core.nextMilliseconds, next <= BusClock.now().monotonicMilliseconds { try apply(.tick, tell) }
    }

    private func apply(_ input: IssuerInput, _ tell: (IssuerEffect) -> Void) throws {
        for effect in core.apply(input, at: BusClock.now()) {
            if case .request(let call, let service, let request, let timeout) = effect {
                try connections.request(call: call, service: service, request, timeoutMilliseconds: timeout)
            } else {
                tell(effect)
            }
        }
    }
}
