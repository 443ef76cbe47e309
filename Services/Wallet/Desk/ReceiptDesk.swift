import Chain
import Cryptography
import Wire

/// Fetches receipts from recorders, and makes them whole: with who voted in every epoch that they name.
package final class ReceiptDesk {
    private let network: Network
    private let inquiry: Inquiry
    private let book: ElectorateBook
    private var checker: CertificateChecker
    /// Each checked by those before it.
    private var learned: [Handover] = []

    package init(_ inquiry: Inquiry) {
        self.inquiry = inquiry
        network = inquiry.configuration.network
        book = ElectorateBook(network: network)
        checker = CertificateChecker(book: book) { $0.holds }
    }

    /// What the recorders show of a transaction: of those that hold, the one that shows most; nil when none knows it.
    ///
    /// - Throws: when no recorder answers, or all that answer show what does not hold.
    package func fetch(_ id: Digest) throws -> (receipt: Receipt, finding: ReceiptVerifier.Finding)? {
        let services = network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
        let answers = try inquiry.ask(services.map { ($0, .receipt(id)) })
        guard answers.contains(where: { $0 != nil }) else {
            throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. Start it: concordat up")
        }
        var best: (receipt: Receipt, finding: ReceiptVerifier.Finding)?
        var fault: ReceiptVerifier.Fault?
        for case .receipt(let answered)? in answers where !answered.parts.isEmpty && answered.id == id {
            let receipt = try complete(answered)
            var verifier = ReceiptVerifier(network: network)
            do throws(ReceiptVerifier.Fault) {
                let finding = try verifier.verify(receipt)
                if best.map({ ReceiptDesk.rank($0.finding) < ReceiptDesk.rank(finding) }) ?? true { best = (receipt, finding) }
            } catch {
                fault = error
            }
        }
        if best == nil, let fault {
            throw Failure(.failed, "what the recorders show does not hold: \(fault.text)", "Tell the notaries' operators; concordat audit finds who is wrong.")
        }
        // Whoever cannot look now may know it.
        for case .failure(let reason, let detail)? in answers where best == nil && (reason == .notReady || reason == .overloaded) {
            throw Failure(.unreachable, "no recorder that answers has it, and one cannot look now: \(detail)", "Try again, and see how the recorders do: concordat health --ready")
        }
        return best
    }

    private static func rank(_ finding: ReceiptVerifier.Finding) -> Int {
        finding.parts.reduce(finding.ending == .open ? 0 : 1_000) { $0 + ($1.recordedAt == nil ? 1 : 2) }
    }

    /// The receipt with the handovers that its parts need, as far as nodes show them.
    package func complete(_ receipt: Receipt) throws -> Receipt {
        let needed = epochs(of: receipt)
        if needed.isEmpty { return receipt }
        try learn(needed)
        var whole = receipt
        whole.handovers = learned.filter { $0.epoch <= needed[$0.chain] ?? 0 }
        return whole
    }

    /// Chains of which a part is of a later epoch than the first, and that epoch.
    private func epochs(of receipt: Receipt) -> [ChainID: Epoch] {
        var needed: [ChainID: Epoch] = [:]
        func note(_ final: FinalHeader) {
            for header in [final.header] + final.descendants {
                let epoch = network.chain(header.chain)?.epoch(of: header.slot) ?? 0
                if epoch > 0 { needed[header.chain] = max(needed[header.chain] ?? 0, epoch) }
                if header.fields.epoch > 0 { needed[.notary] = max(needed[.notary] ?? 0, header.fields.epoch) }
            }
            if case .recorded(let head) = final.finality { note(head.notary) }
        }
        for part in receipt.parts {
            note(part.final)
            if let record = part.record { note(record.final) }
        }
        return needed
    }

    /// Follows the electorates of chains up to an epoch each, in turns: a chain's may need the notaries' first.
    private func learn(_ needed: [ChainID: Epoch]) throws {
        let chains = needed.keys.sorted()
        var hasMore = true
        while hasMore {
            hasMore = false
            for chain in chains where book.shownEpoch(of: chain) < needed[chain] ?? 0 {
                let request = Request.fetchHandovers(chain: chain, from: book.shownEpoch(of: chain) + 1)
                for answer in try inquiry.ask(services(of: chain).map { ($0, request) }) {
                    guard case .handovers(let handovers)? = answer else { continue }
                    for handover in handovers where handover.chain == chain && handover.epoch == book.shownEpoch(of: chain) + 1 {
                        guard let entry = checker.entry(shownBy: handover) else { continue }
                        book.learn(entry, of: chain, isShown: true)
                        learned.append(handover)
                        hasMore = true
                    }
                }
            }
        }
    }

    private func services(of chain: ChainID) -> [String] {
        let nodes = network.chain(chain)?.listed ?? []
        return network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
            + nodes.map { Service.name(.consensus, chain: chain, node: $0.id) }
    }
}
