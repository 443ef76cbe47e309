import Cryptography
import Determinism
import Wire

/// Pauses (docs/protocol.md, G-5 to G-7): notaries stop new business with a chain, a contract or an asset, on the notary chain, and every
/// sub-chain takes that in by proof. What is held is resolved all the same.
extension LedgerState {
    /// The notary chain changes how far a target is stopped.
    ///
    /// The caller has checked the consents' signatures; who gave them is checked by `StateCheck`. Reasons are found in this order: wrongChain;
    /// recordInvalid for a target that the network does not have; duplicateTransaction for a change that is older than the target's last one,
    /// notReady for one that is not the next; recordInvalid when it changes nothing; overloaded for too many targets; epochUnknown, notAllowed
    /// and consentMissing for the consents.
    mutating func applyPause(_ pause: Pause, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        let change = pause.change
        guard hasTarget(change.target) else { return .invalid(.recordInvalid) }
        let before = self.pause(of: change.target)
        let last = before?.number ?? 0
        guard change.number > last else { return .invalid(.duplicateTransaction) }
        guard change.number == last + 1 else { return .invalid(.notReady) }
        guard change.level != before?.level ?? .open else { return .invalid(.recordInvalid) }
        guard before != nil || pauses.count < Limits.pauseTargets else { return .invalid(.overloaded) }
        guard let notaries = notaries(of: block.slot) else { return .invalid(.epochUnknown) }
        if let reason = StateCheck.fault(in: pause, from: before?.level ?? .open, notaries: notaries) { return .invalid(reason) }
        write(PauseEntry(target: change.target, level: change.level, number: change.number, notaryHeight: block.height))
        return .applied
    }

    /// A sub-chain takes in how far a target is stopped, as the notary chain's state has it.
    ///
    /// Reasons are found in this order: wrongChain on the notary chain, duplicateTransaction when the chain has this change or a newer one, those
    /// of the evidence (`EvidenceCheck.pause`).
    mutating func applyHeed(_ heed: Heed, foreign: ForeignBlocks) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        let before = pause(of: heed.target)
        guard heed.number > before?.number ?? 0 else { return .invalid(.duplicateTransaction) }
        switch EvidenceCheck.pause(heed.target, number: heed.number, in: heed.evidence, foreign: foreign) {
        case .failure(let reason): return .invalid(reason)
        case .success(var entry):
            entry.observed = before?.observed ?? 0
            write(entry)
            return .applied
        }
    }

    /// A chain leaves: new business with it stops everywhere, as by a pause that nobody ends (J-7). Where there is no room for it, holds for the chain are
    /// refunded instead, as by any freeze.
    mutating func stopBusiness(with chain: ChainID, at height: Height) {
        let target = PauseTarget.chain(chain)
        let before = pause(of: target)
        guard before?.level != .paused, before != nil || pauses.count < Limits.pauseTargets else { return }
        write(PauseEntry(target: target, level: .paused, number: (before?.number ?? 0) + 1, notaryHeight: height))
    }

    /// Whether a target may be stopped, as far as there is such a thing, and room for it.
    package func mayPause(_ target: PauseTarget) -> Bool { hasTarget(target) && (pause(of: target) != nil || pauses.count < Limits.pauseTargets) }

    /// Whether the network has what a pause is about. Which assets a chain will ever have, nobody knows beforehand.
    private func hasTarget(_ target: PauseTarget) -> Bool {
        switch target {
        case .chain(let chain), .asset(let chain, _): chain != .notary && subChain(chain) != nil && status(of: chain)?.hasLeft != true
        case .contract(let id): id == Agreement.id || newestVersion(of: id) != nil
        }
    }

    /// Why a cross transaction is stopped here; nil when it is not.
    func pauseFault(_ cross: CrossTransaction) -> Reason? { isStopped { $0.concerns(cross) } ? .paused : nil }

    /// Why a step of a peg is stopped here; nil when it is not.
    func pauseFault(_ peg: Contract) -> Reason? { isStopped { $0.concerns(peg) } ? .paused : nil }

    private func isStopped(where concerns: (PauseTarget) -> Bool) -> Bool {
#if PLANTED_BUGS
        if PlantedBug.pauseIgnored.isPlanted { return false }
#endif
        return pauses.contains { $0.level == .paused && concerns($0.target) }
    }

    /// Counts what passes and would be stopped if what is observed were paused.
    mutating func countObserved(where concerns: (PauseTarget) -> Bool) {
        for entry in pauses where entry.level == .observed && concerns(entry.target) {
            var counted = entry
            counted.observed += 1
            write(counted)
        }
    }

    /// Whether a pause of a target stops a transaction that would take effect: R1, R2 and the steps of pegs, and nothing else.
    package func isStopped(_ transaction: Transaction, by target: PauseTarget) -> Bool {
        func stops(_ id: String, _ version: UInt32) -> Bool { terms(id, version: version).map { target.concerns($0) } ?? false }
        return switch transaction.kind {
        case .open(let cross): target.concerns(cross)
        case .confirm(let confirm): target.concerns(confirm.cross)
        case .lock(let order), .redeem(let order): stops(order.contract, order.version)
        case .issue(let proof), .release(let proof): stops(proof.contract, proof.version)
        default: false
        }
    }

    // MARK: entries

    /// How far a target is stopped here, with the effects of the open block; nil when it never was.
    package func pause(of target: PauseTarget) -> PauseEntry? { pauses.first { $0.target == target } }

    private mutating func write(_ entry: PauseEntry) {
        let place = pauses.firstIndex { !PauseEntry.precedes($0, entry) } ?? pauses.count
        if place < pauses.count, pauses[place].target == entry.target { pauses[place] = entry } else { pauses.insert(entry, at: place) }
    }

    /// The leaves of pauses in which two states differ, with their values in the second.
    func pauseChanges(from old: [PauseEntry], to new: [PauseEntry]) -> [StateTree.Change] {
        guard old != new else { return [] }
        let gone = old.filter { entry in !new.contains { $0.target == entry.target } }
        return gone.map { (key: $0.stateKey, value: nil) } + new.filter { !old.contains($0) }.map { (key: $0.stateKey, value: $0.valueHash) }
    }
}

extension PauseEntry {
    var stateKey: Digest { StateKey.pause(target) }
    var valueHash: Digest { StateKey.valueHash(encoded) }

    /// Pauses ascend by their targets' names.
    static func precedes(_ left: PauseEntry, _ right: PauseEntry) -> Bool { left.target.name.lexicographicallyPrecedes(right.target.name) }
}

extension StateCheck {
    /// Who has to consent: more notaries than may lie to stop more, a quorum to stop less, each once and in network order.
    ///
    /// - Parameter notaries: of the slot whose block holds the change.
    package static func fault(in pause: Pause, from level: PauseLevel, notaries: Electorate) -> Reason? {
        var positions: [Int] = []
        for consent in pause.consents {
            guard let position = notaries.position(of: consent.key), position > positions.last ?? -1 else { return .notAllowed }
            positions.append(position)
        }
        let isEnough = pause.change.level > level ? notaries.weight(of: positions) > notaries.faultyWeight : notaries.isQuorum(positions)
        return isEnough ? nil : .consentMissing
    }
}

extension EvidenceCheck {
    /// The entry that `evidence` shows of a target on the notary chain, with its change of that number.
    ///
    /// - Returns: reasons as of `finding`; notReady when the notary chain had none.
    package static func pause(_ target: PauseTarget, number: UInt64, in evidence: StateEvidence, foreign: ForeignBlocks) -> Result<PauseEntry, Reason> {
        guard let header = foreign[evidence.block] else { return .failure(.evidenceMissing) }
        guard header.chain == .notary, root(of: evidence.proof, for: StateKey.pause(target)) == header.stateRoot else { return .failure(.evidenceInvalid) }
        guard let value = evidence.proof.value else { return .failure(.notReady) }
        guard let entry = PauseEntry(decoding: value), entry.target == target, entry.number == number, entry.notaryHeight <= header.height else {
            return .failure(.evidenceInvalid)
        }
        return .success(entry)
    }
}
