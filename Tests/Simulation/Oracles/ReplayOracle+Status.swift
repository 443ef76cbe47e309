import Crypto
import Wire

extension ReplayOracle {
    /// Rule R8: at the recorded head, by more notaries than may lie; thawed by a quorum.
    mutating func change(_ change: StatusChange, in header: BlockHeader, to state: inout ReplayState) throws(ReplayFault) {
        try demand(state.chains(network).contains { $0.id == change.chain }, "freezes or thaws a chain that has not joined")
        try demand(network.chain(change.chain)?.engine != .pow, "freezes or thaws a mined chain")
        let status = state.statuses[change.chain]
        let head = state.heads[change.chain] ?? (0, genesisHash(of: change.chain))
        try demand(change.since == status?.since ?? 0, "consents of another time")
        try demand(status?.isFrozen ?? false != change.isFreeze, "frozen or thawed already")
        if let frozen = change.head { try demand(frozen.height == head.height && frozen.hash == head.hash, "frozen elsewhere than at the recorded head") }
        let height = header.height
        let notaries = election.notaries(of: election.epoch(ofSlot: header.slot)) ?? []
        let signers = Set(change.consents.map(\.key))
        try demand(signers.isSubset(of: notaries) && signers.count == change.consents.count, "consents of strangers")
        try demand(signers.count >= (change.isFreeze ? (notaries.count - 1) / 3 + 1 : 2 * notaries.count / 3 + 1), "too few consents")
        for item in change.consents {
            try signed(
                item.key, item.signature, "consent",
                CertificateOracle.padded(change.chain) + [change.isFreeze ? 1 : 2] + CertificateOracle.number(change.since))
        }
        state.setStatus(change.chain, isFrozen: change.isFreeze, head, notaryHeight: height)
        if change.isFreeze {
            freezes.frozen(change.chain, at: head.height, notary: height)
            crosses.frozen(change.chain, above: head.height)
        } else {
            freezes.thawed(change.chain, notary: height)
        }
        counted.add(change.isFreeze ? .freeze : .thaw)
    }
}
