import Cryptography
import DequeModule
import RoleKit
import Wire

/// Fetches again from peers the stored final blocks whose bytes a disk has changed (faults case 15).
///
/// The block above names the one that belongs there, so a repaired row is the block that was stored and no other.
package struct BlockRepair: Sendable {
    private struct Work: Sendable {
        var height: Height
        /// The block that belongs there; nil until the row above has been read.
        var expected: Digest?
        /// Peers asked for it.
        var asked = 0
    }

    private let chain: ChainID
    private let table: StoreTable
    private let network: Network
    private var checker: CertificateChecker
    private let services: [String]
    private let first: UInt64
    private var waiting: Deque<Height> = []
    private var current: Work?
    private var numbers: UInt64 = 0
    private var outstanding: UInt64?

    /// Damaged rows that wait to be repaired at once; others are found again when they are read again.
    package static let waitingMaximum = 256
    /// Calls and read tokens reserved for one repairer.
    package static let range: UInt64 = 1 << 31

    /// - Parameter nodes: of the chain.
    /// - Parameter archives: services that keep its final blocks too, asked in turn with the nodes: of a chain that has died, they are all there is.
    /// - Parameter numbers: call numbers and read tokens from here to `range` above belong to the repairer.
    package init(
        book: ElectorateBook, chain: ChainID, table: StoreTable, verify: @escaping @Sendable (SignatureCheck) -> Bool, nodes: [String],
        archives: [String] = [], numbers: UInt64
    ) {
        network = book.network
        self.chain = chain
        self.table = table
        checker = CertificateChecker(book: book, verify: verify)
        services = nodes.map { Service.name(.consensus, chain: chain, node: $0) } + archives
        first = numbers
    }

    /// Rows were read that should be served: those from the first damaged one on are not, and are repaired.
    ///
    /// - Parameter head: the newest final block here, height and hash.
    /// - Returns: rows that may be served, and orders.
    package mutating func sift(_ rows: [StoredRow], head: (height: Height, hash: Digest)) -> (whole: [StoredRow], effects: [RoleEffect]) {
        guard let damaged = rows.firstIndex(where: \.isDamaged) else { return (rows, []) }
        var effects: [RoleEffect] = []
        for row in rows where row.isDamaged { effects += repair(row.key, head: head) }
        return (Array(rows[..<damaged]), effects)
    }

    /// A stored block is damaged.
    package mutating func repair(_ height: Height, head: (height: Height, hash: Digest)) -> [RoleEffect] {
        guard current?.height != height, !waiting.contains(height), waiting.count < BlockRepair.waitingMaximum, height <= head.height else {
            return []
        }
        waiting.append(height)
        // Said of the first; of a thousand that are lost together nobody wants to hear a thousand times.
        guard current == nil else { return [] }
        let note: RoleEffect = .raise(
            code: "stored_damage", detail: "block \(height) of \(chain) was damaged on disk; it is fetched from peers", severity: .warning)
        return [note] + next(head: head)
    }

    /// - Returns: nil when the read was not the repairer's.
    package mutating func served(token: UInt64, _ rows: [StoredRow], head: (height: Height, hash: Digest)) -> [RoleEffect]? {
        guard token > first, token <= first + BlockRepair.range else { return nil }
        guard token == outstanding, let work = current else { return [] }
        outstanding = nil
        guard let row = rows.first, row.key == work.height + 1, !row.isDamaged,
            let above = try? FinalBlock(decoding: row.value, network: network.id)
        else {
            // The block above is needed first; without it this one is found again when it is read again.
            current = nil
            if rows.first?.key == work.height + 1 { waiting.prepend(work.height + 1) }
            return next(head: head)
        }
        current?.expected = above.block.header.parent
        return ask()
    }

    /// - Returns: nil when the call was not the repairer's.
    package mutating func answered(call: UInt64, _ response: Response, head: (height: Height, hash: Digest)) -> [RoleEffect]? {
        guard call > first, call <= first + BlockRepair.range else { return nil }
        guard call == outstanding, let work = current else { return [] }
        outstanding = nil
        if case .blocks(let blocks, _) = response, let item = blocks.first, let final = item.final, item.block.hash == work.expected,
            checker.fault(in: final) == nil
        {
            current = nil
            return [.persist([.put(table, key: work.height, value: item.encoded)]), .count(.caughtUp, by: 1)] + next(head: head)
        }
        guard work.asked < services.count else {
            current = nil
            return next(head: head)
        }
        return ask()
    }

    private mutating func next(head: (height: Height, hash: Digest)) -> [RoleEffect] {
        guard current == nil, let height = waiting.popFirst() else { return [] }
        current = Work(height: height, expected: height == head.height ? head.hash : nil)
        if current?.expected != nil { return ask() }
        let token = number()
        outstanding = token
        return [.read(token: token, table, from: height + 1, limit: 1)]
    }

    private mutating func ask() -> [RoleEffect] {
        guard let work = current, !services.isEmpty else {
            current = nil
            return []
        }
        let call = number()
        outstanding = call
        current?.asked += 1
        return [
            .call(
                call, service: services[(Int(work.height % UInt64(services.count)) + work.asked) % services.count],
                .fetchBlocks(chain: chain, from: work.height, limit: 1), timeoutMilliseconds: network.timing.fetchMilliseconds * 4)
        ]
    }

    private mutating func number() -> UInt64 {
        numbers = numbers % BlockRepair.range + 1
        return first + numbers
    }
}
