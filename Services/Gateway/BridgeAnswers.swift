import Hummingbird
import WalletDesk
import Wire

/// Contracts, and what pegs hold and owe.
enum BridgeAnswers {
    struct PegShape: Encodable, Sendable {
        var peg: String, version: UInt32
        var main: String, asset: String, side: String, wrapped: String
        /// In the peg's account on the main chain, and in people's hands on the side chain.
        var custody: String, outstanding: String
        /// Of orders that have not appeared on the other chain.
        var to_issue: String, to_release: String
        var issuers: Int, issue_threshold: Int, releasers: Int, release_threshold: Int
    }

    private struct OrderShape: Encodable, Sendable {
        var order: String, kind: String, from: String, to: String, amount: String, height: UInt64, time_milliseconds: UInt64
    }

    private struct SideShape: Encodable, Sendable { var chain: String, asset: String, reserve: String }

    private struct ContractShape: Encodable, Sendable {
        var contract: String, version: UInt32, sides: [SideShape], rate_numerator: String, rate_denominator: String, minimum: String, maximum: String
        var deadline_maximum_milliseconds: UInt64, is_peg: Bool
    }

    static func contracts(_ call: Call) async throws -> Response {
        let network = call.network
        let shapes = try await call.ask { inquiry in (network.contracts + (try ContractDesk(inquiry).all()).map(\.terms.contract)).map(shape) }
        return JSONAnswer.response(shapes)
    }

    private static func shape(_ contract: Contract) -> ContractShape {
        ContractShape(
            contract: contract.id, version: contract.version,
            sides: [contract.first, contract.second].map { SideShape(chain: $0.chain.description, asset: $0.asset.description, reserve: $0.reserve.address.text) },
            rate_numerator: "\(contract.rateNumerator)", rate_denominator: "\(contract.rateDenominator)", minimum: "\(contract.minimumAmount)",
            maximum: "\(contract.maximumAmount)", deadline_maximum_milliseconds: contract.deadlineMaximumMilliseconds, is_peg: contract.peg != nil)
    }

    static func pegs(_ call: Call) async throws -> Response { JSONAnswer.response(try await call.ask { try pegs($0) }) }

    /// How every peg stands on both of its chains.
    static func pegs(_ inquiry: Inquiry) throws -> [PegShape] {
        let desk = BridgeDesk(inquiry)
        return try desk.pegs().compactMap { contract in
            guard let peg = contract.peg else { return nil }
            let standing = try desk.standing(of: contract)
            func open(_ kind: BridgeItem.Kind) throws -> Amount { try desk.open(kind, of: contract).reduce(0) { $0 + $1.amount } }
            return PegShape(
                peg: contract.id, version: contract.version, main: contract.first.chain.description, asset: contract.first.asset.description,
                side: contract.second.chain.description, wrapped: contract.second.asset.description, custody: "\(standing.main.lane)",
                outstanding: "\(standing.outstanding)", to_issue: "\(try open(.locked))", to_release: "\(try open(.redeemed))",
                issuers: peg.issuers.keys.count, issue_threshold: peg.issuers.threshold, releasers: peg.releasers.keys.count,
                release_threshold: peg.releasers.threshold)
        }
    }

    /// Orders of a peg that have not appeared on the other chain.
    static func orders(_ call: Call) async throws -> Response {
        let name = call.parameters["peg"] ?? ""
        let shapes = try await call.ask { inquiry in
            let desk = BridgeDesk(inquiry)
            let peg = try desk.peg(name)
            return try ([.locked, .redeemed] as [BridgeItem.Kind]).flatMap { kind in
                try desk.open(kind, of: peg).prefix(GatewayLimits.transactionsPerAnswer).map { item in
                    OrderShape(
                        order: item.order.hex, kind: kind == .locked ? "lock" : "redeem", from: item.sender.address.text, to: item.receiver.address.text,
                        amount: "\(item.amount)", height: item.height, time_milliseconds: item.time)
                }
            }
        }
        return JSONAnswer.response(shapes)
    }
}
