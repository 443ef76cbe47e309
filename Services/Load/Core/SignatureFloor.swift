import Wire

/// The signature checks that no network without trust can do without (docs/load.md): each party that must not trust another checks once
/// what payers and receivers have signed.
package enum SignatureFloor {
    /// Checks that a settled payment needs: of a transfer, the payer's signature by every node of its chain and every notary; of a cross
    /// payment, the payer's and the receiver's, each by every notary, and by the nodes of the chain where it counts.
    package static func checks(of payment: LoadPayment, in network: Network) -> Int {
        let notaries = network.notary.nodes.count
        let nodes = network.chain(payment.chain)?.nodes.count ?? 0
        switch payment.kind {
        case .transfer, .bridge, .redeem: return nodes + notaries
        case .cross: return nodes + (network.chain(payment.decidingChain)?.nodes.count ?? 0) + 2 * notaries
        }
    }
}
