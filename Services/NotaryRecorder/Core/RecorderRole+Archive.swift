import Chain
import Crypto
import Determinism
import Ledger
import RoleKit
import Wire

/// Reads the archive back in, chain by chain: the notary chain first, so that it is known what is recorded.
struct Recovery: Sendable {
    private var order: [Int]
    /// Followers of the chains read so far, by position.
    var followers: [Int: ChainFollower] = [:]
    var nextHeight: Height = 1
    var head: Digest?
    var height: Height = 0
    var isDone: Bool { order.isEmpty }
    /// Position of the chain being read.
    var position: Int { order[0] }

    /// Rows read at once.
    static let batch = 256

    init(chainCount: Int) { order = [chainCount - 1] + Array(0..<(chainCount - 1)) }

    /// The chain at `position` has been read.
    mutating func finish(_ follower: ChainFollower) {
        followers[position] = follower
        order.removeFirst()
        nextHeight = 1
        height = 0
        head = nil
    }
}

extension RecorderRole {
    mutating func recover(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return [readArchive()]
        case .rows(_, let rows): return recovered(rows, at: now)
        case .requested(_, let token, _): return [.reply(token: token, .failure(.notReady, detail: "the archive is being read"))]
        default: return []
        }
    }

    private mutating func readArchive() -> RoleEffect {
        .read(token: nextToken(), RecorderRole.archive(recovery.position), from: recovery.nextHeight, limit: Recovery.batch)
    }

    private mutating func recovered(_ rows: [StoredRow], at now: Moment) -> [RoleEffect] {
        var isWhole = true
        for row in rows {
            // What follows a hole or a damaged block is fetched again with it.
            guard row.key == recovery.nextHeight, !row.isDamaged else {
                isWhole = false
                break
            }
            guard let item = try? FinalBlock(decoding: row.value, network: network.id), item.final != nil else {
                return [.unusable(StoredFault(RecorderRole.archive(recovery.position), key: row.key, "this block cannot be read"))]
            }
            take(item, position: recovery.position)
            recovery.height = row.key
            recovery.head = item.block.hash
            recovery.nextHeight = row.key + 1
        }
        if isWhole, rows.count == Recovery.batch { return [readArchive()] }
        let position = recovery.position
        recovery.finish(
            ChainFollower(
                network: network, chain: chains[position], verify: context.verify, height: recovery.height, head: recovery.head,
                timer: Timers.follower + UInt8(position), calls: Calls.follower + UInt64(position) << 40,
                preferred: chains[position] == .notary ? context.address.node : nil))
        if !recovery.isDone { return [readArchive()] }
        followers = chains.indices.compactMap { recovery.followers[$0] }
        var effects: [RoleEffect] = []
        for position in followers.indices { effects += followers[position].started(at: now).effects }
        return effects + work(at: now)
    }

    /// Archives blocks that have become final, before anything else is done with them.
    mutating func adopt(_ blocks: [FinalBlock], position: Int, at now: Moment) -> [RoleEffect] {
        guard !blocks.isEmpty else { return [] }
        var operations: [StoreOperation] = []
        for item in blocks {
            operations.append(.put(RecorderRole.archive(position), key: item.block.header.height, value: item.encoded))
            recent.insert(item, at: .init(position: position, height: item.block.header.height))
            take(item, position: position)
        }
        if chains[position] == .notary { operations.append(.forgetVotes(below: tree.finalSlot)) }
        return [.persist(operations)] + told(blocks, position: position) + work(at: now)
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
    private mutating func take(_ item: FinalBlock, position: Int) {
        precondition(item.final != nil, "only final blocks are archived")
        index.add(item.block, position: position)
        steps.final(item.block)
        guard chains[position] == .notary else {
            offer(item, position: position)
            return
        }
        guard case .valid = tree.validate(item.block) else {
            preconditionFailure("the notary chain made a block final that is invalid here: \(item.block.hash)")
        }
        _ = tree.finalize(item.block.hash)
        proposed = proposed.filter { $0.key > tree.finalSlot }
        if let slot = proposal?.lead.slot, slot <= tree.finalSlot { proposal = nil }
        for transaction in item.block.transactions {
            if case .evidence(let offence) = transaction.kind { offences.forget(offence.entry.id) }
            guard case .record(let record) = transaction.kind else { continue }
            unrecorded.forget(record.final.header.chain, through: record.final.header.height)
            index.recorded(record.final.header, at: item.block.header.height)
        }
    }

    /// Keeps a block for the record when it continues what is kept; what finds no room is read from the archive later.
    private mutating func offer(_ item: FinalBlock, position: Int) {
        guard let final = item.final, item.block.header.height > recordedHeight(item.block.header.chain), !unrecorded.isFull(position),
            unrecorded.newestHeight(position).map({ $0 + 1 == item.block.header.height }) ?? true
        else { return }
        unrecorded.append(Record(final: final, crosses: item.block.transactions.compactMap(CrossData.init)), position: position)
    }

    /// Newest height of a chain that the final notary chain records.
    func recordedHeight(_ chain: ChainID) -> Height {
        index.recordedHeights[chain] ?? 0
    }

    /// Reads from the archive what should be recorded next and is not in memory.
    mutating func refill() -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for (position, chain) in network.chains.map(\.id).enumerated() {
            let next = recordedHeight(chain) + 1
            guard followers[position].height >= next, unrecorded.lacks(next, position: position), !refills.values.contains(position) else {
                continue
            }
            let read = nextToken()
            refills[read] = position
            effects.append(.read(token: read, RecorderRole.archive(position), from: next, limit: Recovery.batch))
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
        for final in blocks.compactMap(\.final) {
            unrecorded.endorse(final.header.chain, height: final.header.height, block: final.hash)
        }
        return work(at: now)
    }
}
