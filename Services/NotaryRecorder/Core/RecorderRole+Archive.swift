import Chain
import Crypto
import Determinism
import Ledger
import RoleKit
import Wire

/// Reads the archive back in, chain by chain.
struct Recovery: Sendable {
    private var chains: [ChainID]
    /// Position of the chain being read.
    var position = 0
    var nextHeight: Height = 1
    var head: Digest?
    var height: Height = 0
    var isDone: Bool { position >= chains.count }

    /// Rows read at once.
    static let batch = 256

    init(chains: [ChainID]) { self.chains = chains }
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
        for row in rows {
            guard let item = try? FinalBlock(decoding: row.value, network: network.id), item.final != nil else {
                preconditionFailure("archive \(recovery.position), row \(row.key), cannot be read: restore the folder from a backup or empty it")
            }
            take(item, position: recovery.position)
            recovery.height = row.key
            recovery.head = item.block.hash
            recovery.nextHeight = row.key + 1
        }
        if rows.count == Recovery.batch { return [readArchive()] }
        let position = recovery.position
        followers.append(
            ChainFollower(
                network: network, chain: chains[position], verify: context.verify, height: recovery.height, head: recovery.head,
                timer: Timers.follower + UInt8(position), calls: Calls.follower + UInt64(position) << 40,
                preferred: chains[position] == .notary ? context.address.node : nil))
        recovery.position += 1
        recovery.nextHeight = 1
        recovery.height = 0
        recovery.head = nil
        if !recovery.isDone { return [readArchive()] }
        var effects: [RoleEffect] = []
        for position in followers.indices {
            let step = followers[position].started(at: now)
            effects += step.effects
        }
        return effects
    }

    /// Archives blocks that have become final, before anything else is done with them.
    mutating func adopt(_ blocks: [FinalBlock], position: Int, at now: Moment) -> [RoleEffect] {
        guard !blocks.isEmpty else { return [] }
        var operations: [StoreOperation] = []
        for item in blocks {
            operations.append(.put(RecorderRole.archive(position), key: item.block.header.height, value: item.encoded))
            take(item, position: position)
        }
        if chains[position] == .notary { operations.append(.forgetVotes(below: tree.finalSlot)) }
        return [.persist(operations)] + work(at: now)
    }

    /// Indexes a final block and does to the notary chain's state what it says.
    private mutating func take(_ item: FinalBlock, position: Int) {
        guard let final = item.final else { preconditionFailure("only final blocks are archived") }
        index.add(item.block, position: position)
        steps.final(item.block)
        guard chains[position] == .notary else {
            if !isRecorded(item.block.header), !unrecorded.isFull(position),
                unrecorded.newestHeight(position).map({ $0 + 1 == item.block.header.height }) ?? true
            {
                unrecorded.append(
                    Record(final: final, crosses: item.block.transactions.compactMap(CrossData.init)), position: position)
            }
            return
        }
        guard case .valid = tree.validate(item.block) else {
            preconditionFailure("the notary chain made a block final that is invalid here: \(item.block.hash)")
        }
        _ = tree.finalize(item.block.hash)
        proposed = proposed.filter { $0.key > tree.finalSlot }
        if let slot = proposal?.lead.slot, slot <= tree.finalSlot { proposal = nil }
        for transaction in item.block.transactions {
            guard case .record(let record) = transaction.kind else { continue }
            unrecorded.forget(record.final.header.chain, through: record.final.header.height)
            index.recorded(record.final.hash, at: item.block.header.height)
        }
    }

    private func isRecorded(_ header: BlockHeader) -> Bool {
        (tree.ledger.head(of: header.chain)?.height ?? 0) >= header.height
    }
}
