import Cryptography
import RoleKit
import Wire

extension ConsensusRole: ChainKeeper {
    /// Serves the chain, and what it has seen signed.
    mutating func requested(_ request: Request, token: UInt64) -> [RoleEffect] {
        switch request {
        case .fetchSigned(let chain, let signer):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            return [.reply(token: token, .signed(simplex.newestVotes(of: signer)))]
        case .release(let query): return release(query, token: token)
        case .frozen(let chain): return showStatus(of: chain, token: token)
        case .contract(let id, let version): return showContract(id, version, token: token)
        case .pause(let target): return showPause(target, token: token)
        default: return answer(request, token: token)
        }
    }
}
