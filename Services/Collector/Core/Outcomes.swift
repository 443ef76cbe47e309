import Cryptography
import DequeModule
import RoleKit
import Wire

/// What final blocks made of transactions, by transaction id, and where cross transactions last moved, by xid; the newest
/// `Limits.collectorOutcomes` of them. Kept on disk, a row a block, because a collector that starts from a snapshot does not see those
/// blocks again.
struct Outcomes: Sendable {
    struct Entry: Hashable, Sendable {
        var rejection: Reason?
        var height: Height
        var index: UInt64
        var acceptedMilliseconds: UInt64
        var finalMilliseconds: UInt64
    }

    private var entries: [Digest: Entry] = [:]
    private var order: Deque<Digest> = []
    /// Rows on disk, oldest first, and how many results they hold.
    private var rows: Deque<(height: Height, count: Int)> = []
    private var rowCount = 0

    private static let entryBytes = Digest.byteCount + 1 + 4 * 8

    /// Reads table `outcomes`; results in a row that was damaged are told by receipts only.
    init(_ stored: [StoredRow]) {
        for row in stored where !row.isDamaged && row.value.count % Outcomes.entryBytes == 0 {
            for start in stride(from: 0, to: row.value.count, by: Outcomes.entryBytes) {
                guard let (name, entry) = Outcomes.decode(row.value[start..<start + Outcomes.entryBytes]) else { continue }
                record(name, entry)
            }
            keep(row.key, row.value.count / Outcomes.entryBytes)
        }
    }

    subscript(name: Digest) -> Entry? { entries[name] }

    mutating func record(_ name: Digest, _ entry: Entry) {
        if entries.updateValue(entry, forKey: name) == nil { order.append(name) }
        if order.count > Limits.collectorOutcomes { entries[order.removeFirst()] = nil }
    }

    /// What to store of a block whose results have been recorded.
    mutating func stored(of block: Block) -> [StoreOperation] {
        var value: [UInt8] = []
        for transaction in block.transactions {
            for name in [transaction.id, transaction.xid] {
                guard let name, let entry = entries[name] else { continue }
                value += name.bytes + [entry.rejection?.rawValue ?? 0]
                for number in [entry.height, entry.index, entry.acceptedMilliseconds, entry.finalMilliseconds] {
                    value += number.bigEndianBytes
                }
            }
        }
        guard !value.isEmpty else { return [] }
        let isNew = rows.last.map { $0.height < block.header.height } ?? true
        if isNew { keep(block.header.height, value.count / Outcomes.entryBytes) }
        var operations: [StoreOperation] = [.put(.outcomes, key: block.header.height, value: value)]
        while rowCount > Limits.collectorOutcomes, rows.count > 1 {
            let oldest = rows.removeFirst()
            rowCount -= oldest.count
            operations.append(.deleteThrough(.outcomes, key: oldest.height))
        }
        return operations
    }

    private mutating func keep(_ height: Height, _ count: Int) {
        rows.append((height, count))
        rowCount += count
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> (Digest, Entry)? {
        guard let name = Digest(bytes.prefix(Digest.byteCount)) else { return nil }
        let rest = bytes.dropFirst(Digest.byteCount)
        guard let number = rest.first else { return nil }
        let numbers = (0..<4).map { place in
            rest.dropFirst(1 + place * 8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        return (
            name,
            Entry(
                rejection: number == 0 ? nil : Reason(rawValue: number), height: numbers[0], index: numbers[1],
                acceptedMilliseconds: numbers[2], finalMilliseconds: numbers[3])
        )
    }
}
