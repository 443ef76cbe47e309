import Cryptography
import Wire

extension ReplayOracle {
    /// Rule R8: at the recorded head, by more notaries than may lie; thawed by a quorum. J-7: left by a quorum, and by the chain's nodes.
    mutating func change(_ change: StatusChange, in header: BlockHeader, to state: inout ReplayState) throws(ReplayFault) {
        try demand(state.chains(network).contains { $0.id == change.chain }, "freezes or thaws a chain that has not joined")
        try demand(change.isLeave || network.chain(change.chain)?.engine != .pow, "freezes or thaws a mined chain")
        let status = state.statuses[change.chain]
        let head = state.heads[change.chain] ?? (0, genesisHash(of: change.chain))
        try demand(change.since == status?.since ?? 0, "consents of another time")
        try demand(status?.hasLeft != true, "changes the status of a chain that has left")
        try demand(change.isLeave || status?.isFrozen ?? false != change.isFreeze, "frozen or thawed already")
        if let frozen = change.head { try demand(frozen.height == head.height && frozen.hash == head.hash, "frozen elsewhere than at the recorded head") }
        let height = header.height
        let notaries = election.notaries(of: election.epoch(ofSlot: header.slot)) ?? []
        let signers = Set(change.consents.map(\.key))
        try demand(signers.isSubset(of: notaries) && signers.count == change.consents.count, "consents of strangers")
        try demand(signers.count >= (change.isFreeze && !change.isLeave ? (notaries.count - 1) / 3 + 1 : 2 * notaries.count / 3 + 1), "too few consents")
        let word: UInt8 = change.isLeave ? 3 : change.isFreeze ? 1 : 2
        for item in change.consents + (change.nodes ?? []) {
            try signed(item.key, item.signature, "consent", CertificateOracle.padded(change.chain) + [word] + CertificateOracle.number(change.since))
        }
        if let nodes = change.nodes {
            let members = state.chains(network).first { $0.id == change.chain }?.nodes.map(\.key) ?? []
            let leavers = Set(nodes.map(\.key))
            try demand(leavers.isSubset(of: members) && leavers.count == nodes.count, "lets a chain leave by the word of strangers")
            try demand(leavers.count >= 2 * members.count / 3 + 1, "lets a chain leave that its nodes do not want to leave")
            if status?.isFrozen != true {
                let pause = state.pauses.first { $0.target == .chain(change.chain) }
                try demand(pause.map { $0.level == 2 && $0.since + 16 <= height } ?? false, "lets a chain leave that has not been paused for long enough")
                let isMined = state.chains(network).first { $0.id == change.chain }?.engine == .pow
                try demand(
                    isMined || election.isCertified(change.chain, height: head.height + 1, bySlot: header.slot),
                    "lets a chain leave by others than certify its next block")
            }
            leave(change.chain, wasFrozen: status.flatMap { $0.isFrozen ? $0.since : nil }, head, at: height, &state)
        } else {
            state.setStatus(change.chain, isFrozen: change.isFreeze, head, notaryHeight: height)
        }
        if change.isLeave, status?.isFrozen == true { return }
        if change.isFreeze {
            freezes.frozen(change.chain, at: head.height, notary: height)
            crosses.frozen(change.chain, above: head.height)
        } else {
            freezes.thawed(change.chain, notary: height)
        }
        if !change.isLeave { counted.add(change.isFreeze ? .freeze : .thaw) }
    }

    /// A chain leaves at its recorded head: new business with it stops, and if it was not frozen before, nobody loses a final block by that.
    private mutating func leave(
        _ chain: ChainID, wasFrozen since: Height?, _ head: (height: Height, hash: Digest), at height: Height, _ state: inout ReplayState
    ) {
        state.setStatus(chain, isFrozen: true, hasLeft: true, head, notaryHeight: since ?? height)
        if since == nil { freezes.left(chain, at: head.height) }
        counted.add(.chainLeft)
        let before = state.pauses.first { $0.target == .chain(chain) }
        guard before?.level != 2, before != nil || state.pauses.count < 1_024 else { return }
        stop(ReplayPause(target: .chain(chain), level: 2, number: (before?.number ?? 0) + 1, since: height), &state)
    }
}
