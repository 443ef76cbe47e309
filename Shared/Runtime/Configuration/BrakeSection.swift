import Wire

/// The parts `cap` and `delay` of a contract's side (docs/network.md, Brakes).
enum BrakeSection {
    /// Keys of a side that concern them.
    static let keys = ["cap", "delay"]

    /// The brakes of both sides.
    static func read(_ sides: [DocumentField]) throws(NetworkFileFault) -> ContractBrakes {
        ContractBrakes(first: try side(sides[0]), second: try side(sides[1]))
    }

    private static func side(_ field: DocumentField) throws(NetworkFileFault) -> SideBrakes? {
        let section = try field.mapping(["chain", "asset", "reserve"] + keys)
        var cap: SideBrakes.Cap?
        var delay: SideBrakes.Delay?
        if let field = section.optional("cap") {
            let part = try field.mapping(["amount", "window_milliseconds", "mode"])
            let amount = try amount(part, "a cap of 0 lets nothing through", "To stop a contract, pause it: concordat brakes pause.")
            let window = try part.required("window_milliseconds").number(1...Limits.capWindowMilliseconds)
            cap = SideBrakes.Cap(amount: amount, windowMilliseconds: window, isObserved: try isObserved(part))
        }
        if let field = section.optional("delay") {
            let part = try field.mapping(["amount", "milliseconds", "mode"])
            let amount = try amount(part, "no amount is below 0", "Name the amount from which on payments wait, at least 1.")
            delay = SideBrakes.Delay(
                amount: amount, milliseconds: try part.required("milliseconds").number(1...Limits.delayMilliseconds), isObserved: try isObserved(part))
        }
        return SideBrakes(cap: cap, delay: delay)
    }

    private static func amount(_ part: DocumentMapping, _ problem: String, _ advice: String) throws(NetworkFileFault) -> Amount {
        let field = try part.required("amount")
        let amount = try field.number(0...UInt64.max)
        guard amount > 0 else { throw field.fault(problem, advice) }
        return amount
    }

    private static func isObserved(_ part: DocumentMapping) throws(NetworkFileFault) -> Bool {
        guard let field = part.optional("mode") else { return false }
        switch try field.text() {
        case "enforced": return false
        case "observed": return true
        case let other: throw field.fault("there is no mode \(other)", "Use enforced, or observed to count only what would be refused.")
        }
    }

    /// As it stands behind a side's other keys.
    static func text(of brakes: SideBrakes?) -> String {
        func mode(_ isObserved: Bool) -> String { isObserved ? ", mode: observed" : "" }
        let cap = brakes?.cap.map { ", cap: { amount: \($0.amount), window_milliseconds: \($0.windowMilliseconds)\(mode($0.isObserved)) }" }
        let delay = brakes?.delay.map { ", delay: { amount: \($0.amount), milliseconds: \($0.milliseconds)\(mode($0.isObserved)) }" }
        return (cap ?? "") + (delay ?? "")
    }
}

/// What is odd about a contract's brakes.
enum BrakeFindings {
    /// Below it a delay is hardly longer than a payment takes anyway.
    private static let shortestDelayMilliseconds: UInt64 = 2_000

    static func all(_ contract: Contract) -> [ContractFile.Finding] {
        [(contract.first, contract.brakes.first), (contract.second, contract.brakes.second)].flatMap { side, brakes in
            (brakes?.cap.map { findings($0, side, contract) } ?? []) + (brakes?.delay.map { findings($0, side, contract) } ?? [])
        }
    }

    private static func findings(_ cap: SideBrakes.Cap, _ side: ContractSide, _ contract: Contract) -> [ContractFile.Finding] {
        if cap.amount < contract.minimumAmount {
            return [
                ContractFile.Finding(
                    isFatal: !cap.isObserved, problem: "the cap of \(cap.amount) \(side.asset) is below the minimum \(contract.minimumAmount): nothing could be paid on \(side.chain)",
                    advice: "Raise the cap, or lower the minimum.")
            ]
        }
        if cap.amount < contract.maximumAmount {
            return [
                ContractFile.Finding(
                    isFatal: false, problem: "payments above \(cap.amount) \(side.asset) will be refused by the cap, though the maximum is \(contract.maximumAmount)",
                    advice: "Lower the maximum to the cap, so that payers know before they try.")
            ]
        }
        return []
    }

    private static func findings(_ delay: SideBrakes.Delay, _ side: ContractSide, _ contract: Contract) -> [ContractFile.Finding] {
        var findings: [ContractFile.Finding] = []
        if delay.amount > contract.maximumAmount {
            findings.append(
                ContractFile.Finding(
                    isFatal: false, problem: "no payment reaches the \(delay.amount) \(side.asset) from which on it would be delayed on \(side.chain)",
                    advice: "Lower the delay's amount below the maximum \(contract.maximumAmount)."))
        }
        if delay.milliseconds < shortestDelayMilliseconds {
            findings.append(
                ContractFile.Finding(
                    isFatal: false, problem: "a delay of \(delay.milliseconds) ms leaves nobody time to look", advice: "Payments take about a second anyway: give people minutes."))
        }
        if contract.peg == nil, !delay.isObserved, contract.deadlineMaximumMilliseconds - delay.milliseconds < shortestDelayMilliseconds * 2 {
            findings.append(
                ContractFile.Finding(
                    isFatal: false, problem: "after the delay of \(delay.milliseconds) ms, at most \(contract.deadlineMaximumMilliseconds - delay.milliseconds) ms are left until the deadline",
                    advice: "Let receivers have longer."))
        }
        return findings
    }
}
