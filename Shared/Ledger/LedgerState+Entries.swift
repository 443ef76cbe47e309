import Cryptography
import Wire

/// The only ways in which entries change. Each journals the old value first and keeps the totals.
extension LedgerState {
    /// The place of an account among `slots`; nil when it does not exist.
    @inline(__always)
    func place(of key: PublicKey) -> Int? {
        slotIndex.place(of: key, among: slots)
    }

    /// Opens an account that does not exist yet.
    mutating func insert(_ account: Account) {
        precondition(place(of: account.key) == nil, "an account is opened once")
        slotKeys.append(account.stateKey)
        slots.append(AccountSlot(stamp: stamp, isReserve: network.isReserve(account.key, on: chain), account: account))
        slotIndex.append(slots)
    }

    /// Closes again the accounts opened last, down to `count` accounts.
    mutating func removeAccounts(downTo count: Int) {
        while slots.count > count {
            slotIndex.removeLast(slots)
            slots.removeLast()
            slotKeys.removeLast()
        }
    }

    /// Keeps an account's value from before the open block; to be called before every change of it.
    @inline(__always)
    mutating func touch(_ place: Int) {
        guard slots[place].stamp != stamp else { return }
        journal.accounts.append(.init(place: Int32(place), slot: slots[place]))
        slots[place].stamp = stamp
    }

    /// Takes from an account what it has.
    mutating func debit(_ place: Int, _ amount: Amount, of asset: AssetID) {
        touch(place)
        slots[place].account.balances.take(amount, of: asset)
        totals[totalPlace(asset)].balances -= amount
    }

    /// Gives to an account.
    mutating func credit(_ place: Int, _ amount: Amount, of asset: AssetID) {
        touch(place)
        slots[place].account.balances.add(amount, of: asset)
        totals[totalPlace(asset)].balances += amount
    }

    /// Whether an account may be given an asset without owning more of them than `Limits.assetsPerAccount`.
    ///
    /// Rules that may refuse ask this; R3 and R4 do not, because a resolution is never refused for want of room.
    func hasRoom(_ place: Int, for asset: AssetID) -> Bool {
        let balances = slots[place].account.balances
        return balances.count < Limits.assetsPerAccount || balances.amount(of: asset) > 0
    }

    /// Writes a cross entry, new or changed.
    mutating func write(_ entry: CrossEntry) {
        if let found = crossIndex[entry.xid] {
            let place = Int(found)
            if crosses[place].stamp != stamp {
                journal.crosses.append(.init(place: found, entry: crosses[place].entry))
                crosses[place].stamp = stamp
            }
            countHolds(crosses[place].entry, isAdded: false)
            listHolders(crosses[place].entry, place, isAdded: false)
            crosses[place].entry = entry
            listHolders(entry, place, isAdded: true)
        } else {
            crossIndex[entry.xid] = Int32(crosses.count)
            crosses.append(CrossSlot(entry: entry, stamp: stamp))
            listHolders(entry, crosses.count - 1, isAdded: true)
        }
        countHolds(entry, isAdded: true)
    }

    /// Writes a recorded head.
    mutating func write(_ head: ChainHead) {
        let found = heads.firstIndex { $0.chain == head.chain }
        if !journal.heads.contains(where: { $0.chain == head.chain }) {
            journal.heads.append(.init(chain: head.chain, head: found.map { heads[$0] }))
        }
        if let found { heads[found] = head } else { heads.append(head) }
    }

    /// Puts an old cross entry back; the totals are put back as a whole.
    mutating func restoreCross(_ old: Journal.OldCross) {
        let place = Int(old.place)
        listHolders(crosses[place].entry, place, isAdded: false)
        crosses[place].entry = old.entry
        listHolders(old.entry, place, isAdded: true)
    }

    /// Takes a cross entry, which is about to be cut off, out of the index.
    mutating func forgetCross(_ place: Int) {
        listHolders(crosses[place].entry, place, isAdded: false)
        crossIndex[crosses[place].entry.xid] = nil
    }

    /// Puts an old head back.
    mutating func restoreHead(_ old: Journal.OldHead) {
        heads.removeAll { $0.chain == old.chain }
        if let head = old.head { heads.append(head) }
    }

    /// Counts value that goes behind nodes, or comes back from them.
    mutating func countStaked(_ amount: Amount, isAdded: Bool) {
        guard amount > 0, let asset = description.stake?.asset else { return }
        let place = totalPlace(asset)
        if isAdded { totals[place].staked += amount } else { totals[place].staked -= amount }
    }

    /// Counts what slashing destroys.
    mutating func countBurned(_ amount: Amount) {
        guard amount > 0, let asset = description.stake?.asset else { return }
        totals[totalPlace(asset)].burned += amount
    }

    /// Counts an entry's holds in the totals, or no longer.
    private mutating func countHolds(_ entry: CrossEntry, isAdded: Bool) {
        guard entry.holdStatus == .held else { return }
        for leg in entry.legs {
            let place = totalPlace(leg.asset)
            if isAdded { totals[place].holds += leg.amount } else { totals[place].holds -= leg.amount }
        }
    }

    /// Lists an entry under those it reserves from, or no longer.
    mutating func listHolders(_ entry: CrossEntry, _ place: Int, isAdded: Bool) {
        guard entry.holdStatus == .held else { return }
        for leg in entry.legs {
            if isAdded { holders[leg.debit, default: []].append(Int32(place)) } else { forgetHolder(leg.debit, place) }
        }
    }

    private mutating func forgetHolder(_ account: PublicKey, _ place: Int) {
        guard var places = holders[account], let found = places.firstIndex(of: Int32(place)) else { return }
        places.remove(at: found)
        holders[account] = places.isEmpty ? nil : places
    }

    /// The place of an asset that somebody owns.
    @inline(__always)
    private func totalPlace(_ asset: AssetID) -> Int {
        if let first = totals.first, first.asset == asset { return 0 }
        guard let place = totals.firstIndex(where: { $0.asset == asset }) else {
            preconditionFailure("\(asset) is owned but is not in the supply")
        }
        return place
    }
}
