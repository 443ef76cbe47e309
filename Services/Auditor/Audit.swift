import Foundation
import Schema
import SwiftProtobuf

/// Judges a network from its folder alone: replays every chain from genesis by its own rules and checks every certificate.
///
/// It imports nothing of the services it judges but the schema, and trusts none of what they stored (design, section 8).
package enum Audit {
    /// Audits a network folder. It changes nothing there; the network may be stopped, running, or a copy.
    ///
    /// - Parameters:
    ///   - folder: holds `network.yaml` and `data/`.
    ///   - archive: where recorders' older blocks are; nil for where their stores say.
    ///   - progress: told what is being done, in phrases for people.
    /// - Throws: `AuditFault` when there is no network to judge. Damage in the data is a finding, not an error.
    package static func run(folder: String, archive: String? = nil, progress: (String) -> Void = { _ in }) throws -> AuditReport {
        precondition(Sodium.isReady, "libsodium can be used")
        let folder = URL(fileURLWithPath: folder)
        let founding = try NetworkReader.read(folder.appendingPathComponent("network.yaml").path)
        let network = founding.grown(by: FolderReader(folder: folder, network: founding, readsArchives: false).stores)
        progress("reading the stores of \(network.all.reduce(0) { $0 + $1.listed.count }) nodes")
        var run = AuditRun(network: network, data: FolderReader(folder: folder, network: network, archive: archive))
        run.judgeChains(progress)
        run.judgeStores()
        progress("checking \(run.certificates.book.count) signatures")
        return run.report()
    }
}

/// One audit on its way.
struct AuditRun {
    let network: AuditNetwork
    private let data: FolderReader
    private(set) var certificates: CertificateAudit
    private var votes: VoteAudit
    private var branches = BranchIndex()
    private var books: [String: ChainBook] = [:]
    private var replays: [(chain: String, replay: ChainReplay)] = []
    private var violations: [Violation]
    private var result = AuditReport()

    init(network: AuditNetwork, data: FolderReader) {
        self.network = network
        self.data = data
        certificates = CertificateAudit(network: network)
        votes = VoteAudit(network: network)
        violations = data.violations
        result.networkID = Layout.hex(network.id)
        result.warnings = data.warnings
    }

    /// Puts every chain together, then replays it.
    mutating func judgeChains(_ progress: (String) -> Void) {
        var found: [Branch] = []
        for chain in network.all {
            var book = ChainBook(chain: chain)
            for store in data.stores where store.role == "consensus" && store.chain == chain.id { book.add(store) }
            books[chain.id] = book
            let stakes = StakeModel.following(book, genesis: network.genesisHash(of: chain.id), network: network)
            certificates.stakes[chain.id] = stakes
            votes.stakes[chain.id] = stakes
        }
        for chain in network.all {
            guard let book = books[chain.id] else { continue }
            violations += book.violations
            let branch = Branch(book, genesis: network.genesisHash(of: chain.id), certified: judgeProofs(of: book))
            violations += branch.violations
            branches.add(branch, isComplete: book.nodes.count == chain.listed.count, network: network.id)
            found.append(branch)
        }
        addLaterBlocks()
        for branch in found {
            progress("replaying \(branch.blocks.count) blocks of \(branch.chain.id)")
            var replay = ChainReplay(network: network, chain: branch.chain, branches: branches)
            replay.run(branch.blocks, certificates: &certificates)
            violations += replay.violations
            let end = UInt64(branch.blocks.count)
            result.chains.append(
                AuditReport.Chain(
                    id: branch.chain.id, height: end, blocks: branch.blocks.count, transactions: replay.transactions,
                    nodes: books[branch.chain.id]?.nodes ?? [], balances: replay.ledger.owned))
            result.conserved = result.conserved && replay.isConserved && end == books[branch.chain.id]?.end
            replays.append((branch.chain.id, replay))
            // A miner may make several blocks of a height; it signs no second one only where slots have leaders.
            for copy in branch.blocks where branch.chain.work == nil { votes.add(copy.header, "the chain") }
        }
    }

    /// Checks the certificates that nodes stored beside their blocks.
    /// - Returns: hashes of blocks with certificates that are right in form.
    private mutating func judgeProofs(of book: ChainBook) -> Set<Bytes> {
        var certified: Set<Bytes> = []
        for height in book.entries.keys.sorted() {
            for proof in book.entries[height]?.proofs ?? [] {
                let place = Violation(.certificates, chain: book.chain.id, height: height, node: proof.node, "")
                var verdict = certificates.judge(proof.final, at: place)
                if verdict.header?.hash != proof.block { verdict.faults.append("the certificates are about another block") }
                violations += verdict.faults.map { Violation(.certificates, chain: book.chain.id, height: height, node: proof.node, $0) }
                guard verdict.faults.isEmpty else { continue }
                certified.insert(proof.block)
                let votes = proof.final.hasRecorded ? proof.final.recorded.notary.finality : proof.final.finality
                self.votes.add(votes, "the finality certificate of block \(height) at \(proof.node)")
            }
        }
        return certified
    }

    /// A running network grows while it is read: what came later is known, and not judged.
    private mutating func addLaterBlocks() {
        let later = data.blocksSince()
        for chain in later.keys.sorted() {
            for (height, value) in later[chain] ?? [:] {
                guard let stored = try? PBFinalBlock(serializedBytes: value), let header = ParsedHeader(stored.block.header) else { continue }
                branches.add(later: header.hash, of: chain, at: height)
            }
            result.warnings.append(
                "the network is running: \(chain) was judged up to height \(books[chain]?.end ?? 0), and has gone on to \(later[chain]?.keys.max() ?? 0)")
        }
    }

    /// Judges what the roles keep beside the chains.
    mutating func judgeStores() {
        for store in data.stores {
            votes.add(store, audit: &certificates)
            switch store.role {
            case "validator": judgeBranch(of: store)
            case "recorder": judgeArchive(of: store)
            case "collector":
                judgeAccepted(of: store)
                judgeEnded(of: store)
            default: break
            }
        }
        violations += votes.violations
        let crosses = CrossAudit(replays.filter { $0.chain != AuditNetwork.notaryName }, partial: branches.partial)
        violations += crosses.violations
        violations += PegAudit(replays.filter { $0.chain != AuditNetwork.notaryName }, partial: branches.partial).violations
        result.crosses = crosses.crosses
        result.openDetails += crosses.openDetails
    }

    /// R7: the branch a notary follows is the chain's.
    private mutating func judgeBranch(of store: StoreSnapshot) {
        for row in store.rows("branch") {
            guard let final = try? PBFinalHeader(serializedBytes: row.value) else {
                violations.append(Violation(.readable, chain: store.chain, height: row.key, node: store.name, "a followed header cannot be read"))
                continue
            }
            judge(final, of: store, at: row.key, "the header it follows")
        }
        for row in store.rows("blocks") {
            guard let stored = try? PBFinalBlock(serializedBytes: row.value), stored.hasFinal else {
                violations.append(Violation(.readable, chain: store.chain, height: row.key, node: store.name, "a followed block cannot be read"))
                continue
            }
            judge(stored.final, of: store, at: row.key, "the block it follows")
        }
    }

    private mutating func judge(_ final: PBFinalHeader, of store: StoreSnapshot, at height: UInt64, _ what: String) {
        let verdict = certificates.judge(final, at: Violation(.certificates, chain: store.chain, height: height, node: store.name, ""))
        for fault in verdict.faults {
            violations.append(Violation(.certificates, chain: store.chain, height: height, node: store.name, "\(what) does not prove a final block: \(fault)"))
        }
        guard let header = verdict.header, let fault = branches.fault(of: header) else { return }
        violations.append(Violation(.oneFinal, chain: header.chain, height: header.height, node: store.name, "\(what) \(fault)"))
    }

    /// A9: what a recorder archived is what became final.
    private mutating func judgeArchive(of store: StoreSnapshot) {
        for row in store.archive {
            guard let stored = try? PBFinalBlock(serializedBytes: row.value), stored.hasBlock else {
                violations.append(Violation(.readable, node: store.name, "an archived block (row \(row.key)) cannot be read"))
                continue
            }
            guard stored.hasFinal else { continue }
            judge(stored.final, of: store, at: 0, "an archived header")
        }
    }

    /// Invariant 7: what was acknowledged stands in a block, or still waits.
    private mutating func judgeAccepted(of store: StoreSnapshot) {
        guard let outcomes = replays.first(where: { $0.chain == store.chain })?.replay.outcomes else { return }
        for row in store.rows("accepted") {
            guard let pooled = try? PBPooledTransaction(serializedBytes: row.value),
                let transaction = try? ParsedTransaction(pooled.transaction, chain: store.chain, network: network.id)
            else {
                violations.append(
                    Violation(.acknowledged, chain: store.chain, node: store.name, "acknowledged transaction \(row.key) cannot be read, so nobody can carry it out"))
                continue
            }
            guard outcomes[transaction.id] == nil else { continue }
            result.pending += 1
            result.openDetails.append("\(Layout.hex(transaction.id)): acknowledged by \(store.name), not yet in a block of \(store.chain)")
        }
    }

    /// A rejection outside any block that the chain contradicts: whoever asked that collector was told the wrong end.
    private mutating func judgeEnded(of store: StoreSnapshot) {
        guard let outcomes = replays.first(where: { $0.chain == store.chain })?.replay.outcomes else { return }
        for row in store.rows("ended") where row.value.count == Sodium.hashBytes + 1 {
            let id = Bytes(row.value.prefix(Sodium.hashBytes))
            guard let height = outcomes[id] else { continue }
            result.warnings.append(
                "\(store.name) noted a rejection (reason \(row.value[Sodium.hashBytes])) of \(Layout.hex(id)), which stands in block \(height) of \(store.chain)")
        }
    }

    /// Checks the signatures and closes the report.
    func report() -> AuditReport {
        var report = result
        let all = violations + certificates.book.judge()
        report.certificatesChecked = certificates.certificates
        report.signaturesChecked = certificates.book.count
        report.violations = Array(Set(all)).sorted {
            ($0.invariant.rawValue, $0.chain, $0.height, $0.node, $0.detail) < ($1.invariant.rawValue, $1.chain, $1.height, $1.node, $1.detail)
        }
        if all.contains(where: { $0.invariant == .conservation }) { report.conserved = false }
        return report
    }
}
