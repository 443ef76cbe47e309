import Crypto
import Wire

/// Rule R8: a chain is frozen at its recorded head, and thawed by a quorum.
extension LedgerState {
    /// The notary chain freezes a sub-chain, or lets it go on.
    ///
    /// The caller has checked the consents' signatures; who gave them is checked by `StateCheck`. Reasons are found in this order:
    /// wrongChain, recordInvalid for no sub-chain of the network and for a mined one, duplicateTransaction when its status has changed since the consents
    /// were given, consentMissing, recordInvalid when it is frozen or thawed already, notReady when the head is not the recorded one.
    mutating func applyStatus(_ change: StatusChange, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        guard let subChain = subChain(change.chain) else { return .invalid(.recordInvalid) }
        // A mined chain has nothing final above its record, and any miner can revive it.
        guard subChain.engine != .pow else { return .invalid(.recordInvalid) }
        let status = status(of: change.chain)
        guard change.since == status?.notaryHeight ?? 0 else { return .invalid(.duplicateTransaction) }
        guard let notaries = notaries(of: block.slot) else { return .invalid(.epochUnknown) }
        if let reason = StateCheck.fault(in: change, notaries: notaries) { return .invalid(reason) }
        guard status?.isFrozen ?? false != change.isFreeze else { return .invalid(.recordInvalid) }
        let recorded = head(of: change.chain)
        let height = recorded?.height ?? 0
        let hash = recorded?.hash ?? genesisHash(of: change.chain)
        if let head = change.head {
            guard head.height == height, head.hash == hash else { return .invalid(.notReady) }
        }
        write(
            ChainStatus(
                chain: change.chain, isFrozen: change.isFreeze, height: height, hash: hash, notaryHeight: block.height))
        return .applied
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
    /// Who has to consent: more notaries than may lie to a freeze, a quorum to a thaw, each once and in network order.
    ///
    /// - Parameter notaries: of the slot whose block holds the change.
    package static func fault(in change: StatusChange, notaries: Electorate) -> Reason? {
        guard let positions = positions(of: change.consents, among: notaries) else { return .notAllowed }
        let isEnough = change.isFreeze ? notaries.weight(of: positions) > notaries.faultyWeight : notaries.isQuorum(positions)
        return isEnough ? nil : .consentMissing
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
