import Cryptography
import Wire

extension ReplayOracle {
    /// Rules R3 and R4.
    mutating func resolve(
        _ resolution: Resolution, to status: UInt8, in block: ObservedBlock, _ state: inout ReplayState, at time: UInt64,
        _ findings: inout Findings
    ) throws(ReplayFault) {
        guard var entry = state.entries[resolution.xid], entry.hold == 1, let deciding = crosses.decidingChain(of: resolution.xid) else {
            throw ReplayFault(what: "nothing is held for \(resolution.xid)")
        }
        if let frozen = resolution.frozen {
            let notary = try foreign(frozen.block, of: .notary, in: block)
            try demand(notary.height <= block.header.fields.notaryHeight, "a refund by a freeze that its block cannot know of")
            guard let value = frozen.proof.value, value.count == 81, value[32] == 1 || value[32] == 3 else { throw ReplayFault(what: "a refund by no freeze") }
            let since = value[73..<81].reduce(0) { $0 << 8 | UInt64($1) }
            freezes.refundedByFreeze(of: deciding, since: since, in: block.header)
            counted.add(.refundByFreeze)
        }
        if status == 3 { freezes.refunded(resolution.xid, in: block.header) }
        let isBare = resolution.frozen == resolution.evidence
        let evidence = try foreign(resolution.evidence.block, of: isBare ? .notary : deciding, in: block)
        freezes.relied(on: evidence, in: block.header)
        entry.hold = status
        entry.heights[2] = block.header.height
        for (_, leg) in entry.legs {
            try demand(state.move(from: nil, to: status == 2 ? leg.credit : leg.debit, leg.asset, leg.amount), "a resolution does not add up")
            if status == 2 { reserves.settled(leg, on: state.chain) }
        }
        state.set(entry, resolution.xid)
        crosses.resolved(
            resolution.xid, isSettled: status == 2, on: state.chain, at: block.header.height, deadline: entry.deadline, evidence: evidence,
            isByFreeze: resolution.frozen != nil, time: time, &findings)
    }
}
