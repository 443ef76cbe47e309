import Cryptography
import Foundation
import Runtime
import Wire

/// Finds pegs, hands orders in, and asks how they stand (B1 to B5).
package final class BridgeDesk {
    /// How a peg stands on both of its chains.
    package struct Standing {
        package var main: BridgeView
        package var side: BridgeView

        /// Of the wrapped asset, what is in people's hands.
        package var outstanding: Amount { side.lane - min(side.returned, side.lane) }
    }

    package let inquiry: Inquiry
    private var network: Network { inquiry.configuration.network }

    package init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// Newest versions of all pegs, ascending by id.
    package func pegs() throws -> [Contract] {
        let all = network.contracts + (try ContractDesk(inquiry).all()).map(\.terms.contract)
        var newest: [String: Contract] = [:]
        for contract in all where contract.peg != nil && contract.version >= newest[contract.id]?.version ?? 0 { newest[contract.id] = contract }
        return newest.values.sorted { $0.id < $1.id }
    }

    /// The peg that somebody names, or the only one there is.
    package func peg(_ name: String?) throws -> Contract {
        let pegs = try pegs()
        guard let name else {
            if pegs.count == 1 { return pegs[0] }
            throw Failure(
                .usage, pegs.isEmpty ? "this network has no peg" : "there are \(pegs.count) pegs",
                pegs.isEmpty ? "Deploy one: concordat contract deploy examples/contracts/vault.yaml --from alice" : "Name one with --peg: \(pegs.map(\.id).joined(separator: ", ")).")
        }
        guard let found = pegs.first(where: { $0.id == name }) else {
            let closest = Suggestion.closest(to: name, among: pegs.map(\.id))
            throw Failure(.usage, "there is no peg \(name)", closest.map { "Did you mean \($0)?" } ?? "Pegs: \(pegs.map(\.id).joined(separator: ", ")).")
        }
        return found
    }

    /// What the collector of a chain that has read furthest says.
    package func view(_ query: BridgeQuery, on chain: ChainID) throws -> BridgeView {
        let services = (network.chain(chain)?.nodes ?? []).map { Service.name(.collector, chain: chain, node: $0.id) }
        let views = try inquiry.ask(services.map { ($0, .bridge(query)) }).compactMap { answer -> BridgeView? in
            if case .bridge(let view)? = answer { view } else { nil }
        }
        guard let view = views.max(by: { $0.height < $1.height }) else {
            throw Failure(.unreachable, "no collector of \(chain) answers", "See how the network is: concordat status")
        }
        return view
    }

    /// How a peg stands on both of its chains.
    package func standing(of peg: Contract) throws -> Standing {
        Standing(
            main: try view(BridgeQuery(contract: peg.id, kind: .locked), on: peg.first.chain),
            side: try view(BridgeQuery(contract: peg.id, kind: .redeemed), on: peg.second.chain))
    }

    /// All orders of a kind on a chain, oldest first.
    package func orders(_ kind: BridgeItem.Kind, of peg: Contract, on chain: ChainID) throws -> [BridgeItem] {
        var items: [BridgeItem] = []
        while true {
            let last = items.last
            let more = try view(
                BridgeQuery(contract: peg.id, kind: kind, fromHeight: last?.height ?? 0, afterOrder: last?.order ?? .zero), on: chain
            ).items
            items += more
            if more.count < Limits.bridgeItemsPerAnswer { return items }
        }
    }

    /// Orders that have not appeared on the other chain yet.
    package func open(_ kind: BridgeItem.Kind, of peg: Contract) throws -> [BridgeItem] {
        let (from, to) = kind == .locked ? (peg.first.chain, peg.second.chain) : (peg.second.chain, peg.first.chain)
        let ordered = try orders(kind, of: peg, on: from)
        let appeared = Set(try orders(kind.consumption, of: peg, on: to).map(\.order))
        return ordered.filter { !appeared.contains($0.order) }
    }

    /// The brake that an order waits for on the chain where it is to appear; nil for none.
    package func brake(on order: Digest, _ kind: BridgeItem.Kind, of peg: Contract) throws -> Reason? {
        let to = kind == .locked ? peg.second.chain : peg.first.chain
        let services = (network.chain(to)?.nodes ?? []).map { Service.name(.collector, chain: to, node: $0.id) }
        for case .brakes(let view)? in try inquiry.ask(services.map { ($0, .brakes) }) {
            if let item = view.waiting.first(where: { $0.id == order }) { return item.reason }
        }
        return nil
    }

    /// Whether an order has appeared on the chain it leads to.
    package func hasAppeared(_ order: Digest, _ kind: BridgeItem.Kind, of peg: Contract) throws -> Bool {
        let to = kind == .locked ? peg.second.chain : peg.first.chain
        return try !view(BridgeQuery(contract: peg.id, kind: kind.consumption, orders: [order]), on: to).items.isEmpty
    }
}
