import Chain
import Cryptography
import WalletDesk
import Wire

/// What an account owns, as the final state of every chain proves it (A9).
struct ProvenBalances {
    private let inquiry: Inquiry

    init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// A row an asset, by chain; chains on which the account is shown not to be have none.
    ///
    /// - Throws: when of some chain no node answers, or none shows what holds.
    func rows(of key: PublicKey) throws -> [BalanceCommand.Row] {
        var rows: [BalanceCommand.Row] = []
        for chain in inquiry.configuration.network.chains {
            let (final, account) = try newest(chain, key)
            for balance in account ?? [] {
                rows.append(
                    BalanceCommand.Row(
                        chain: chain.id.description, asset: balance.asset.description, amount: balance.amount, held: nil, height: final.header.height))
            }
        }
        return rows
    }

    /// Of what the chain's nodes show and what holds, the newest.
    private func newest(_ chain: ChainDescription, _ key: PublicKey) throws -> (FinalHeader, [Balance]?) {
        let services = chain.nodes.map { Service.name(.consensus, chain: chain.id, node: $0.id) }
        let answers = try inquiry.ask(services.map { ($0, .fetchAccountProof(chain: chain.id, account: key)) })
        let desk = HeaderDownload(inquiry, chain: chain.id, path: nil)
        var best: (FinalHeader, [Balance]?)?
        var doubt: Reason?
        for case .accountProof(let final, let proof)? in answers {
            switch try desk.account(key, in: proof, at: final) {
            case .success(let account):
                if best.map({ $0.0.header.height < final.header.height }) ?? true { best = (final, account.map { $0.balances.list }) }
            case .failure(let reason): doubt = reason
            }
        }
        if let best { return best }
        if let doubt {
            throw Failure(.failed, "what the nodes of \(chain.id) show does not hold: \(doubt.code)", "Tell their operators; concordat audit finds who is wrong.")
        }
        throw Failure(.unreachable, "no node of \(chain.id) shows its state", "See how the network is: concordat status. A chain without a block shows none.")
    }
}
