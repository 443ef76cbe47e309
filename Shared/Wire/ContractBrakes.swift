import Schema

/// What slows value down on one side of a contract: at most so much within a window, and large amounts only after a while.
///
/// A brake in log-only mode (`isObserved`) refuses nothing; the chain's state counts what it would have refused.
package struct SideBrakes: Hashable, Sendable {
    /// A token bucket in chain time, for each direction on its own.
    package struct Cap: Hashable, Sendable {
        /// So much passes at once, in minor units of the side's asset, and as much again within the window.
        package let amount: Amount
        package let windowMilliseconds: UInt64
        package let isObserved: Bool

        /// Nil for an amount of 0, and for a window of 0 or beyond `Limits.capWindowMilliseconds`.
        package init?(amount: Amount, windowMilliseconds: UInt64, isObserved: Bool = false) {
            guard amount > 0, (1...Limits.capWindowMilliseconds).contains(windowMilliseconds) else { return nil }
            self.amount = amount
            self.windowMilliseconds = windowMilliseconds
            self.isObserved = isObserved
        }
    }

    /// What an amount waits for before it is decided.
    package struct Delay: Hashable, Sendable {
        /// From this amount on, in minor units of the side's asset.
        package let amount: Amount
        package let milliseconds: UInt64
        package let isObserved: Bool

        /// Nil for an amount of 0, and for no time or more than `Limits.delayMilliseconds`.
        package init?(amount: Amount, milliseconds: UInt64, isObserved: Bool = false) {
            guard amount > 0, (1...Limits.delayMilliseconds).contains(milliseconds) else { return nil }
            self.amount = amount
            self.milliseconds = milliseconds
            self.isObserved = isObserved
        }
    }

    package let cap: Cap?
    package let delay: Delay?

    /// Nil when there is neither.
    package init?(cap: Cap? = nil, delay: Delay? = nil) {
        guard cap != nil || delay != nil else { return nil }
        self.cap = cap
        self.delay = delay
    }

    init(_ message: PBSideBrakes, _ field: String) throws(WireFault) {
        let cap = Cap(amount: message.cap.amount, windowMilliseconds: message.cap.windowMilliseconds, isObserved: message.cap.observed)
        let delay = Delay(amount: message.delay.amount, milliseconds: message.delay.milliseconds, isObserved: message.delay.observed)
        guard (cap != nil) == message.hasCap, (delay != nil) == message.hasDelay, let brakes = SideBrakes(cap: cap, delay: delay) else {
            throw WireFault(.invalid, field)
        }
        self = brakes
    }

    var message: PBSideBrakes {
        var message = PBSideBrakes()
        if let cap {
            message.cap.amount = cap.amount
            message.cap.windowMilliseconds = cap.windowMilliseconds
            message.cap.observed = cap.isObserved
        }
        if let delay {
            message.delay.amount = delay.amount
            message.delay.milliseconds = delay.milliseconds
            message.delay.observed = delay.isObserved
        }
        return message
    }
}

/// The brakes of a contract's two sides.
package struct ContractBrakes: Hashable, Sendable {
    package var first: SideBrakes?
    package var second: SideBrakes?

    package init(first: SideBrakes? = nil, second: SideBrakes? = nil) {
        self.first = first
        self.second = second
    }

    package var isEmpty: Bool { first == nil && second == nil }

    /// The longest delay that refuses anything; 0 for none.
    package var longestDelayMilliseconds: UInt64 {
        [first?.delay, second?.delay].compactMap { $0 }.filter { !$0.isObserved }.map(\.milliseconds).max() ?? 0
    }

    /// What a payment of so much on each side waits for: the longest of the delays that its amounts reach.
    package func wait(first firstAmount: Amount, second secondAmount: Amount) -> BrakeWait {
        var wait = BrakeWait()
        for (side, amount) in [(first, firstAmount), (second, secondAmount)] {
            guard let delay = side?.delay, amount >= delay.amount else { continue }
            if delay.isObserved {
                wait.observedMilliseconds = max(wait.observedMilliseconds, delay.milliseconds)
            } else {
                wait.enforcedMilliseconds = max(wait.enforcedMilliseconds, delay.milliseconds)
            }
        }
        return wait
    }
}

/// How long a payment waits before it is decided.
package struct BrakeWait: Hashable, Sendable {
    package var enforcedMilliseconds: UInt64 = 0
    /// By delays in log-only mode.
    package var observedMilliseconds: UInt64 = 0
}

extension Contract {
    /// The same two sides, whatever their accounts: what one version's brakes say holds for the other, too.
    package func hasSides(of other: Contract) -> Bool {
        first.chain == other.first.chain && first.asset == other.first.asset && second.chain == other.second.chain && second.asset == other.second.asset
    }

    /// What an exchange under these terms waits for by some brakes, whichever side pays.
    package func wait(of cross: CrossTransaction, by brakes: ContractBrakes) -> BrakeWait {
        func amount(on chain: ChainID) -> Amount { cross.legs.first { $0.chain == chain }?.amount ?? 0 }
        return brakes.wait(first: amount(on: first.chain), second: amount(on: second.chain))
    }
}
