import Cryptography
import Wire

/// What has passed one way under a contract, as the oracles count it: what is owed to the bucket, times the window, in 128 bits.
struct ReplayFlow: Sendable {
    var used: UInt64 = 0
    var rest: UInt64 = 0
    var time: UInt64 = 0
    var over: UInt64 = 0
    var early: UInt64 = 0

    func owed(at now: UInt64, _ cap: SideBrakes.Cap) -> UInt128 {
        let window = UInt128(cap.windowMilliseconds)
        guard used > 0 else { return 0 }
        let owed = UInt128(used) * window - UInt128(min(rest, cap.windowMilliseconds - 1))
        let back = now > time ? UInt128(now - time) * UInt128(cap.amount) : 0
        return back >= owed ? 0 : owed - back
    }

    func used(at now: UInt64, _ cap: SideBrakes.Cap) -> UInt128 {
        (owed(at: now, cap) + UInt128(cap.windowMilliseconds) - 1) / UInt128(cap.windowMilliseconds)
    }

    mutating func add(_ amount: UInt64, at now: UInt64, _ cap: SideBrakes.Cap) {
        let owed = owed(at: now, cap)
        let units = used(at: now, cap)
        rest = UInt64(units * UInt128(cap.windowMilliseconds) - owed)
        used = UInt64(min(units + UInt128(amount), UInt128(UInt64.max)))
        time = max(time, now)
    }

    var bytes: [UInt8] { [used, rest, time, over, early].flatMap { CertificateOracle.number($0) } }
}

/// Both ways.
struct ReplayFlows: Sendable {
    let contract: String
    let asset: AssetID
    var into = ReplayFlow()
    var out = ReplayFlow()
}

extension ReplayState {
    fileprivate func flows(_ contract: String, _ asset: AssetID) -> ReplayFlows {
        flows.first { $0.contract == contract && $0.asset == asset } ?? ReplayFlows(contract: contract, asset: asset)
    }

    fileprivate mutating func set(_ changed: ReplayFlows) {
        flows.removeAll { $0.contract == changed.contract && $0.asset == changed.asset }
        flows.append(changed)
        let name = ReplayBridge.padded(changed.contract) + ReplayEntry.padded(changed.asset)
        write(name + changed.into.bytes + changed.out.bytes, kind: "state-meter", name: name)
    }
}

/// Brakes worked out anew: which of a contract's versions brakes count, what fits, and what has to wait.
extension ReplayOracle {
    /// How a payment meets them.
    enum BrakeStep {
        case enters(deadline: UInt64?)
        case leaves(since: UInt64)
        case appears(since: UInt64)

        var isEntering: Bool {
            if case .enters = self { true } else { false }
        }
    }

    /// What the brakes of a chain do to a payment.
    struct BrakeFinding {
        /// True reasons to refuse it, or to put it off.
        var reasons: [Reason] = []
        fileprivate var changed: ReplayFlows?
        fileprivate var isWatched = false
        fileprivate var isBraked = false
    }

    private func brakes(of contract: Contract, _ state: ReplayState) -> ContractBrakes {
        let rivals = (network.contracts + state.contracts.map(\.terms)).filter { other in
            other.id == contract.id && [other.first.chain, other.second.chain] == [contract.first.chain, contract.second.chain]
                && [other.first.asset, other.second.asset] == [contract.first.asset, contract.second.asset]
        }
        return (rivals.max { $0.version < $1.version } ?? contract).brakes
    }

    /// The contract of an exchange, and its amounts on both sides.
    func braked(_ cross: CrossTransaction, _ state: ReplayState) -> (contract: Contract, amounts: (UInt64, UInt64))? {
        let known = network.contracts + state.contracts.map(\.terms)
        guard !ReplayTerms.isAgreement(cross), let contract = known.first(where: { $0.id == cross.contract && $0.version == cross.contractVersion }) else { return nil }
        func amount(_ chain: ChainID) -> UInt64 { cross.legs.first { $0.chain == chain }?.amount ?? 0 }
        return (contract, (amount(contract.first.chain), amount(contract.second.chain)))
    }

    /// What the brakes on a chain say at a block's time.
    func brake(_ contract: Contract, _ amounts: (UInt64, UInt64), _ step: BrakeStep, _ state: ReplayState, at time: UInt64) -> BrakeFinding {
        var finding = BrakeFinding()
        let brakes = brakes(of: contract, state)
        var (enforced, observed): (UInt64, UInt64) = (0, 0)
        for (delay, amount) in [(brakes.first?.delay, amounts.0), (brakes.second?.delay, amounts.1)] {
            guard let delay, delay.amount <= amount else { continue }
            if delay.isObserved { observed = max(observed, delay.milliseconds) } else { enforced = max(enforced, delay.milliseconds) }
        }
        finding.isBraked = enforced > 0
        var isEarly = false
        switch step {
        case .enters(let deadline):
            if let deadline, deadline > time {
                if enforced > 0, time + enforced >= deadline { finding.reasons.append(.deadlineTooNear) }
                isEarly = observed > 0 && time + observed >= deadline
            }
        case .leaves(let since), .appears(let since):
            if enforced > 0, time < since + enforced { finding.reasons.append(.delayed) }
            isEarly = observed > 0 && time < since + observed
        }
        guard state.chain == contract.first.chain || state.chain == contract.second.chain else { return finding }
        let isFirst = contract.first.chain == state.chain
        let (side, amount, cap) = isFirst ? (contract.first, amounts.0, brakes.first?.cap) : (contract.second, amounts.1, brakes.second?.cap)
        var flows = state.flows(contract.id, side.asset)
        var flow = step.isEntering ? flows.into : flows.out
        if isEarly { flow.early += 1 }
        if let cap {
            let used = flow.used(at: time, cap)
            let isOver: Bool
            if case .appears = step { isOver = used >= UInt128(cap.amount) } else { isOver = used + UInt128(amount) > UInt128(cap.amount) }
            if isOver, !cap.isObserved { finding.reasons.append(.capReached) }
            if isOver, cap.isObserved { flow.over += 1 }
            if !(isOver && cap.isObserved && step.isEntering) { flow.add(amount, at: time, cap) }
            finding.isBraked = finding.isBraked || !cap.isObserved
            finding.isWatched = isOver && cap.isObserved
        }
        finding.isWatched = finding.isWatched || isEarly
        if step.isEntering { flows.into = flow } else { flows.out = flow }
        if cap != nil || isEarly { finding.changed = flows }
        return finding
    }

    /// A payment has passed.
    mutating func pass(_ finding: BrakeFinding?, _ state: inout ReplayState) {
        guard let finding else { return }
        if let changed = finding.changed { state.set(changed) }
        if finding.isBraked { counted.add(.passedBrake) }
        if finding.isWatched { counted.add(.watchedByBrake) }
    }
}
