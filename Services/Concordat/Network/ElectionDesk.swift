import Chain
import Cryptography
import Foundation
import Ledger
import Runtime
import WalletDesk
import WalletShell
import Wire

/// Hands in candidacies and ballots, and asks where the election stands.
struct ElectionDesk {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    let rule: ElectionRule
    private let passphrase: String?
    private let inquiry: Inquiry

    var network: Network { configuration.network }

    /// - Throws: when nobody is elected in this network, or nothing of it answers.
    init(_ common: CommonOptions, _ passphrase: PassphraseOptions? = nil) throws {
        folder = try common.folder
        configuration = try NetworkFile.read(folder.networkFile)
        guard let rule = configuration.network.notary.election else {
            throw Failure(
                .configuration, "the notaries of this network are not elected: network.yaml has no epochs for them",
                "Make a network with: concordat init --standby 1 --epoch-slots 200")
        }
        self.rule = rule
        self.passphrase = try passphrase?.passphrase()
        try Inquiry.requireReachable(configuration, folder)
        inquiry = Inquiry(configuration)
    }

    private var recorders: [String] { network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) } }

    /// Asks every recorder; the one that has come furthest is believed.
    func view() throws -> ElectionView {
        let answers = try inquiry.ask(recorders.map { ($0, .election) })
        let views = answers.compactMap { answer -> ElectionView? in
            guard case .election(let view)? = answer else { return nil }
            return view
        }
        guard let newest = views.max(by: { $0.height < $1.height }) else {
            throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status")
        }
        return newest
    }

    /// The notaries of the epoch that a view belongs to.
    func sitting(at view: ElectionView) throws -> [NotarySeat] {
        let epoch = network.notary.epoch(of: view.slot)
        let terms = try terms()
        let term = terms.first { $0.epoch == epoch } ?? terms[terms.count - 1]
        return term.members.map { NotarySeat(node: $0.node, key: $0.key) }
    }

    /// One epoch's notaries, and what shows them.
    struct Term {
        var epoch: Epoch
        /// Height of the notary block that a quorum of those before has signed; 0 for the first ones.
        var settledAt: Height
        var members: [Electorate.Member]
        var firstHeights: [EpochEntry.FirstHeight]
    }

    /// Every set of notaries from network.yaml on, each checked against the one before; whoever answers is not believed.
    func terms() throws -> [Term] {
        let book = ElectorateBook(network: network)
        var checker = CertificateChecker(book: book) { $0.holds }
        var terms = [Term(epoch: 0, settledAt: 0, members: network.notary.genesisElectorate.members, firstHeights: [])]
        let services = recorders + network.notary.listed.map { Service.name(.consensus, chain: .notary, node: $0.id) }
        var hasMore = true
        while hasMore {
            hasMore = false
            let request = Request.fetchHandovers(chain: .notary, from: Epoch(terms.count))
            for answer in try inquiry.ask(services.map { ($0, request) }) {
                guard case .handovers(let handovers)? = answer else { continue }
                for handover in handovers where handover.epoch == Epoch(terms.count) {
                    guard let entry = checker.entry(shownBy: handover) else { continue }
                    book.learn(entry, of: .notary, isShown: true)
                    terms.append(
                        Term(
                            epoch: entry.epoch, settledAt: handover.final.header.height, members: entry.members, firstHeights: entry.firstHeights))
                    hasMore = true
                }
            }
        }
        return terms
    }

    /// Hands in a notary node's candidacy, and waits until it is final.
    func stand(_ node: String, isWithdrawn: Bool, newKey: KeyPair?, seconds: Int) throws {
        let view = try view()
        let entry = view.candidacies.first { $0.node == node }
        let signer = try present(node, entry).signer
        let candidacy = Candidacy(
            node: node, number: number(after: entry?.number), isWithdrawn: isWithdrawn, network: network.id, signer: signer,
            newKey: newKey?.signer)
        try submit(Transaction(.candidacy(candidacy), chain: .notary, network: network.id))
        try wait(seconds) { $0.candidacies.contains(CandidacyEntry(candidacy)) }
    }

    /// Hands in ballots of sub-chain nodes, and waits until they are final.
    func vote(_ nodes: [String], for approved: [String], seconds: Int) throws {
        let names = network.notary.listed.map(\.id)
        if let stranger = approved.first(where: { !names.contains($0) }) {
            throw Failure(.usage, "there is no notary node \(stranger)", "Notary nodes: \(names.joined(separator: ", "))")
        }
        let view = try view()
        var ballots: [Ballot] = []
        for node in nodes {
            guard let (chain, description) = configuration.node(node), chain.id != .notary else {
                throw Failure(.usage, "\(node) is no node of a sub-chain", "Only nodes of sub-chains vote.")
            }
            let pair = try KeyFile.readIdentity(folder.identityKey(node), passphrase: passphrase)
            guard pair.publicKey == description.key else {
                throw Failure(.configuration, "\(folder.identityKey(node)) is not the key of \(node) in network.yaml", "Put the right key file there.")
            }
            let before = view.ballots.first { $0.voter == description.key && $0.chain == chain.id }
            let ballot = Ballot(
                chain: chain.id, approved: approved, number: number(after: before?.number), network: network.id, signer: pair.signer)
            try submit(Transaction(.ballot(ballot), chain: .notary, network: network.id))
            ballots.append(ballot)
        }
        try wait(seconds) { view in ballots.allSatisfy { view.ballots.contains(BallotEntry($0)) } }
    }

    /// A key that the node does not have yet: of an earlier rotation that came to nothing, or a new one; and its file.
    func freshKey(of node: String) throws -> (KeyPair, path: String) {
        let entry = try view().candidacies.first { $0.node == node }
        let current = try present(node, entry)
        let paths = folder.identityKeys(node)
        if let newest = paths.last, paths.count > 1 {
            let pair = try KeyFile.readIdentity(newest, passphrase: passphrase)
            let isOlder = paths.dropLast().contains { (try? KeyFile.summary($0).publicKey) == current.publicKey.address.text }
            if pair.publicKey != current.publicKey, isOlder { return (pair, newest) }
        }
        let pair = KeyPair.generate()
        let path = folder.identityKey(node, number: paths.count + 1)
        try KeyFile.write(pair, to: path, passphrase: passphrase, cost: NetworkFolder.serviceSealingCost)
        return (pair, path)
    }

    func report(_ line: String, _ common: CommonOptions) throws {
        struct Done: Encodable { var done: Bool, detail: String }
        if common.json { Console.print(JSONText.line(Done(done: true, detail: line))) } else { Console.print(line) }
    }

    /// The key that a notary node has now.
    private func present(_ node: String, _ entry: CandidacyEntry?) throws -> KeyPair {
        guard let description = network.notary.listed.first(where: { $0.id == node }) else {
            throw Failure(.usage, "there is no notary node \(node)", "Notary nodes: \(network.notary.listed.map(\.id).joined(separator: ", "))")
        }
        let key = entry?.key ?? description.key
        for path in folder.identityKeys(node) where try KeyFile.summary(path).publicKey == key.address.text {
            return try KeyFile.readIdentity(path, passphrase: passphrase)
        }
        throw Failure(.configuration, "no file \(folder.identityKey(node)) or beside it holds the present key of \(node)", "Put the key file there.")
    }

    /// Wall-clock milliseconds, so that whoever lost count goes on above it.
    private func number(after last: UInt64?) -> UInt64 { max((last ?? 0) + 1, UInt64(Date().timeIntervalSince1970 * 1000)) }

    /// Hands a transaction to every recorder: one that takes it is enough.
    private func submit(_ transaction: Transaction) throws {
        var reasons: [Reason] = []
        for answer in try inquiry.ask(recorders.map { ($0, .nominate(transaction.bytes)) }) {
            switch answer {
            case .election: return
            case .failure(let reason, _)?: reasons.append(reason)
            default: continue
            }
        }
        guard let reason = reasons.first else { throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status") }
        throw Failure(.failed, "refused: \(reason.code)", "docs/protocol.md, section 6, says what that means.")
    }

    private func wait(_ seconds: Int, until isThere: (ElectionView) -> Bool) throws {
        let end = Date().addingTimeInterval(Double(seconds))
        while !isThere(try view()) {
            guard Date() < end else {
                throw Failure(.timedOut, "it was handed in, and no final notary block had it within \(seconds) s", "See later: concordat notary list")
            }
            usleep(200_000)
        }
    }

    /// How much of all weight approves of a node, in per cent.
    func approval(of node: String, _ view: ElectionView) -> Double {
        var sum = 0.0
        for ballot in view.ballots where ballot.approved.contains(node) {
            if let nodes = network.chain(ballot.chain)?.nodes.count, nodes > 0 { sum += 100 / Double(nodes * network.chains.count) }
        }
        return (sum * 10).rounded() / 10
    }
}
