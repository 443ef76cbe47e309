import Cryptography
import Hummingbird
import WalletDesk
import Wire

/// Accounts, and what waits for their owners.
enum AccountAnswers {
    private struct BalanceShape: Encodable, Sendable { var asset: String, amount: String, held: String }

    private struct ChainShape: Encodable, Sendable {
        var chain: String
        /// Of the final block as of which this holds.
        var height: UInt64
        var time_milliseconds: UInt64
        /// The lowest nonce that has not served.
        var nonce_base: String
        var balances: [BalanceShape]
    }

    private struct AccountShape: Encodable, Sendable { var account: String, chains: [ChainShape] }

    static func account(_ call: Call) async throws -> Response {
        let (key, network) = (try call.account(), call.network)
        let chains = try await call.ask { inquiry in
            let asked = inquiry.collectors
            // Of a chain's collectors the one that has read furthest.
            var views: [ChainID: AccountView] = [:]
            for (question, answer) in zip(asked, try inquiry.ask(asked.map { ($0.service, .account(key)) })) {
                guard case .account(let view)? = answer, views[question.chain].map({ $0.height < view.height }) ?? true else { continue }
                views[question.chain] = view
            }
            guard !views.isEmpty else { throw Inquiry.silence }
            return network.chains.compactMap { chain in views[chain.id].flatMap { $0.exists ? shape(chain.id, $0) : nil } }
        }
        guard !chains.isEmpty else { throw GatewayFault.notFound("no chain that answers has this account", "Register it: a transaction of kind register opens one.") }
        return JSONAnswer.response(AccountShape(account: key.address.text, chains: chains))
    }

    private static func shape(_ chain: ChainID, _ view: AccountView) -> ChainShape {
        let assets = Set((view.balances + view.held).map(\.asset)).sorted()
        return ChainShape(
            chain: chain.description, height: view.height, time_milliseconds: view.time, nonce_base: "\(view.nonceBase)",
            balances: assets.map { asset in
                BalanceShape(
                    asset: asset.description, amount: "\(view.balances.first { $0.asset == asset }?.amount ?? 0)",
                    held: "\(view.held.first { $0.asset == asset }?.amount ?? 0)")
            })
    }

    /// Legs that wait for this account's consent (S870).
    static func legs(_ call: Call) async throws -> Response {
        let (key, network) = (try call.account(), call.network)
        let crosses = try await call.ask { inquiry in
            let asked = inquiry.collectors
            let answers = try inquiry.ask(asked.map { ($0.service, .fetchLegs(key)) })
            guard answers.contains(where: { $0 != nil }) else { throw Inquiry.silence }
            var found: [CrossTransaction] = []
            for case .legs(let notices)? in answers {
                for notice in notices where network.confirmers(of: notice.cross).contains(key) && !found.contains(where: { $0.xid == notice.cross.xid }) {
                    found.append(notice.cross)
                }
            }
            return found.sorted { $0.deadline < $1.deadline }.map(CrossShape.init)
        }
        return JSONAnswer.response(crosses)
    }
}
