import Cryptography
import RoleKit
import Wire

/// All oracles together. It sees what cores store, publish and answer, and what clients are told; it never looks into a core.
package struct Judge {
    package var findings = Findings()
    /// Keys of nodes that lie: what they sign is judged by what honest nodes make of it.
    package var liars: Set<PublicKey> = [] {
        didSet {
            votes.liars = liars
            replay.liars = liars
        }
    }
    /// A chain that is corrupt to its last node: only what honest chains took from it is judged.
    package var corrupt: ChainID? {
        didSet {
            replay.corrupt = corrupt
            acknowledgements.corrupt = corrupt
        }
    }
    /// That chain is honest, and only dead.
    package var isDead = false
    /// Messages that went through the codec.
    package var codecUses: UInt64 = 0
    package private(set) var votes = VoteOracle()
    package private(set) var certificates: CertificateOracle
    package private(set) var history = HistoryOracle()
    package private(set) var work: WorkOracle
    private var closings = ClosingOracle()
    package private(set) var replay: ReplayOracle
    package private(set) var acknowledgements: AcknowledgementOracle
    private var heard = RuleTally()
    private let network: Network
    private let memo: SignatureMemo
    /// Bytes of stored blocks that were read before → their header.
    private var known: [Digest: BlockHeader] = [:]

    package init(network: Network, memo: SignatureMemo) {
        self.network = network
        self.memo = memo
        certificates = CertificateOracle(network: network, memo: memo)
        work = WorkOracle(network: network)
        replay = ReplayOracle(network: network, memo: memo)
        acknowledgements = AcknowledgementOracle(network: network)
    }

    /// A core committed operations.
    package mutating func stored(_ operations: [StoreOperation], by address: RoleAddress, at time: UInt64) {
        for operation in operations {
            if case .put(.snapshots, let height, let bytes) = operation { storedSnapshot(bytes, at: height, by: address, at: time) }
            guard case .put(let table, let height, let bytes) = operation else { continue }
            if table == .blocks, address.role == .consensus { storedBlock(bytes, at: height, by: address, at: time) }
            if address.role == .recorder { archived(bytes, table, at: height, at: time) }
        }
    }

    /// A block that all honest nodes of its chain have passed by a snapshot is known from the archives alone.
    private mutating func archived(_ bytes: [UInt8], _ table: StoreTable, at height: Height, at time: UInt64) {
        guard let position = network.stored.indices.first(where: { table.rawValue == "archive_\($0)" }) else { return }
        let chain = network.stored[position].id
        guard chain != .notary else { return }
        guard chain != corrupt || isDead, history.blocks(of: chain).count < height,
            let item = try? FinalBlock(decoding: bytes, network: network.id), let final = item.final
        else { return }
        see(final, at: time)
        let block = ObservedBlock(
            header: item.block.header, transactions: item.block.transactions, outcomes: item.block.outcomes, foreign: item.block.foreign)
        for next in history.archived(block, at: time, &findings) { replay(next, at: time) }
    }

    /// A snapshot is of a block that certificates show to be final, and every state is replayed from the blocks anyway.
    private mutating func storedSnapshot(_ bytes: [UInt8], at height: Height, by address: RoleAddress, at time: UInt64) {
        guard let manifest = try? SnapshotManifest(decoding: bytes), manifest.final.header.height == height,
            manifest.final.header.chain == address.chain
        else {
            findings.report(.contract, "\(address) stored a snapshot at \(height) that is none of that height", at: time)
            return
        }
        heard.add(.snapshot)
        guard address.chain != corrupt || isDead else { return }
        see(manifest.final, at: time)
        history.jumped(manifest.final.header, by: address.description, at: time, &findings)
    }

    private mutating func storedBlock(_ bytes: [UInt8], at height: Height, by address: RoleAddress, at time: UInt64) {
        let name = address.description
        let fingerprint = Blake2b.hash(bytes)
        if let header = known[fingerprint], header.height == height, header.chain == address.chain {
            history.noteHeight(height, by: name, at: time, &findings)
            return
        }
        do {
            let item = try FinalBlock(decoding: bytes, network: network.id)
            known[fingerprint] = item.block.header
            guard let final = item.final, item.block.header.height == height, item.block.header.chain == address.chain else {
                findings.report(.certificates, "\(name) stored a block at \(height) that is not the final one of that height", at: time)
                return
            }
            see(final, at: time)
            let leaves = zip(item.block.transactions, item.block.outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
            if MerkleTree.root(leaves: leaves) != item.block.header.fields.transactionsRoot {
                findings.report(.singleHistory, "\(name) stored another body at \(height) than its header names", at: time)
            }
            let block = ObservedBlock(
                header: item.block.header, transactions: item.block.transactions, outcomes: item.block.outcomes,
                foreign: item.block.foreign)
            for next in history.stored(block, by: name, at: time, &findings) { replay(next, at: time) }
        } catch {
            findings.report(.contract, "\(name) stored a block that does not decode: \(error)", at: time)
        }
    }

    private mutating func replay(_ block: ObservedBlock, at time: UInt64) {
        for final in block.foreign {
            see(final, at: time)
            history.claim(
                final.hash, chain: final.header.chain, height: final.header.height, by: "a block of \(block.header.chain)", at: time,
                &findings)
        }
        for transaction in block.transactions {
            guard case .record(let record) = transaction.kind else { continue }
            if record.final.finality == .pending {
                work.recorded(record.final, at: time, &findings)
                certificates.notary(record.final.notary, of: record.final.header, at: time, &findings)
            } else {
                see(record.final, at: time)
            }
            history.claim(
                record.final.hash, chain: record.final.header.chain, height: record.final.header.height, by: "the notary chain",
                at: time, &findings)
        }
        replay.apply(block, at: time, &findings)
        for transaction in block.transactions {
            if case .closing(let closing) = transaction.kind { closings.closed(closing, replay.election) }
        }
        if block.header.chain == .notary { closings.judge(replay, replayed: notaryHeight, &findings) }
        if network.chain(block.header.chain)?.epochs != nil {
            certificates.learn(replay.electorates(of: block.header.chain), of: block.header.chain)
        }
        if block.header.chain == .notary { certificates.election = replay.election }
        acknowledgements.ended(block, at: time, &findings)
    }

    private mutating func see(_ final: FinalHeader, at time: UInt64) {
        guard let signers = certificates.final(final, at: time, &findings), let votes = final.finality.votes else { return }
        for signer in signers { self.votes.vote(votes.statement, by: signer, at: time, &findings) }
    }

    /// Newest notary block that an honest node has stored.
    private var notaryHeight: Height { Height(history.blocks(of: .notary).count) }

    /// Anybody, also a liar, says something that others may have read.
    package mutating func heard(_ message: Message) {
        if network.notary.election != nil { closings.heard(message, replayed: notaryHeight) }
    }

    /// Anybody, also a liar, answers.
    package mutating func heard(_ response: Response) {
        if network.notary.election != nil { closings.heard(response, replayed: notaryHeight) }
    }

    /// An honest core published a message.
    package mutating func published(_ message: Message, on topic: Topic, by address: RoleAddress, at time: UInt64) {
        switch message {
        case .vote(let vote):
            if !memo.holds(vote.check(network: network.id)) {
                findings.report(.votes, "\(address) published a vote whose signature does not hold", at: time)
            }
            votes.vote(vote.statement, by: vote.voter, at: time, &findings)
        case .certificate(let certificate):
            for signer in certificates.certificate(certificate, at: time, &findings) ?? [] {
                votes.vote(certificate.statement, by: signer, at: time, &findings)
            }
        case .verdict(let verdict):
            if case .deferred = verdict.verdict { heard.add(.deferral) }
            if case .signed = verdict.verdict, network.notary.election != nil, !isLiar(address.node) {
                closings.sign(verdict.block, by: address.node, at: time)
                closings.judge(replay, replayed: notaryHeight, &findings)
            }
        case .evidence: heard.add(.evidence)
        case .candidate(let block): candidate(block.header, at: time)
        case .certified(let certified):
            candidate(certified.header, at: time)
            if network.chain(certified.header.chain)?.engine == .pow { work.certified(certified.header) }
            certificates.notary(certified.notary, of: certified.header, at: time, &findings)
        case .final(let final):
            see(final, at: time)
            history.claim(
                final.hash, chain: final.header.chain, height: final.header.height, by: address.description, at: time, &findings)
        case .lead(let lead): work.mines(lead)
        case .branch(let head):
            guard let notary = network.notary.listed.first(where: { $0.id == head.notary && $0.id == address.node }) else {
                findings.report(.contract, "\(address) says what \(head.notary) follows", at: time)
                return
            }
            votes.follows(head, by: notary.key, at: time, &findings)
        default: break
        }
    }

    /// One candidate a slot is a rule of chains whose slots have leaders.
    private mutating func candidate(_ header: BlockHeader, at time: UInt64) {
        if network.chain(header.chain)?.engine != .pow { votes.candidate(header, at: time, &findings) }
    }

    /// How often each rule showed, in chains and on the bus.
    package var rules: RuleTally {
        var tally = replay.rules
        tally.add(heard)
        tally.add(.electedCertificate, UInt64(certificates.electedCertificates.count))
        tally.add(work.rules)
        return tally
    }

    /// The store refused a second vote: the core would have contradicted itself.
    package mutating func voteRefused(_ conflict: VirtualDisk.VoteConflict, by address: RoleAddress, at time: UInt64) {
        let row = conflict.refused
        findings.report(
            .votes, "\(address) stores a second \(row.duty) vote for slot \(row.slot): \(conflict.stored.hash), then \(row.hash)", at: time)
    }

    /// What an honest node may well raise when others lie.
    private static let lieAlarms: Set<String> = ["double_candidate", "double_vote", "off_branch", "offence_recorded"]

    /// What it may raise besides when a whole chain does.
    private static let corruptChainAlarms: Set<String> = ["two_finals", "two_branches", "followed_branch"]

    /// A client has seen a rule at work.
    package mutating func exercised(_ rule: ExercisedRule) { heard.add(rule) }

    /// A core raised an alarm. Without a Byzantine party nothing critical may ever be seen.
    package mutating func raised(_ alarm: Alarm, at time: UInt64) {
        if alarm.code == "stored_damage" { heard.add(.damageFound) }
        guard alarm.severity == .critical else { return }
        // A liar's twin sees what the other one has signed.
        if alarm.code == "votes_lost", let node = RoleAddress(alarm.source)?.node, isLiar(node) { return }
        if !liars.isEmpty, Judge.lieAlarms.contains(alarm.code) { return }
        if corrupt != nil, Judge.corruptChainAlarms.contains(alarm.code) { return }
        findings.report(.contract, "\(alarm.source) raises \(alarm.code): \(alarm.detail)", at: time)
    }

    private func isLiar(_ node: String) -> Bool {
        (network.chains + [network.notary]).contains { $0.listed.contains { $0.id == node && liars.contains($0.key) } }
    }

    /// A role answered a request.
    package mutating func replied(_ response: Response, chain: ChainID, at time: UInt64) {
        switch response {
        case .submit(let result):
            guard let id = result.id else { return }
            if let reason = result.rejection {
                acknowledgements.refused(id, reason: reason, chain: chain)
            } else {
                acknowledgements.acknowledged(id, chain: chain, at: time)
            }
        case .status(let status): told(status, chain: chain, at: time)
        case .snapshotPart: heard.add(.snapshotServed)
        case .signed: heard.add(.signedAsked)
        default: break
        }
    }

    /// A client was told where a transaction stands.
    package mutating func told(_ status: Status, chain: ChainID, at time: UInt64) {
        acknowledgements.told(status, chain: chain, at: time, &findings)
    }

    /// The end of the run, after healing and rest.
    package mutating func finish(at time: UInt64) {
        replay.finish(history, at: time, &findings)
        acknowledgements.finish(at: time, &findings)
    }
}
