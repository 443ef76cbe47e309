import Crypto
import Determinism
import Runtime
import WalletCore
import Wire

/// Runs a wallet's core over real connections until all its payments have ended.
package final class WalletDriver {
    private var core: Wallet
    private let connections: WalletConnections

    package init(_ configuration: NetworkConfiguration, options: Wallet.Options) {
        core = Wallet(network: configuration.network, options: options)
        connections = WalletConnections(configuration)
    }

    /// The signed form of a payment; nil before it is signed.
    package func signed(_ key: PaymentKey) -> SignedPayment? { core.signed(key) }
    package var isIdle: Bool { core.isIdle }
    package var openCount: Int { core.activeCount + core.queuedCount }

    /// Hands a fact to the core; what it marks, ends and proves goes to `tell`.
    package func apply(_ input: WalletInput, tell: (WalletEffect) -> Void) throws {
        for effect in core.apply(input, at: BusClock.now()) {
            if case .request(let call, let service, let request, let timeout) = effect {
                try connections.request(call: call, service: service, request, timeoutMilliseconds: timeout)
            } else {
                tell(effect)
            }
        }
    }

    /// One round: waits a little, takes what has come, and lets due things happen.
    package func turn(tell: (WalletEffect) -> Void) throws {
        let now = BusClock.now().monotonicMilliseconds
        let wait = core.nextMilliseconds.map { $0 > now ? Int(min($0 - now, 100)) : 0 } ?? 100
        for event in try connections.receive(waitMilliseconds: max(wait, 1)) {
            switch event {
            case .answered(let call, let response): try apply(.answered(call: call, response), tell: tell)
            case .unanswered(let call): try apply(.unanswered(call: call), tell: tell)
            case .noticed(let notice): try apply(.noticed(notice), tell: tell)
            case .reconnected: try apply(.reconnected, tell: tell)
            }
        }
        if let next = core.nextMilliseconds, next <= BusClock.now().monotonicMilliseconds { try apply(.tick, tell: tell) }
    }
}

/// Runs devices that answer by rules, until stopped.
package final class AgentDriver {
    private var core: AgentCore
    private let connections: WalletConnections

    package init(_ configuration: NetworkConfiguration, accounts: [Signer], rules: [AgentRule]) {
        core = AgentCore(network: configuration.network, accounts: accounts, rules: rules)
        connections = WalletConnections(configuration)
    }

    /// - Parameter answered: told of each leg that was answered or left alone.
    package func start(answered: (LegNotice, PublicKey, AgentRule.Action) -> Void) throws { try apply(.started, answered) }

    /// One round; call it again and again.
    package func turn(answered: (LegNotice, PublicKey, AgentRule.Action) -> Void) throws {
        let now = BusClock.now().monotonicMilliseconds
        let wait = core.nextMilliseconds.map { $0 > now ? Int(min($0 - now, 100)) : 0 } ?? 100
        for event in try connections.receive(waitMilliseconds: max(wait, 1)) {
            switch event {
            case .answered(let call, let response): try apply(.answered(call: call, response), answered)
            case .unanswered(let call): try apply(.unanswered(call: call), answered)
            case .noticed(let notice): try apply(.noticed(notice), answered)
            case .reconnected: try apply(.reconnected, answered)
            }
        }
        if let next = core.nextMilliseconds, next <= BusClock.now().monotonicMilliseconds { try apply(.tick, answered) }
    }

    private func apply(_ input: AgentInput, _ answered: (LegNotice, PublicKey, AgentRule.Action) -> Void) throws {
        for effect in core.apply(input, at: BusClock.now()) {
            switch effect {
            case .request(let call, let service, let request, let timeout):
                try connections.request(call: call, service: service, request, timeoutMilliseconds: timeout)
            case .answered(let notice, let account, let action): answered(notice, account, action)
            case .keep, .marked, .ended, .receipt: break
            }
        }
    }
}
