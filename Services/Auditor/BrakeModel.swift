import Schema

/// What slows value down on one side of a contract, in the auditor's own words (docs/protocol.md, G-1 to G-4).
struct BrakeModel: Sendable, Equatable {
    /// `limit` a `window`, from `limit` on `wait`, or nothing where it is 0; each only counted where it is observed.
    var limit: UInt64 = 0
    var window: UInt64 = 0
    var isLimitObserved = false
    var threshold: UInt64 = 0
    var wait: UInt64 = 0
    var isWaitObserved = false

    init() {}

    /// Nil for numbers that make no sense.
    init?(_ message: PBSideBrakes) {
        guard message.hasCap || message.hasDelay else { return nil }
        if message.hasCap {
            (limit, window, isLimitObserved) = (message.cap.amount, message.cap.windowMilliseconds, message.cap.observed)
            guard isLimitSensible else { return nil }
        }
        if message.hasDelay {
            (threshold, wait, isWaitObserved) = (message.delay.amount, message.delay.milliseconds, message.delay.observed)
            guard isWaitSensible else { return nil }
        }
    }

    var isLimitSensible: Bool { limit > 0 && (1...AuditLimits.capWindowMilliseconds).contains(window) }
    var isWaitSensible: Bool { threshold > 0 && (1...AuditLimits.delayMilliseconds).contains(wait) }
    var isNothing: Bool { limit == 0 && threshold == 0 }
}

/// What has passed one way, and what brakes that only watch would have done.
struct FlowModel: Sendable, Equatable {
    var used: UInt64 = 0
    /// Of what has come back, the part below one unit, times the window.
    var rest: UInt64 = 0
    var time: UInt64 = 0
    var over: UInt64 = 0
    var early: UInt64 = 0

    /// As it is at a later time under a limit.
    func later(_ now: UInt64, _ brake: BrakeModel) -> (used: UInt128, rest: UInt64) {
        if used == 0 { return (0, 0) }
        let kept = UInt128(min(rest, brake.window - 1))
        let gained = now > time ? UInt128(now - time) * UInt128(brake.limit) + kept : kept
        let whole = gained / UInt128(brake.window)
        return whole >= UInt128(used) ? (0, 0) : (UInt128(used) - whole, UInt64(gained % UInt128(brake.window)))
    }

    mutating func add(_ amount: UInt64, _ now: UInt64, _ brake: BrakeModel) {
        let (before, left) = later(now, brake)
        used = UInt64(min(before + UInt128(amount), UInt128(UInt64.max)))
        rest = left
        time = max(time, now)
    }

    var encoded: Bytes { [used, rest, time, over, early].flatMap { Layout.number($0) } }
}

/// Flows under one contract in one asset.
struct FlowsModel: Sendable, Equatable {
    var into = FlowModel()
    var out = FlowModel()
}

/// How a payment meets the brakes.
enum BrakeStep {
    /// It is refused for good when it does not fit.
    case enters
    /// It has to wait until it fits.
    case leaves
    /// It has to wait until there is any room.
    case appears
}

extension LedgerModel {
    /// The sides whose brakes count for a contract here: of the newest version between the same assets.
    func braked(_ contract: AuditContract) -> [AuditContract.Side] {
        let names = contract.sides.map { [$0.chain, $0.asset] }
        let rivals = (network.contracts + contracts.values.map(\.model.contract)).filter {
            $0.id == contract.id && $0.sides.map { [$0.chain, $0.asset] } == names
        }
        return (rivals.max { $0.version < $1.version } ?? contract).sides
    }

    /// What an amount on each side has to wait for.
    private func waits(_ sides: [AuditContract.Side], _ amounts: [UInt64]) -> (enforced: UInt64, observed: UInt64) {
        var (enforced, observed): (UInt64, UInt64) = (0, 0)
        for (side, amount) in zip(sides, amounts) where side.brake.threshold > 0 && amount >= side.brake.threshold {
            if side.brake.isWaitObserved { observed = max(observed, side.brake.wait) } else { enforced = max(enforced, side.brake.wait) }
        }
        return (enforced, observed)
    }

    /// Whether brakes stop a payment.
    ///
    /// - Parameter begun: chain time since which it waits; for what enters, the deadline it has, if any.
    /// - Returns: nil when it passes; else the rejection that a payment gets that enters, with why.
    func brakeFault(_ contract: AuditContract, _ amounts: [UInt64], _ step: BrakeStep, since begun: UInt64?) -> (UInt8, String)? {
        let sides = braked(contract)
        let wait = waits(sides, amounts).enforced
        if step != .enters, let begun, wait > 0, time < begun || time - begun < wait { return (0, "is decided before its delay of \(wait) ms has passed (G-3)") }
        guard let place = sides.firstIndex(where: { $0.chain == chain.id }) else { return nil }
        let brake = sides[place].brake
        guard brake.limit > 0, !brake.isLimitObserved, !fits(contract.id, sides[place], amounts[place], step) else { return nil }
        return (RejectionNumber.capReached, "passes though its cap of \(brake.limit) is used up (G-2)")
    }

    /// Whether a deadline leaves no room for the delay.
    func isTooNear(_ deadline: UInt64, _ contract: AuditContract, _ amounts: [UInt64]) -> Bool {
        let wait = waits(braked(contract), amounts).enforced
        return wait > 0 && deadline - time <= wait
    }

    /// Counts a payment that has passed.
    ///
    /// - Parameter remaining: what is left until its deadline, or what it has waited for: less than an observed delay counts as early.
    mutating func flow(_ contract: AuditContract, _ amounts: [UInt64], _ step: BrakeStep, remaining: UInt64?) {
        let sides = braked(contract)
        guard let place = sides.firstIndex(where: { $0.chain == chain.id }) else { return }
        let (side, amount) = (sides[place], amounts[place])
        let observed = waits(sides, amounts).observed
        let isEarly = observed > 0 && (remaining.map { step == .enters ? $0 <= observed : $0 < observed } ?? false)
        guard side.brake.limit > 0 || isEarly else { return }
        let isOver = side.brake.limit > 0 && !fits(contract.id, side, amount, step)
        var flows = self.flows[Layout.padded(contract.id) + Layout.padded(side.asset)] ?? FlowsModel()
        var changed = step == .enters ? flows.into : flows.out
        if isEarly { changed.early += 1 }
        if isOver && side.brake.isLimitObserved { changed.over += 1 }
        let isCounted = side.brake.limit > 0 && !(isOver && side.brake.isLimitObserved && step == .enters)
        if isCounted { changed.add(amount, time, side.brake) }
        if step == .enters { flows.into = changed } else { flows.out = changed }
        write(flows, of: contract.id, side.asset)
    }

    private func fits(_ contract: String, _ side: AuditContract.Side, _ amount: UInt64, _ step: BrakeStep) -> Bool {
        let flows = self.flows[Layout.padded(contract) + Layout.padded(side.asset)] ?? FlowsModel()
        let limit = UInt128(side.brake.limit)
        let used = (step == .enters ? flows.into : flows.out).later(time, side.brake).used
        return step == .appears ? used < limit : used + UInt128(amount) <= limit
    }

    /// The amounts of an exchange on a contract's two sides.
    func amounts(_ cross: ParsedCross, _ contract: AuditContract) -> [UInt64] {
        contract.sides.map { side in cross.legs.first { $0.chain == side.chain }?.amount ?? 0 }
    }
}
