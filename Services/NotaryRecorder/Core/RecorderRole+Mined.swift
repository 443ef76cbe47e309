import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension RecorderRole {
    /// Whether the chain at a position is a mined one, whose blocks become final by being recorded.
    func isMined(_ position: Int) -> Bool { network.stored[position].engine == .pow }

    /// This notary's validator knows a notarized block of a mined chain; it would have it recorded if the block is confirmed.
    mutating func confirmed(_ block: Notarized, at now: Moment) -> [RoleEffect] {
        let header = block.header
        guard let position = chains.firstIndex(of: header.chain), isMined(position), block.isConfirmed else { return [] }
        let final = FinalHeader(
            header: header, builderSignature: block.certified.builderSignature, notary: block.certified.notary, finality: .pending)
        unrecorded.confirm(Record(final: final, crosses: block.crosses), after: recordedHeight(header.chain), position: position)
        return work(at: now)
    }

    /// Tells the nodes of mined chains what of theirs these final notary blocks have recorded: that makes it final (S852).
    mutating func sayRecorded(in blocks: [FinalBlock], position: Int) -> [RoleEffect] {
        guard chains[position] == .notary else { return [] }
        let recorded = Set(
            blocks.flatMap { item in
                item.block.transactions.compactMap { transaction -> ChainID? in
                    guard case .record(let record) = transaction.kind else { return nil }
                    return record.final.header.chain
                }
            })
        // Where notaries are elected, a validator that was started anew signs nothing before it has heard how far its chain is recorded.
        let isAlwaysSaid = network.notary.election != nil
        return network.chains.filter { $0.engine == .pow && (recorded.contains($0.id) || isAlwaysSaid && recordedHeight($0.id) > 0) }.map {
            .publish(.recorded($0.id), .recorded(newestRecord(of: $0.id)))
        }
    }

    /// What the final notary chain has recorded of a chain, with what shows it.
    mutating func newestRecord(of chain: ChainID) -> Recorded {
        tree.moveToFinal()
        guard let notaryFinal, tree.ledger.head(of: chain) != nil else { return Recorded(chain: chain, head: nil) }
        return Recorded(chain: chain, head: RecordedHead(notary: notaryFinal, proof: tree.ledger.proofOfHead(chain)))
    }
}

extension UnrecordedBlocks {
    /// A block of a mined chain lies deep enough in the heaviest branch. Another one of its height, with what follows it, gives way:
    /// nothing has been signed that relies on it.
    mutating func confirm(_ record: Record, after recorded: Height, position: Int) {
        let header = record.final.header
        guard header.height > recorded else { return }
        if let first = firstHeight(position), header.height < first { clear(position: position) }
        if let present = final(of: header.chain, at: header.height) {
            guard present.hash != header.hash else { return }
            truncate(from: header.height, position: position)
        }
        let next = newestHeight(position).map { $0 + 1 } ?? recorded + 1
        guard header.height == next, !isFull(position) else { return }
        if let below = final(of: header.chain, at: header.height - 1), below.hash != header.parent {
            // The block below has been left for another one, which is told first next time.
            return truncate(from: header.height - 1, position: position)
        }
        append(record, position: position)
        endorse(header.chain, height: header.height, block: header.hash)
    }
}
