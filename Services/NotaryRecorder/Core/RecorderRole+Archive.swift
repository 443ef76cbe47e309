import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension RecorderRole {
    /// Archives blocks that have become final, before anything else is done with them.
    mutating func adopt(_ blocks: [FinalBlock], position: Int, at now: Moment) -> [RoleEffect] {
        guard let first = blocks.first else { return [] }
        let refused = blocks.first { !isAcceptable($0.block.header) }?.block.header
        let blocks = blocks.prefix { $0.block.header.height < refused?.height ?? .max }
        var operations: [StoreOperation] = []
        var effects: [RoleEffect] = refused.map { refollow(position, from: $0.height - 1, $0.parent, isOwnFirst: isAgainstOwn($0)) } ?? []
        precondition(first.block.header.chain == chains[position], "blocks are archived with their chain")
        lastFinalMilliseconds[position] = now.monotonicMilliseconds
        let newestSnapshot = snapshots.newest
        for item in blocks {
            operations.append(.put(RecorderRole.archive(position), key: item.block.header.height, value: item.encoded))
            recent.insert(item, at: .init(position: position, height: item.block.header.height))
            effects += take(item, position: position, at: now)
        }
        if chains[position] == .notary { operations.append(.forgetVotes(below: tree.finalSlot)) }
        // With a snapshot the index goes to disk, so that a start never needs to read a block below both.
        if index.isFull || snapshots.newest > newestSnapshot { operations += index.flush() }
        operations = takeRewound() + operations
        return [.persist(operations)] + effects + told(Array(blocks), position: position) + sayRecorded(in: Array(blocks), position: position) + work(at: now)
    }

    /// People are told, by every notary, of offences that are recorded.
    private func told(_ blocks: [FinalBlock], position: Int) -> [RoleEffect] {
        guard chains[position] == .notary else { return [] }
        return blocks.flatMap { item in
            item.block.transactions.compactMap { transaction in
                guard case .evidence(let offence) = transaction.kind else { return nil }
                return announce(offence, at: item.block.header.height)
            }
        }
    }

    /// Indexes a final block and does to the notary chain's state what it says.
    private mutating func take(_ item: FinalBlock, position: Int, at now: Moment) -> [RoleEffect] {
        guard let final = item.final else { preconditionFailure("only final blocks are archived") }
        index.add(item.block, position: position)
        steps.final(item.block)
        guard chains[position] == .notary else {
            offer(item, position: position)
            return []
        }
        guard case .valid = tree.validate(item.block, isFinal: true) else {
            preconditionFailure("the notary chain made a block final that is invalid here: \(item.block.hash)")
        }
        _ = tree.finalize(item.block.hash)
        notaryFinal = item.final
        var effects: [RoleEffect] = []
        proposed = proposed.filter { $0.key > tree.finalSlot }
        if let slot = proposal?.lead.slot, slot <= tree.finalSlot { proposal = nil }
        var joining: [ChainID] = []
        for transaction in item.block.transactions {
            if case .join(let join) = transaction.kind { joining.append(join.body.chain.id) }
            if case .evidence(let offence) = transaction.kind {
                offences.forget(offence.entry.id)
                if offence.entry.kind == .twoFinals { recordedForks.append(offence.entry) }
            }
            guard case .record(let record) = transaction.kind else { continue }
            let header = record.final.header
            recordedTimes[header.chain] = header.time
            if let own = unrecorded.final(of: header.chain, at: header.height), own.hash != header.hash, let position = chains.firstIndex(of: header.chain) {
                // Of a mined chain only what is recorded is archived: nothing there has gone another way.
                if isMined(position) {
                    unrecorded.truncate(from: header.height, position: position)
                } else {
                    effects += refollow(position, from: header.height - 1, header.parent)
                }
            }
            unrecorded.forget(record.final.header.chain, through: record.final.header.height)
            recordedHeights[record.final.header.chain] = record.final.header.height
        }
        forgetNominations()
        effects += desk.settle(&tree, final)?.effects ?? []
        return effects + take(joining) + sayRecords(final) + obey(view.read(item.block), at: now) + snapshots.follow(item.block, final, &tree)
    }

    /// Keeps a block for the record when it continues what is kept; what finds no room is read from the archive later.
    private mutating func offer(_ item: FinalBlock, position: Int) {
        guard let final = item.final, !isMined(position), item.block.header.height > recordedHeight(item.block.header.chain), !unrecorded.isFull(position),
            unrecorded.newestHeight(position).map({ $0 + 1 == item.block.header.height }) ?? true
        else { return }
        unrecorded.append(Record(final: final, crosses: item.block.transactions.compactMap(CrossData.init)), position: position)
    }

    /// Newest height of a chain that the final notary chain records.
    func recordedHeight(_ chain: ChainID) -> Height {
        recordedHeights[chain] ?? 0
    }

    /// Blocks read at once for the record.
    private static let refillBlocks = 256

    /// Reads from the archive what should be recorded next and is not in memory.
    mutating func refill() -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for (position, chain) in subChains {
            let next = recordedHeight(chain) + 1
            // A block of a mined chain is final when it is recorded, and not before: its validator says what may be.
            guard !isMined(position), followers[position].height >= next, unrecorded.lacks(next, position: position), !refills.values.contains(position) else {
                continue
            }
            let read = nextToken()
            refills[read] = position
            effects.append(.read(token: read, RecorderRole.archive(position), from: next, limit: RecorderRole.refillBlocks))
        }
        return effects
    }

    mutating func refilled(_ rows: [StoredRow], position: Int, at now: Moment) -> [RoleEffect] {
        unrecorded.clear(position: position)
        let (whole, effects) = repairs[position].sift(rows, head: head(position))
        for row in whole {
            guard let item = try? FinalBlock(decoding: row.value, network: network.id) else { break }
            offer(item, position: position)
        }
        // What is being repaired is not read again at once.
        return whole.count < rows.count ? effects : effects + work(at: now)
    }

    /// The newest block of the archive of a chain.
    func head(_ position: Int) -> (height: Height, hash: Digest) { (followers[position].height, followers[position].head) }

    /// Asks this notary's validators what they follow where the next record waits for that (R7): needed after a restart,
    /// when what they said before is gone.
    mutating func askBranches() -> [RoleEffect] {
        isEndorseTimerSet = false
        return unrecorded.unendorsed(after: recordedHeight).map { lane in
            RoleEffect.call(
                Calls.branch + nextToken(), service: Service.name(.validator, chain: lane.chain, node: context.address.node),
                .fetchBlocks(chain: lane.chain, from: lane.height, limit: Limits.blocksPerAnswer),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        }
    }

    mutating func branchAnswered(_ response: Response, at now: Moment) -> [RoleEffect] {
        guard case .blocks(let blocks, _) = response else { return [] }
        return blocks.compactMap(\.final).flatMap { endorse($0.header.chain, height: $0.header.height, $0.hash) } + work(at: now)
    }
}
