import Chain
import Cryptography
import Foundation
import RoleKit
import Runtime
import Wire

/// Restores a sub-chain's nodes from the notary chain's archive alone (A9; design section 5).
///
/// The notary chain is built first, from its genesis: it says who the notaries were, and what it has recorded. Then the sub-chain is built,
/// block by block, and every state root compared. Only when that has come to the last recorded block is anything written.
final class RebuildDesk {
    /// What was built.
    struct Built: Encodable {
        var chain: String
        var height: Height
        /// Newest height that the notary chain records.
        var recorded: Height
        var transactions: Int
        var stateRoot: String
        var notaryHeight: Height

        enum CodingKeys: String, CodingKey {
            case chain, height, recorded, transactions
            case stateRoot = "state_root"
            case notaryHeight = "notary_height"
        }
    }

    /// What became of one node's store.
    struct Restored: Encodable {
        var node: String
        var folder: String
        var written: Int
        /// Blocks that were there, whole.
        var kept: Int
    }

    private let network: Network
    private let archives: Archives
    private let progress: (String) -> Void
    /// Hashes of the sub-chain's blocks that were built, from height 1.
    private var hashes: [Digest] = []
    /// The newest of them.
    private var slot: Slot = 0

    private static let progressBlocks: Height = 1_000

    init(_ network: Network, _ archives: Archives, progress: @escaping (String) -> Void) {
        self.network = network
        self.archives = archives
        self.progress = progress
    }

    /// Builds a sub-chain anew.
    ///
    /// - Throws: when the archive does not lead to the last recorded block, and what is wrong with the first that it lacks.
    func build(_ chain: ChainID) throws -> Built {
        let book = ElectorateBook(network: network)
        var notary = ChainRebuild(book: book, chain: .notary)
        var recorded: [Digest] = []
        let notaryFault = try follow(&notary) { item in
            for transaction in item.block.transactions {
                if case .record(let record) = transaction.kind, record.final.header.chain == chain { recorded.append(record.final.hash) }
            }
        }
        if let notaryFault { progress("the archive of the notary chain ends at block \(notary.height): of the next one, \(notaryFault.text)") }
        guard !recorded.isEmpty else {
            throw Failure(.failed, "the archive's notary chain, of \(notary.height) blocks, records no block of \(chain)", "Read another notary's archive. A chain without a recorded block is begun anew: concordat up")
        }
        var rebuilt = ChainRebuild(book: book, chain: chain)
        hashes = []
        var strange: Height?
        let fault = try follow(&rebuilt) { [self] item in
            hashes.append(item.block.hash)
            if hashes.count <= recorded.count, recorded[hashes.count - 1] != item.block.hash, strange == nil { strange = Height(hashes.count) }
        }
        if let strange {
            throw Failure(.failed, "block \(strange) of \(chain) in the archive is final, and not the one that the notary chain records: more than a third of the chain is corrupt", "Tell the notaries' operators; concordat evidence shows what they know.")
        }
        guard rebuilt.height >= Height(recorded.count) else {
            throw Failure(
                .failed, "the archive leads to block \(rebuilt.height) of \(chain), and \(recorded.count) are recorded: of the next one, \(fault?.text ?? "nothing is there")",
                "Read another notary's archive: --archive FOLDER")
        }
        slot = rebuilt.slot
        return Built(
            chain: chain.description, height: rebuilt.height, recorded: Height(recorded.count), transactions: rebuilt.transactions,
            stateRoot: rebuilt.stateRoot.hex, notaryHeight: notary.height)
    }

    /// Goes on until no archive leads further.
    ///
    /// - Returns: what was wrong with the last blocks that were shown; nil when nothing was.
    private func follow(_ rebuild: inout ChainRebuild, each: (FinalBlock) -> Void) throws -> ChainRebuild.Fault? {
        var fault: ChainRebuild.Fault?
        var said: Height = 0
        while true {
            let before = rebuild.height
            fault = nil
            for blocks in try archives.blocks(of: rebuild.chain, from: before + 1) where rebuild.height == before {
                for item in blocks {
                    do throws(ChainRebuild.Fault) {
                        try rebuild.add(item)
                        each(item)
                    } catch {
                        fault = error
                        break
                    }
                }
            }
            if rebuild.height == before { return fault }
            if rebuild.height >= said + RebuildDesk.progressBlocks {
                said = rebuild.height
                progress("\(rebuild.chain): \(said) blocks, \(rebuild.transactions) transactions")
            }
        }
    }

    /// Writes what was built into a node's store; what it has signed stays untouched.
    func restore(_ node: NodeDescription, of chain: ChainID, in folder: NetworkFolder) throws -> Restored {
        let address = RoleAddress(role: .consensus, chain: chain, node: node.id)
        let path = folder.data(of: address)
        do throws(RoleStoreFault) {
            let store = try RoleStore(folder: path, network: network.id, address: address)
            defer { store.close() }
            let restored = try write(store, chain, Restored(node: node.id, folder: path, written: 0, kept: 0))
            let record = try store.recovered([])
            // Of the slots that are decided a node without any record need know nothing: what peers have seen of it there can bind it no more.
            if record.votes.isEmpty, record.forgottenBelow == 0 { try store.commit([.forgetVotes(below: slot + 1)]) }
            return restored
        } catch {
            throw RebuildDesk.failure(error, node.id, path)
        }
    }

    private func write(_ store: RoleStore, _ chain: ChainID, _ before: Restored) throws(RoleStoreFault) -> Restored {
        var restored = before
        var next: Height = 1
        while next <= Height(hashes.count) {
            let rows = try store.rows(.blocks, from: next, limit: 256)
            var operations: [StoreOperation] = []
            let end: Height
            // A row of blocks that are there and whole, or a row of those that are not.
            if let row = rows.first, row.key == next, isWhole(row) {
                let whole = rows.enumerated().prefix { $1.key == next + UInt64($0) && $1.key <= UInt64(hashes.count) && isWhole($1) }.count
                restored.kept += whole
                end = next + Height(whole) - 1
            } else {
                let blocks = read(chain, from: next)
                guard !blocks.isEmpty else { throw RoleStoreFault(restored.folder, .refused("the archive does not show block \(next) again")) }
                operations = blocks.map { .put(.blocks, key: $0.block.header.height, value: $0.encoded) }
                restored.written += blocks.count
                end = next + Height(blocks.count) - 1
            }
            try store.commit(operations)
            next = end + 1
        }
        // What follows another block than the one rebuilt is of another history.
        if restored.written > 0, try store.rows(.blocks, from: next, limit: 1).first.map({ !follows($0) }) ?? false {
            try store.commit(try store.rows(.blocks, from: next, limit: Int.max).map { .delete(.blocks, key: $0.key) })
        }
        return restored
    }

    private func isWhole(_ row: StoredRow) -> Bool {
        !row.isDamaged && (try? FinalBlock(decoding: row.value, network: network.id))?.block.hash == hashes[Int(row.key) - 1]
    }

    private func follows(_ row: StoredRow) -> Bool {
        !row.isDamaged && row.key == UInt64(hashes.count) + 1 && (try? FinalBlock(decoding: row.value, network: network.id))?.block.header.parent == hashes.last
    }

    /// The blocks that were built, again.
    private func read(_ chain: ChainID, from next: Height) -> [FinalBlock] {
        for blocks in (try? archives.blocks(of: chain, from: next)) ?? [] {
            let known = blocks.enumerated().prefix {
                let height = next + Height($0)
                return $1.block.header.height == height && height <= Height(hashes.count) && $1.block.hash == hashes[Int(height) - 1]
            }
            if !known.isEmpty { return known.map(\.element) }
        }
        return []
    }

    private static func failure(_ fault: RoleStoreFault, _ node: String, _ path: String) -> Failure {
        switch fault.problem {
        case .locked:
            Failure(.failed, "the consensus of \(node) runs on \(path)", "Stop it first: concordat down, or end its process; then run this again.")
        case .votesDiffer, .unreadable, .foreignFile, .wrongNetwork, .wrongRole:
            Failure(
                .failed, "\(path) cannot be used: \(fault.summary)",
                "Restore the folder as it was when the role last ran. Without that, move it away and run this again: the node then follows the chain, and signs only when no peer has seen a vote of its key.")
        case .futureVersion, .storeLost, .diskFull, .diskFailed, .voteConflict, .refused: Failure(.failed, "\(path): \(fault.summary)", fault.advice)
        }
    }
}
