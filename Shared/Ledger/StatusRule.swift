import Cryptography
import Determinism
import Wire

/// Rule R8: a chain is frozen at its recorded head, and thawed by a quorum; or it leaves there, for good (J-7).
extension LedgerState {
    /// The notary chain freezes a sub-chain, lets it go on, or lets it leave.
    ///
    /// The caller has checked the consents' signatures; who gave them is checked by `StateCheck`. Reasons are found in this order:
    /// wrongChain, recordInvalid for no sub-chain of the network and for freezing or thawing a mined one, chainLeft, duplicateTransaction when its
    /// status has changed since the consents were given, consentMissing, recordInvalid when it is frozen or thawed already, notReady when the head is not the
    /// recorded one, and when a chain that leaves may not yet.
    mutating func applyStatus(_ change: StatusChange, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        guard let subChain = subChain(change.chain) else { return .invalid(.recordInvalid) }
        // A mined chain has nothing final above its record, and any miner can revive it.
        guard change.isLeave || subChain.engine != .pow else { return .invalid(.recordInvalid) }
        let status = status(of: change.chain)
        guard status?.hasLeft != true else { return .invalid(.chainLeft) }
        guard change.since == status?.notaryHeight ?? 0 else { return .invalid(.duplicateTransaction) }
        guard let notaries = notaries(of: block.slot) else { return .invalid(.epochUnknown) }
        if let reason = StateCheck.fault(in: change, notaries: notaries, nodes: subChain.nodes.map(\.key)) { return .invalid(reason) }
        guard change.isLeave || status?.isFrozen ?? false != change.isFreeze else { return .invalid(.recordInvalid) }
        if change.isLeave, let reason = fault(leaving: subChain, at: block.height, slot: block.slot) { return .invalid(reason) }
        let recorded = head(of: change.chain)
        let height = recorded?.height ?? 0
        let hash = recorded?.hash ?? genesisHash(of: change.chain)
        if let head = change.head {
            guard head.height == height, head.hash == hash else { return .invalid(.notReady) }
        }
        // A frozen chain that leaves stays frozen by the same freeze, so that what shows the one shows the other.
        let notaryHeight = change.isLeave && status?.isFrozen == true ? status?.notaryHeight ?? block.height : block.height
        write(
            ChainStatus(
                chain: change.chain, isFrozen: change.isFreeze, hasLeft: change.isLeave, height: height, hash: hash, notaryHeight: notaryHeight))
        if change.isLeave { stopBusiness(with: change.chain, at: block.height) }
        return .applied
    }

    /// Why a chain cannot leave yet, whoever wants it; nil when it can (J-7). A frozen one has nothing to lose. Any other has to be paused for so long that
    /// nothing is certified any more that brings new business to it; and who certifies its next block have to be those who promise that there is none.
    ///
    /// - Parameters:
    ///   - height: of the notary block that would hold it.
    ///   - slot: of that block.
    package func fault(leaving chain: ChainDescription, at height: Height, slot: Slot) -> Reason? {
        if status(of: chain.id)?.isFrozen == true { return nil }
        guard let pause = pause(of: .chain(chain.id)), pause.level == .paused, height >= Limits.pauseGraceBlocks,
            pause.notaryHeight <= height - Limits.pauseGraceBlocks
        else { return .notReady }
        // Of a mined chain nothing above its record is final.
        if chain.engine == .pow { return nil }
        guard let certifiers = certifiers(of: chain.id, at: (head(of: chain.id)?.height ?? 0) + 1), let notaries = notaries(of: slot) else { return .notReady }
        return certifiers == notaries.members.map(\.node) ? nil : .notReady
    }

    /// Ids of the notaries who certify a chain's block of a height (E-5); nil when that is too long ago to be known here.
    private func certifiers(of chain: ChainID, at height: Height) -> [String]? {
        for entry in epochEntries.reversed() where entry.firstHeights.contains(where: { $0.chain == chain && $0.height <= height }) {
            return entry.members.map(\.node)
        }
        let begins = joined.first { $0.chain.id == chain }?.epoch ?? 0
        if let oldest = epochEntries.first, oldest.epoch > begins + 1 { return nil }
        return (begins == 0 ? network.notary.genesisElectorate.members : epochEntry(begins)?.members)?.map(\.node)
    }

    /// The notaries of a slot of the notary chain, as far as its state has settled them.
    package func notaries(of slot: Slot) -> Electorate? {
        let epoch = network.notary.epoch(of: slot)
        return epoch == 0 ? network.notary.genesisElectorate : epochEntry(epoch)?.electorate(network.notary.engine)
    }

    /// Why a block may not be recorded for what the chain's status says; nil when it may: nothing above a freeze, and after the thaw
    /// only what knows of it.
    func statusFault(of header: BlockHeader) -> Reason? {
        guard let status = status(of: header.chain) else { return nil }
        if status.isFrozen { return .chainFrozen }
        return header.fields.notaryHeight < status.notaryHeight ? .thawUnknown : nil
    }

    /// Writes a chain's status.
    mutating func write(_ status: ChainStatus) {
        let found = statuses.firstIndex { $0.chain == status.chain }
        if !journal.statuses.contains(where: { $0.chain == status.chain }) {
            journal.statuses.append(.init(chain: status.chain, status: found.map { statuses[$0] }))
        }
        if let found { statuses[found] = status } else { statuses.append(status) }
    }

    /// Puts an old status back.
    mutating func restoreStatus(_ old: Journal.OldStatus) {
        statuses.removeAll { $0.chain == old.chain }
        if let status = old.status { statuses.append(status) }
    }
}

extension StateCheck {
    /// Who has to consent: more notaries than may lie to a freeze, a quorum to a thaw and to a leave, each once and in network order; to a leave
    /// more than two thirds of the chain's nodes besides, each once and in its order.
    ///
    /// - Parameters:
    ///   - notaries: of the slot whose block holds the change.
    ///   - nodes: the chain's, whatever stake they have: who runs the chain says that it leaves.
    package static func fault(in change: StatusChange, notaries: Electorate, nodes: [PublicKey]) -> Reason? {
        guard let positions = positions(of: change.consents, among: notaries) else { return .notAllowed }
        let isFew = change.wish == .freeze
        guard isFew ? notaries.weight(of: positions) > notaries.faultyWeight : notaries.isQuorum(positions) else { return .consentMissing }
        guard let leavers = change.nodes else { return nil }
        var last = -1
        for leaver in leavers {
            guard let place = nodes.firstIndex(of: leaver.key), place > last else { return .notAllowed }
            last = place
        }
#if PLANTED_BUGS
        if PlantedBug.leaveUnconsented.isPlanted { return nil }
#endif
        return leavers.count >= Quorum.size(of: nodes.count) ? nil : .consentMissing
    }

    /// Places of those who consent; nil unless they are notaries, each once and in their order.
    static func positions(of consents: [Authorization], among notaries: Electorate) -> [Int]? {
        var positions: [Int] = []
        for consent in consents {
            guard let position = notaries.position(of: consent.key), position > positions.last ?? -1 else { return nil }
            positions.append(position)
        }
        return positions
    }
}
