import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Contracts that clients declare while the network runs (A14).
extension CollectorRole {
    /// A client's terms on their way to the notary chain.
    struct Sponsorship: Sendable {
        /// Exact bytes of the Deploy.
        var transaction: [UInt8]
        /// The client's request.
        var token: UInt64
        /// Recorders asked so far.
        var asked = 0
    }

    /// Clients' terms under way at once; beyond it the answer is `overloaded`.
    static let sponsorshipsMaximum = 64
    static let sponsorCalls: UInt64 = 1 << 39

    /// A client hands its terms to a node of its chain: the node signs too, and passes them to the notaries' recorders, one after the other.
    mutating func sponsor(_ terms: DeclaredTerms, _ signature: Signature, token: UInt64) -> [RoleEffect] {
        guard terms.contract.side(of: chain) != nil else { return [decline(token, .wrongChain, "the terms do not name \(chain)")] }
        guard sponsorships.count < CollectorRole.sponsorshipsMaximum else {
            return [.count(.overloaded, by: 1), decline(token, .overloaded, "too many contracts are being handed in; try again")]
        }
        guard context.verify(terms.check(signature, network: network.id)) else {
            return [.count(.badSignature, by: 1), decline(token, .badSignature, "the deployer's signature does not hold")]
        }
        let deploy = Deploy(terms: terms, signature: signature, network: network.id, node: context.signer)
        sponsorCount += 1
        sponsorships[sponsorCount] = Sponsorship(transaction: Transaction(.deploy(deploy), chain: .notary, network: network.id).bytes, token: token)
        return ask(sponsorCount)
    }

    private func decline(_ token: UInt64, _ reason: Reason, _ detail: String) -> RoleEffect {
        .reply(token: token, .failure(reason, detail: detail))
    }

    /// Asks the next recorder; the first one is not always the same.
    private mutating func ask(_ number: UInt64) -> [RoleEffect] {
        guard let sponsorship = sponsorships[number] else { return [] }
        let recorders = network.notary.listed.map(\.id)
        let recorder = recorders[(Int(number % UInt64(recorders.count)) + sponsorship.asked) % recorders.count]
        sponsorships[number]?.asked += 1
        return [
            .call(
                CollectorRole.sponsorCalls + number, service: Service.name(.recorder, chain: .notary, node: recorder), .nominate(sponsorship.transaction),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// A recorder has answered, or has not.
    ///
    /// - Returns: nil when the call was no such question.
    mutating func sponsorAnswered(_ call: UInt64, _ response: Response) -> [RoleEffect]? {
        guard call > CollectorRole.sponsorCalls, call < CollectorRole.sponsorCalls << 1 else { return nil }
        let number = call - CollectorRole.sponsorCalls
        guard let sponsorship = sponsorships[number] else { return [] }
        if case .failure(let reason, _) = response, reason.isTemporary, sponsorship.asked < network.notary.listed.count { return ask(number) }
        sponsorships[number] = nil
        return [.reply(token: sponsorship.token, response)]
    }

    /// A validator says that the notary chain holds terms which this chain does not have: they are handed in here.
    mutating func heard(_ notice: ContractNotice, publisher: String, at now: Moment) -> [RoleEffect] {
        guard notice.chain == chain, isNotary(notice.notary, publisher: publisher), notice.final.hash == notice.evidence.block else {
            return [.count(.peerFault, by: 1)]
        }
        guard tree.ledger.entry(of: notice.id, version: notice.version) == nil else { return [] }
        let adopt = Transaction(
            .adopt(Adopt(id: notice.id, version: notice.version, evidence: notice.evidence)), chain: chain, network: network.id)
        guard standing(of: adopt.id) == nil else { return [.count(.duplicate, by: 1)] }
        guard checker.fault(in: notice.final) == nil,
            case .success(let entry) = EvidenceCheck.contract(
                notice.id, version: notice.version, in: notice.evidence, foreign: ForeignBlocks([notice.final]), network: network.id),
            entry.terms.contract.side(of: chain) != nil
        else { return [.count(.peerFault, by: 1)] }
        guard pending.count + checks.count < Limits.collectorPending else { return [.count(.overloaded, by: 1)] }
        return accept([Submission(item: BlockItem(transaction: adopt, foreign: [notice.final]), tokens: [])], at: now)
    }
}
