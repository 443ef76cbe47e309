import Cryptography
import Runtime
import WalletDesk
import Wire

/// A notary operator's word, for the command line.
extension BrakeDesk {
    /// A target that somebody names.
    func target(chain: String?, contract: String?, asset: String?) throws -> PauseTarget {
        let advice = "Give one of --chain NAME, --contract ID, --asset CHAIN/ASSET."
        guard [chain, contract, asset].compactMap({ $0 }).count == 1 else { throw Failure(.usage, "a pause is about one thing", advice) }
        if let contract {
            let known = [Agreement.id] + inquiry.configuration.network.contracts.map(\.id) + (try ContractDesk(inquiry).all()).map(\.terms.contract.id)
            guard known.contains(contract) else {
                let closest = Suggestion.closest(to: contract, among: known)
                throw Failure(.usage, "there is no contract \(contract)", closest.map { "Did you mean \($0)?" } ?? "See: concordat contract list")
            }
            return .contract(contract)
        }
        let parts = (chain ?? asset ?? "").split(separator: "/", maxSplits: 1).map(String.init)
        guard let name = parts.first, let id = inquiry.configuration.network.chains.first(where: { $0.id.description == name })?.id else {
            throw Failure(.usage, "there is no chain \(parts.first ?? "")", "Chains are: \(inquiry.configuration.network.chains.map(\.id.description).joined(separator: ", ")).")
        }
        if chain != nil {
            guard parts.count == 1 else { throw Failure(.usage, "\(chain ?? "") is no chain", "An asset is named with --asset \(chain ?? "").") }
            return .chain(id)
        }
        guard parts.count == 2, let asset = AssetID(parts[1]) else { throw Failure(.usage, "\(asset ?? "") names no asset of a chain", "For example --asset alpha/X.") }
        return .asset(id, asset)
    }

    /// Hands one notary's consent to its recorder, or another one.
    func consent(to level: PauseLevel, of target: PauseTarget, by notary: String, signer: Signer) throws -> PauseState {
        let present = try pauses().first { $0.target == target }
        guard present?.level ?? .open != level else {
            throw Failure(.failed, "\(target.text) is \((present?.level ?? .open).state) already", "See: concordat brakes")
        }
        let change = PauseChange(target: target, level: level, number: (present?.number ?? 0) + 1)
        let consent = PauseConsent(change: change, network: inquiry.configuration.network.id, signer: signer)
        for node in [notary] + inquiry.configuration.network.notary.listed.map(\.id).filter({ $0 != notary }) {
            switch try inquiry.ask([(Service.name(.recorder, chain: .notary, node: node), .pauseConsent(consent))])[0] {
            case .pauses(let states)?: if let state = states.first(where: { $0.target == target }) { return state }
            case .failure(let reason, let detail)? where reason != .notReady: throw Failure(.failed, detail, "See: concordat brakes")
            default: continue
            }
        }
        throw Failure(.unreachable, "no recorder takes the consent", "See how the network is: concordat status")
    }
}

