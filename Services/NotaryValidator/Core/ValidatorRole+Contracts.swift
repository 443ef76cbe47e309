import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Contracts that clients declare while the network runs (A14): from the notary block that holds them on, every notary tells the chains they
/// name, until these have taken them in.
extension ValidatorRole {
    /// Looks what this chain lacks, and speaks of what is due.
    mutating func tellContracts(at now: Moment) -> [RoleEffect] {
        guard !reader.view.declared.isEmpty, !isRejoining else { return [] }
        tree.moveToFinal()
        // What a recorded block has taken in stays.
        let known = reader.view.declared.filter { tree.ledger.entry(of: $0.id, version: $0.version) != nil }
        if !known.isEmpty { reader.forgetDeclared { known.contains($0) } }
        moveToTip()
        let missing = reader.view.declared.filter { tree.ledger.entry(of: $0.id, version: $0.version) == nil }
        let timing = network.timing
        contracts.set(missing, at: now, delayMilliseconds: UInt64(legs.notaryPosition) * timing.legResendMilliseconds, intervalMilliseconds: timing.legResendMilliseconds)
        var effects: [RoleEffect] = []
        if let due = contracts.takeDue(at: now, intervalMaximumMilliseconds: timing.legResendMaximumMilliseconds) {
            effects.append(
                .call(
                    Calls.contract, service: Service.name(.consensus, chain: .notary, node: context.address.node),
                    .contract(id: due.id, version: due.version), timeoutMilliseconds: timing.fetchMilliseconds * 2))
        }
        // While a question is open its answer comes back here.
        if contracts.asked == nil, let wait = contracts.millisecondsUntilDue(at: now) { effects.append(.setTimer(Timers.contracts, afterMilliseconds: wait)) }
        return effects
    }

    /// This notary's consensus shows the terms.
    ///
    /// - Returns: nil when the call was no such question.
    mutating func contractAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard call == Calls.contract else { return nil }
        guard let asked = contracts.answered() else { return [] }
        let more = tellContracts(at: now)
        guard case .contract(let final, let proof) = response, final.header.chain == .notary, tree.finalityFault(in: final) == nil else { return more }
        let evidence = StateEvidence(block: final.hash, proof: proof)
        guard
            case .success = EvidenceCheck.contract(
                asked.id, version: asked.version, in: evidence, foreign: ForeignBlocks([final]), network: network.id)
        else { return more }
        let notice = ContractNotice(
            chain: chain, id: asked.id, version: asked.version, final: final, evidence: evidence, notary: context.address.node)
        return [.publish(.leg(chain), .contract(notice))] + more
    }
}
