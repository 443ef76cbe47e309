/// Puts together what every chain says of each cross transaction (invariant 5).
struct CrossAudit {
    private(set) var crosses = AuditReport.Crosses()
    private(set) var violations: [Violation] = []
    private(set) var openDetails: [String] = []

    /// What one chain says of a cross transaction.
    private struct Side {
        var chain: String
        var entry: CrossModel
    }

    /// Chains whose newest blocks may not have been judged: what they do not say yet is held against nobody.
    private let partial: Set<String>

    /// - Parameters:
    ///   - replays: every sub-chain's, after its last block.
    init(_ replays: [(chain: String, replay: ChainReplay)], partial: Set<String>) {
        self.partial = partial
        var terms: [Bytes: ParsedCross] = [:]
        var sides: [Bytes: [Side]] = [:]
        var times: [String: UInt64] = [:]
        for (chain, replay) in replays {
            times[chain] = replay.ledger.time
            terms.merge(replay.ledger.terms) { known, _ in known }
            for entry in replay.ledger.crosses.values { sides[entry.xid, default: []].append(Side(chain: chain, entry: entry)) }
        }
        for xid in sides.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let cross = terms[xid], let found = sides[xid] else { continue }
            judge(cross, found.sorted { $0.chain < $1.chain }, times, replays)
        }
    }

    private mutating func judge(
        _ cross: ParsedCross, _ sides: [Side], _ times: [String: UInt64], _ replays: [(chain: String, replay: ChainReplay)]
    ) {
        let name = Layout.hex(cross.xid)
        let decider = cross.decidingLeg.chain
        let decision = sides.first { $0.chain == decider }?.entry.decision ?? .none
        let height = { (chain: String) in replays.first { $0.chain == chain }?.replay.heights[cross.xid] ?? 0 }
        for side in sides {
            if side.entry.status == .settled, decision != .committed, decision != .none || !partial.contains(decider) {
                report(side.chain, height(side.chain), "\(name) is settled here and not committed on \(decider)")
            }
            if side.entry.status == .refunded, decision == .committed {
                report(side.chain, height(side.chain), "\(name) is refunded here and committed on \(decider)")
            }
            if side.chain != decider, side.entry.decision != .none {
                report(side.chain, height(side.chain), "\(name) is decided here, and only \(decider) may")
            }
        }
        if decision == .committed {
            for chain in cross.holdingChains {
                let status = sides.first { $0.chain == chain }?.entry.status ?? .none
                if status != .held, status != .settled, status != .none || !partial.contains(chain) {
                    report(decider, height(decider), "\(name) is committed here, and \(chain) holds nothing for it")
                }
            }
        }
        count(sides, decision, cross, name, isPast: times[decider, default: 0] > cross.body.deadlineMilliseconds)
    }

    private mutating func report(_ chain: String, _ height: UInt64, _ detail: String) {
        violations.append(Violation(.allOrNothing, chain: chain, height: height, detail))
    }

    private mutating func count(_ sides: [Side], _ decision: CrossModel.Decision, _ cross: ParsedCross, _ name: String, isPast: Bool) {
        let held = sides.filter { $0.entry.status == .held }.map(\.chain)
        if !held.isEmpty {
            crosses.open += 1
            let state =
                switch decision {
                case .committed: "committed, to be settled"
                case .refused, .cancelled: "called off, to be refunded"
                case .none: isPast ? "past its deadline, to be refunded" : "not decided, before its deadline"
                }
            openDetails.append("\(name): held on \(held.joined(separator: ", ")); \(state)")
        } else if sides.contains(where: { $0.entry.status == .refunded }) {
            crosses.refunded += 1
        } else if decision == .committed {
            crosses.settled += 1
        } else {
            crosses.rejected += 1
        }
    }
}
