import Cryptography
import Determinism
import Wire

extension LedgerState {
    /// Opens the next block.
    ///
    /// - Parameter time: the block's chain time, in Unix milliseconds.
    /// - Parameter slot: its slot, and the hash of its parent: they settle electorates; 0 settles none.
    /// - Precondition: none is open, `height` is the next one and `time` is past the last block's.
    package mutating func begin(height: Height, time: ChainTime, slot: Slot = 0, parent: Digest = .zero) {
        precondition(open == nil, "a block is open already")
        precondition(height == self.height + 1, "block \(height) does not follow block \(self.height)")
        precondition(time > self.time, "chain time is strictly increasing")
        open = OpenBlock(height: height, time: time, slot: slot, parent: parent)
        stamp += 1
        journal = spareJournal
        spareJournal = Journal()
        journal.accountCount = slots.count
        journal.crossCount = crosses.count
        journal.offenceCount = offences.count
        journal.joinedCount = joined.count
        journal.epochs = epochs
        journal.stakes = stakes
        journal.closings = closings
        journal.contracts = contracts
        journal.lanes = lanes
        journal.meters = meters
        journal.pauses = pauses
        journal.bridgeCount = bridgeItems.count
        journal.totals = totals
        journal.height = self.height
        journal.time = self.time
        journal.root = tree.root
        releaseStakes(at: time)
#if PLANTED_BUGS
        if PlantedBug.tallyAfterCut.isPlanted { return }
#endif
        // Ballots of the first block past the cut come too late, as do those of all after it.
        if description.election != nil { settleElectorate(OpenBlock(height: height, time: time, slot: slot, parent: parent)) }
    }

    /// Applies one transaction to the open block. It takes effect wholly or not at all.
    ///
    /// Signatures are the caller's business (`StateCheck.signatureChecks`), and so are the headers in `foreign`.
    /// - Precondition: a block is open.
    package mutating func apply(_ transaction: Transaction, foreign: ForeignBlocks) -> Application {
        guard let block = open else { preconditionFailure("a transaction is applied to an open block") }
        switch transaction.kind {
        case .transfer(let transfer): return applyTransfer(transfer)
        case .register(let register): return applyRegister(register)
        case .open(let cross): return applyOpen(cross, at: block)
        case .confirm(let confirm): return applyConfirm(confirm, at: block, foreign: foreign)
        case .refuse(let refuse): return applyRefuse(refuse, at: block)
        case .cancel(let cancel): return applyCancel(cancel, at: block)
        case .settle(let resolution): return applySettle(resolution, at: block, foreign: foreign)
        case .refund(let resolution): return applyRefund(resolution, at: block, foreign: foreign)
        case .record(let record): return applyRecord(record)
        case .evidence(let offence) where chain == .notary: return applyEvidence(offence, at: block)
        case .evidence(let offence): return applySlashing(offence, at: block)
        case .bond(let order): return applyBond(order)
        case .unbond(let order): return applyUnbond(order, at: block)
        case .candidacy(let candidacy): return applyCandidacy(candidacy)
        case .ballot(let ballot): return applyBallot(ballot)
        case .closing(let closing): return applyClosing(closing)
        case .status(let change): return applyStatus(change, at: block)
        case .deploy(let deploy): return applyDeploy(deploy, at: block)
        case .adopt(let adopt): return applyAdopt(adopt, foreign: foreign)
        case .lock(let order): return applyBridgeOrder(order, .locked, id: transaction.id, at: block)
        case .redeem(let order): return applyBridgeOrder(order, .redeemed, id: transaction.id, at: block)
        case .join(let join): return applyJoin(join, at: block)
        case .issue(let proof): return applyBridgeProof(proof, .issued, at: block, foreign: foreign)
        case .release(let proof): return applyBridgeProof(proof, .released, at: block, foreign: foreign)
        case .pause(let pause): return applyPause(pause, at: block)
        case .heed(let heed): return applyHeed(heed, foreign: foreign)
        }
    }

    /// Closes the open block, checks conservation (rule R6, invariant 1) and brings the state tree up to date.
    ///
    /// - Returns: the root after the block.
    /// - Precondition: a block is open, and every asset is conserved.
    package mutating func commit() -> Digest {
        guard let block = open else { preconditionFailure("an open block is committed") }
        settleElectorate(block)
        for total in totals {
            precondition(total.isConserved, "block \(block.height) of \(chain) does not conserve \(total.asset)")
        }
        tree.update(changes())
        undoRecords.append(journal)
        journal = Journal()
        height = block.height
        time = block.time
        open = nil
        return tree.root
    }

    /// Drops the open block and everything it did.
    ///
    /// - Precondition: a block is open.
    package mutating func abandon() {
        precondition(open != nil, "an open block is abandoned")
        restore(journal)
        journal = Journal()
        open = nil
    }

    /// How many committed blocks can be taken back.
    package var undoDepth: Int { undoRecords.count }

    /// Takes back the last committed block: state, height, time and root are what they were before it.
    ///
    /// - Precondition: no block is open and `undoDepth` is above 0.
    package mutating func undo() {
        precondition(open == nil, "an open block is abandoned before others are taken back")
        guard let record = undoRecords.popLast() else { preconditionFailure("there is no block to take back") }
        tree.update(inverseChanges(record))
        precondition(tree.root == record.root, "a block taken back leaves the root that was before it")
        restore(record)
        height = record.height
        time = record.time
    }

    /// Forgets how to take back all but the last `count` blocks; those before are final.
    package mutating func forgetUndo(keepingLast count: Int) {
        precondition(count >= 0, "a count is not negative")
        guard undoRecords.count > count else { return }
        spareJournal = undoRecords[0]
        undoRecords.removeFirst(undoRecords.count - count)
        spareJournal.empty()
    }

    /// The leaves that the open block changed, with their new values.
    private func changes() -> [StateTree.Change] {
        var changes: [StateTree.Change] = []
        changes.reserveCapacity(journal.accounts.count + slots.count - journal.accountCount + 16)
        for old in journal.accounts { changes.append(accountChange(Int(old.place))) }
        for place in journal.accountCount..<slots.count { changes.append(accountChange(place)) }
#if PLANTED_BUGS
        if PlantedBug.crossNotInRoot.isPlanted { return changes }
#endif
        for old in journal.crosses { changes.append(crossChange(Int(old.place))) }
        for place in journal.crossCount..<crosses.count { changes.append(crossChange(place)) }
        for offence in offences[journal.offenceCount...] { changes.append((key: offence.stateKey, value: offence.valueHash)) }
        for old in journal.heads {
            changes.append((key: StateKey.head(old.chain), value: head(of: old.chain)?.valueHash))
        }
        appendElectoral(&changes, from: (journal.epochs, journal.stakes), to: (epochs, stakes))
        changes += electionChanges() + closingChanges(from: journal.closings, to: closings)
        changes += contractChanges(from: journal.contracts, to: contracts) + laneChanges(from: journal.lanes, to: lanes)
            + meterChanges(from: journal.meters, to: meters) + pauseChanges(from: journal.pauses, to: pauses)
        for item in bridgeItems[journal.bridgeCount...] { changes.append((key: item.stateKey, value: item.valueHash)) }
        for entry in joined[journal.joinedCount...] { changes.append((key: entry.stateKey, value: entry.valueHash)) }
        for old in journal.statuses {
            changes.append((key: StateKey.status(old.chain), value: status(of: old.chain)?.valueHash))
        }
        return changes
    }

    private func accountChange(_ place: Int) -> StateTree.Change {
        (key: slotKeys[place], value: slots[place].account.valueHash)
    }

    private func crossChange(_ place: Int) -> StateTree.Change {
        let entry = crosses[place].entry
        return (key: entry.stateKey, value: entry.valueHash)
    }

    /// The leaves that a committed block changed, with the values before it.
    private func inverseChanges(_ record: Journal) -> [StateTree.Change] {
        var changes: [StateTree.Change] = []
        for old in record.accounts { changes.append((key: slotKeys[Int(old.place)], value: old.slot.account.valueHash)) }
        for place in record.accountCount..<slots.count { changes.append((key: slotKeys[place], value: nil)) }
        for old in record.crosses { changes.append((key: old.entry.stateKey, value: old.entry.valueHash)) }
        for place in record.crossCount..<crosses.count { changes.append((key: crosses[place].entry.stateKey, value: nil)) }
        for offence in offences[record.offenceCount...] { changes.append((key: offence.stateKey, value: nil)) }
        for old in record.heads { changes.append((key: StateKey.head(old.chain), value: old.head?.valueHash)) }
        appendElectoral(&changes, from: (epochs, stakes), to: (record.epochs, record.stakes))
        changes += inverseElectionChanges(record) + closingChanges(from: closings, to: record.closings)
        changes += contractChanges(from: contracts, to: record.contracts) + laneChanges(from: lanes, to: record.lanes)
            + meterChanges(from: meters, to: record.meters) + pauseChanges(from: pauses, to: record.pauses)
        for item in bridgeItems[record.bridgeCount...] { changes.append((key: item.stateKey, value: nil)) }
        for entry in joined[record.joinedCount...] { changes.append((key: entry.stateKey, value: nil)) }
        for old in record.statuses { changes.append((key: StateKey.status(old.chain), value: old.status?.valueHash)) }
        return changes
    }

    /// The leaves of epochs and stakes in which two states differ, with their values in the second.
    private func appendElectoral(
        _ changes: inout [StateTree.Change], from old: (epochs: [EpochEntry], stakes: [StakeEntry]),
        to new: (epochs: [EpochEntry], stakes: [StakeEntry])
    ) {
        for entry in old.epochs where !new.epochs.contains(where: { $0.epoch == entry.epoch }) {
            changes.append((key: entry.stateKey, value: nil))
        }
        for entry in new.epochs where !old.epochs.contains(entry) { changes.append((key: entry.stateKey, value: entry.valueHash)) }
        for (before, after) in zip(old.stakes, new.stakes) where before != after {
            changes.append((key: after.stateKey, value: after.valueHash))
        }
    }

    /// Puts every old value back. The tree is not touched.
    private mutating func restore(_ record: Journal) {
        for old in record.accounts { slots[Int(old.place)] = old.slot }
        removeAccounts(downTo: record.accountCount)
        for old in record.crosses { restoreCross(old) }
        for place in record.crossCount..<crosses.count { forgetCross(place) }
        crosses.removeSubrange(record.crossCount...)
        for offence in offences[record.offenceCount...] { offenceIndex[offence.entry.id] = nil }
        offences.removeSubrange(record.offenceCount...)
        for old in record.heads { restoreHead(old) }
        epochs = record.epochs
        stakes = record.stakes
        closings = record.closings
        if contracts.count != record.contracts.count { contracts = record.contracts }
        lanes = record.lanes
        meters = record.meters
        pauses = record.pauses
        removeBridgeItems(downTo: record.bridgeCount)
        joined.removeSubrange(record.joinedCount...)
        restoreElection(record)
        for old in record.statuses { restoreStatus(old) }
        totals = record.totals
    }
}
