import Cryptography
import Determinism
import Wire

/// Brakes of contracts (docs/protocol.md, G-1 to G-4): a cap and a delay may refuse or put off R1, R2, and the four steps of a peg. They
/// are never asked about R3 and R4: what is held can always be resolved.
extension LedgerState {
    /// How a payment meets the brakes on this chain.
    enum Way: Hashable {
        /// Value leaves its owner (Open, Lock, Redeem): refused when it does not fit.
        case paidIn
        /// A deciding leg: put off until it fits, or the deadline refunds it.
        case paidOut
        /// Value that was taken on the other chain of a peg appears (Issue, Release): put off until there is any room, then passed on
        /// credit, so that it never becomes impossible.
        case appears
    }

    /// A payment under a contract that has brakes.
    struct Passage {
        var way: Way
        var contract: String
        var asset: AssetID
        var amount: Amount
        var cap: SideBrakes.Cap?
        var wait: BrakeWait
    }

    /// An exchange as the brakes see it here; nil for an agreement, and where there are none.
    func passage(_ way: Way, of cross: CrossTransaction) -> Passage? {
        guard hasBrakes, !Agreement.isNamed(by: cross), let contract = terms(cross.contract, version: cross.contractVersion),
            let side = contract.side(of: chain), let leg = cross.legs.first(where: { $0.chain == chain })
        else { return nil }
        let brakes = self.brakes(of: contract)
        return passage(way, contract, side, leg.amount, brakes, contract.wait(of: cross, by: brakes))
    }

    /// A step of a peg as the brakes see it here; nil where there are none.
    func passage(_ way: Way, of amount: Amount, under contract: Contract) -> Passage? {
        guard hasBrakes, let side = contract.side(of: chain) else { return nil }
        let brakes = self.brakes(of: contract)
        return passage(way, contract, side, amount, brakes, brakes.wait(first: amount, second: amount))
    }

    private func passage(_ way: Way, _ contract: Contract, _ side: ContractSide, _ amount: Amount, _ brakes: ContractBrakes, _ wait: BrakeWait) -> Passage? {
        guard !brakes.isEmpty else { return nil }
        let own = contract.first.chain == chain ? brakes.first : brakes.second
        return Passage(way: way, contract: contract.id, asset: side.asset, amount: amount, cap: own?.cap, wait: wait)
    }

    /// The brakes that count for a contract: those of the newest version here with the same sides. Nobody gets round them by naming an
    /// older version; what they refuse comes back by R4.
    package func brakes(of contract: Contract) -> ContractBrakes {
        guard hasBrakes else { return ContractBrakes() }
        var newest = contract
        for other in network.contracts where other.id == contract.id && other.version > newest.version && other.hasSides(of: contract) { newest = other }
        for entry in contracts where entry.terms.contract.id == contract.id && entry.terms.contract.version > newest.version {
            if entry.terms.contract.hasSides(of: contract) { newest = entry.terms.contract }
        }
        return newest.brakes
    }

    /// Whether any contract that counts here has brakes.
    func findBrakes() -> Bool { network.contracts.contains { !$0.brakes.isEmpty } || contracts.contains { !$0.terms.contract.brakes.isEmpty } }

    /// Why the cap refuses a payment, or puts it off; nil when it fits.
    func capFault(_ passage: Passage?, at block: OpenBlock) -> Reason? {
        guard let passage, let cap = passage.cap, !cap.isObserved else { return nil }
#if PLANTED_BUGS
        if PlantedBug.capIgnored.isPlanted { return nil }
#endif
        return fits(passage, cap, at: block) ? nil : .capReached
    }

    /// Why a delay puts a payment off that began at a chain time; nil when it has waited.
    func delayFault(_ passage: Passage?, since start: ChainTime, at block: OpenBlock) -> Reason? {
#if PLANTED_BUGS
        if PlantedBug.delayIgnored.isPlanted { return nil }
#endif
        guard let passage else { return nil }
        return LedgerState.elapsed(since: start, at: block) < passage.wait.enforcedMilliseconds ? .delayed : nil
    }

    /// Why a deadline leaves no room for the delay (R1); nil when it does.
    func deadlineFault(_ passage: Passage?, deadline: ChainTime, at block: OpenBlock) -> Reason? {
        guard let passage, passage.wait.enforcedMilliseconds > 0 else { return nil }
        return deadline - block.time <= passage.wait.enforcedMilliseconds ? .deadlineTooNear : nil
    }

    /// Counts a payment that passes, and what brakes in log-only mode would have done to it.
    ///
    /// - Parameter isEarly: whether it would not have waited long enough for a time.
    mutating func pass(_ passage: Passage?, isEarly: (UInt64) -> Bool, at block: OpenBlock) {
        guard let passage else { return }
        let observed = passage.wait.observedMilliseconds
        let early = observed > 0 && isEarly(observed)
        guard passage.cap != nil || early else { return }
        var entry = meter(of: passage.contract, passage.asset) ?? MeterEntry(contract: passage.contract, asset: passage.asset)
        let path = passage.way == .paidIn ? \MeterEntry.paidIn : \MeterEntry.paidOut
        if early { entry[keyPath: path].early += 1 }
        if let cap = passage.cap {
            let isOver = !fits(passage, cap, at: block)
            if isOver, cap.isObserved { entry[keyPath: path].overCap += 1 }
            // What would have been refused would not have counted; what would have been put off would have come later.
            if !(isOver && cap.isObserved && passage.way == .paidIn) { entry[keyPath: path].take(passage.amount, at: block.time, under: cap) }
        }
        write(entry)
    }

    static func elapsed(since start: ChainTime, at block: OpenBlock) -> UInt64 { block.time > start ? block.time - start : 0 }

    private func fits(_ passage: Passage, _ cap: SideBrakes.Cap, at block: OpenBlock) -> Bool {
        let entry = meter(of: passage.contract, passage.asset)
        switch passage.way {
        case .paidIn: return (entry?.paidIn ?? Meter()).hasRoom(for: passage.amount, at: block.time, under: cap)
        case .paidOut: return (entry?.paidOut ?? Meter()).hasRoom(for: passage.amount, at: block.time, under: cap)
        case .appears: return (entry?.paidOut ?? Meter()).isOpen(at: block.time, under: cap)
        }
    }

    // MARK: entries

    /// What has passed under a contract in an asset here, with the effects of the open block; nil before anything was counted.
    package func meter(of contract: String, _ asset: AssetID) -> MeterEntry? {
        meters.first { $0.asset == asset && $0.contract == contract }
    }

    private mutating func write(_ entry: MeterEntry) {
        let place = meters.firstIndex { !MeterEntry.precedes($0, entry) } ?? meters.count
        if place < meters.count, meters[place].contract == entry.contract, meters[place].asset == entry.asset {
            meters[place] = entry
        } else {
            meters.insert(entry, at: place)
        }
    }

    /// The leaves of meters in which two states differ, with their values in the second.
    func meterChanges(from old: [MeterEntry], to new: [MeterEntry]) -> [StateTree.Change] {
        guard old != new else { return [] }
        var changes: [StateTree.Change] = []
        var (left, right) = (old[...], new[...])
        // Both ascend.
        while let next = right.first ?? left.first {
            if let before = left.first, right.isEmpty || MeterEntry.precedes(before, next) {
                changes.append((key: before.stateKey, value: nil))
                left.removeFirst()
                continue
            }
            right.removeFirst()
            let isSame = left.first.map { !MeterEntry.precedes(next, $0) } ?? false
            let before = isSame ? left.removeFirst() : nil
            if before != next { changes.append((key: next.stateKey, value: next.valueHash)) }
        }
        return changes
    }
}

extension MeterEntry {
    var stateKey: Digest { StateKey.meter(contract, asset) }
    var valueHash: Digest { StateKey.valueHash(encoded) }

    /// Meters ascend by contract, then by asset.
    static func precedes(_ left: MeterEntry, _ right: MeterEntry) -> Bool { (left.contract, left.asset) < (right.contract, right.asset) }
}
