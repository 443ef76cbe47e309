import Schema

/// How a chain is mined, as `network.yaml` says.
struct AuditWork: Sendable {
    /// Milliseconds that a block should take.
    var interval: UInt64
    /// Hashes that every block takes on average, at least.
    var difficulty: UInt64
    var window: UInt64
    var confirmations: UInt64

    /// No target lies above this one.
    var easiest: UInt64 { max(UInt64.max / difficulty, 65_535) }

    /// The target of a block so many milliseconds after its parent.
    func target(after parent: UInt64, elapsed: UInt64) -> UInt64 {
        let share = parent / window
        let counted = min(elapsed, interval.multipliedReportingOverflow(by: 4).overflow ? .max : 4 * interval)
        let (high, low) = share.multipliedFullWidth(by: counted)
        guard high < interval else { return easiest }
        let sum = (parent - share).addingReportingOverflow(interval.dividingFullWidth((high, low)).quotient)
        return sum.overflow ? easiest : min(easiest, max(65_535, sum.partialValue))
    }
}

extension CertificateAudit {
    /// Who may have made a block: the slot's leader; of a mined chain any node, with work that shows in the block's hash.
    func builderFaults(_ header: ParsedHeader, _ chain: AuditChain) -> [String] {
        guard let work = chain.work else {
            let leader = model(of: chain).leader(of: header.slot)
            var faults: [String] = []
            if leader?.key != header.builder { faults.append("slot \(header.slot) is led by \(leader?.id ?? "nobody known"), and somebody else built the block") }
            if header.workTarget != 0 || header.workNonce != 0 { faults.append("it names work, and its chain is not mined") }
            return faults
        }
        var faults: [String] = []
        if !chain.keys.contains(header.builder) { faults.append("its miner is no node of \(chain.id)") }
        if header.slot != header.height { faults.append("a mined block's slot is its height, and this one is of slot \(header.slot)") }
        if header.workTarget > work.easiest || header.workTarget < 65_535 { faults.append("its work target \(header.workTarget) is none of \(chain.id)") }
        let leading = header.hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if leading > header.workTarget { faults.append("its hash does not meet its work target: nobody mined it") }
        return faults
    }

    /// What shows a mined block to be final: the notary chain's state names it, or one that descends from it, as the newest recorded one.
    mutating func recordFaults(_ final: PBFinalHeader, _ header: ParsedHeader, at place: Violation, isRecord: Bool) -> [String] {
        if isRecord {
            return final.hasFinality || final.hasRecorded || !final.descendants.isEmpty ? ["a record of a mined block shows it to be final before it is"] : []
        }
        guard final.hasRecorded, !final.hasFinality else { return ["the notary chain's record is missing"] }
        guard let last = lastDescendant(of: header, final.descendants) else {
            return ["the headers up to the recorded block do not follow each other"]
        }
        let verdict = judge(final.recorded.notary, at: place)
        guard let notary = verdict.header, notary.chain == AuditNetwork.notaryName else { return ["its record is shown by no notary block"] }
        let key = Sodium.hash(.stateHead, Array(last.chain.utf8))
        let value = Layout.padded(last.chain) + Layout.number(last.height) + last.hash + Layout.number(last.time)
        let entry = StateProofModel.entry(final.recorded.proof, key: key, root: notary.stateRoot)
        return verdict.faults + (entry == .present(value) ? [] : ["the notary block's state does not name it as recorded"])
    }
}
