import Cryptography
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
    ///
    /// - Parameter tell: may throw: what the core ordered after that is then not carried out, so that nothing leaves that could not be kept.
    package func apply(_ input: WalletInput, tell: (WalletEffect) throws -> Void) throws { try apply([input], tell: tell) }

    /// Hands several facts to the core, tells all that it says to that, and only then sends what it asks.
    ///
    /// - Parameter beforeRequests: called when all is told and something is about to leave: what was told to be kept has to be on disk then.
    package func apply(_ inputs: [WalletInput], beforeRequests: () throws -> Void = {}, tell: (WalletEffect) throws -> Void) throws {
        let effects = inputs.flatMap { core.apply($0, at: BusClock.now()) }
        var hasRequests = false
        for effect in effects {
            if case .request = effect { hasRequests = true } else { try tell(effect) }
        }
        guard hasRequests else { return }
        try beforeRequests()
        for case .request(let call, let service, let request, let timeout) in effects {
            try connections.request(call: call, service: service, request, timeoutMilliseconds: timeout)
        }
    }

    /// One round: waits a little, takes what has come, and lets due things happen.
    package func turn(
        atMostMilliseconds longest: Int = 100, beforeRequests: () throws -> Void = {}, tell: (WalletEffect) throws -> Void
    ) throws {
        let now = BusClock.now().monotonicMilliseconds
        let wait = min(longest, core.nextMilliseconds.map { $0 > now ? Int(min($0 - now, 100)) : 0 } ?? 100)
        for event in try connections.receive(waitMilliseconds: max(wait, 1)) {
            let input: WalletInput =
                switch event {
                case .answered(let call, let response): .answered(call: call, response)
                case .unanswered(let call): .unanswered(call: call)
                case .noticed(let notice): .noticed(notice)
                case .reconnected: .reconnected
                }
            try apply([input], beforeRequests: beforeRequests, tell: tell)
        }
        if let next = core.nextMilliseconds, next <= BusClock.now().monotonicMilliseconds {
            try apply([.tick], beforeRequests: beforeRequests, tell: tell)
        }
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

    /// The answer to a leg that a rule left to whoever runs this.
    package func decide(_ notice: LegNotice, _ account: PublicKey, _ action: AgentRule.Action) throws {
        try apply(.decided(notice, account, action)) { _, _, _ in }
    }

    /// One round; call it again and again.
    package func turn(atMostMilliseconds longest: Int = 100, answered: (LegNotice, PublicKey, AgentRule.Action) -> Void) throws {
        let now = BusClock.now().monotonicMilliseconds
        let wait = min(longest, core.nextMilliseconds.map { $0 > now ? Int(min($0 - now, 100)) : 0 } ?? 100)
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
