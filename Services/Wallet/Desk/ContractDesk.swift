import Cryptography
import Foundation
import Runtime
import Wire

/// Declares contracts while the network runs, and asks what became of them (A14).
package final class ContractDesk {
    /// A contract as one of its chains has it.
    package struct Side {
        package var side: ContractSide
        /// What its reserve owns there; nil while the chain has not taken the contract in.
        package var reserve: Amount?
    }

    private let inquiry: Inquiry
    private var network: Network { inquiry.configuration.network }

    package init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// All that the notary chain holds, as the recorder that knows most of them says.
    package func all() throws -> [ContractEntry] {
        var best: [ContractEntry]?
        for node in network.notary.listed {
            guard let entries = try all(of: Service.name(.recorder, chain: .notary, node: node.id)) else { continue }
            if entries.count >= best?.count ?? 0 { best = entries }
        }
        guard let best else { throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status") }
        return best
    }

    private func all(of recorder: String) throws -> [ContractEntry]? {
        var entries: [ContractEntry] = []
        while true {
            guard case .contracts(let more, let count)? = try inquiry.ask([(recorder, .contracts(from: UInt64(entries.count), limit: Limits.contractsPerAnswer))])[0]
            else { return nil }
            entries += more
            if more.isEmpty || entries.count >= count { return entries }
        }
    }

    /// Hands terms to the nodes of the chains they name, one after the other.
    package func handIn(_ terms: DeclaredTerms, by deployer: Signer) throws {
        let signature = deployer.sign(.deploy, network: network.id, terms.body)
        var refusal: (reason: Reason, detail: String)?
        for chain in [terms.contract.first.chain, terms.contract.second.chain] {
            for node in network.chain(chain)?.nodes ?? [] {
                switch try inquiry.ask([(Service.name(.collector, chain: chain, node: node.id), .sponsor(terms, signature))])[0] {
                case .contracts?: return
                case .failure(let reason, let detail)?: refusal = (reason, detail)
                default: continue
                }
            }
        }
        guard let refusal else { throw Failure(.unreachable, "no collector of its chains answers", "See how the network is: concordat status") }
        throw Failure(.failed, "refused: \(refusal.reason.code), \(refusal.detail)", "docs/protocol.md, section 6, says what the reason means.")
    }

    /// How its chains stand to a contract.
    package func sides(of contract: Contract) throws -> [Side] {
        try [contract.first, contract.second].map { side in
            let collectors = (network.chain(side.chain)?.nodes ?? []).map { Service.name(.collector, chain: side.chain, node: $0.id) }
            var found: Amount?
            for answer in try inquiry.ask(collectors.map { ($0, .account(side.reserve)) }) {
                guard case .account(let view)? = answer, view.exists else { continue }
                found = max(found ?? 0, view.balances.first { $0.asset == side.asset }?.amount ?? 0)
            }
            return Side(side: side, reserve: found)
        }
    }

    /// Waits until the notary chain holds a contract and both chains have taken it in.
    ///
    /// - Throws: when another one has its name and version, or when time is up.
    package func wait(for terms: DeclaredTerms, until end: Date, seconds: Int) throws {
        var isHeld = false
        while true {
            if !isHeld, let entry = try all().first(where: { $0.terms.name == terms.name }) {
                guard entry.terms == terms else {
                    throw Failure(.failed, "somebody else has declared version \(terms.contract.version) of \(terms.contract.id)", "Choose another id.")
                }
                isHeld = true
            }
            if isHeld, try sides(of: terms.contract).allSatisfy({ $0.reserve != nil }) { return }
            guard Date() < end else {
                throw Failure(
                    .timedOut, "\(isHeld ? "not both chains have taken it in" : "no final notary block had it") within \(seconds) s",
                    "See later: concordat contract show \(terms.contract.id)")
            }
            usleep(200_000)
        }
    }
}
