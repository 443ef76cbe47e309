import Chain
import Cryptography
import Foundation
import Ledger
import Runtime
import WalletDesk
import WalletShell
import Wire

/// Hands in notaries' words for chains that would join, and asks what became of them (A16).
struct AdmissionDesk {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    private let inquiry: Inquiry
    private var network: Network { configuration.network }
    private var recorders: [String] { network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) } }

    init(_ common: CommonOptions) throws {
        folder = try common.folder
        configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        inquiry = Inquiry(configuration)
    }

    /// Signs one notary's word with its newest key, and hands it to its recorder, or another one.
    func admit(_ join: JoinFile, by notary: String, passphrase: String?) throws {
        guard network.notary.listed.contains(where: { $0.id == notary }) else {
            throw Failure(.usage, "\(notary) is no notary", "Use one of: \(network.notary.listed.map(\.id).joined(separator: ", ")).")
        }
        guard let path = folder.identityKeys(notary).last else {
            throw Failure(.configuration, "the key of \(notary) is not in \(folder.path)/keys", "Run this where the notary runs, with --data.")
        }
        let signer = try KeyFile.readIdentity(path, passphrase: passphrase).signer
        let admission = Admission(body: join.body, signatures: join.signatures, network: network.id, notary: signer)
        for node in [notary] + network.notary.listed.map(\.id).filter({ $0 != notary }) {
            switch try inquiry.ask([(Service.name(.recorder, chain: .notary, node: node), .admit(admission))])[0] {
            case .joins?: return
            case .failure(let reason, let detail)? where reason != .notReady:
                throw Failure(.failed, "refused: \(detail)", "docs/protocol.md, section 6, says what the reason means.")
            default: continue
            }
        }
        throw Failure(.unreachable, "no recorder takes the word", "See how the network is: concordat status")
    }

    /// Which of the listed notaries admit a chain, as far as any recorder knows.
    func notaries(admitting join: JoinFile) throws -> [String] {
        var keys: Set<PublicKey> = []
        for case .joins(let joins)? in try inquiry.ask(recorders.map { ($0, .joins) }) {
            for applicant in joins.applicants where applicant.body == join.body { keys.formUnion(applicant.notaries) }
        }
        return network.notary.listed.filter { keys.contains($0.key) }.map(\.id)
    }

    /// What the notary chain is shown to hold of a chain; nil when no recorder shows it.
    func entry(of chain: ChainID) throws -> ChainEntry? {
        let book = ElectorateBook(network: network)
        var checker = CertificateChecker(book: book) { $0.holds }
        if network.notary.election != nil { try learn(book, &checker) }
        for case .joins(let joins)? in try inquiry.ask(recorders.map { ($0, .joins) }) {
            for notice in joins.joined where notice.chain == chain {
                if let entry = notice.entry, checker.fault(in: notice.final) == nil { return entry }
            }
        }
        return nil
    }

    /// Follows the notaries from network.yaml on, each set signed by the one before.
    private func learn(_ book: ElectorateBook, _ checker: inout CertificateChecker) throws {
        var epoch: Epoch = 0
        while epoch <= book.newestEpoch(of: .notary) {
            epoch = book.newestEpoch(of: .notary) + 1
            for case .handovers(let handovers)? in try inquiry.ask(recorders.map { ($0, .fetchHandovers(chain: .notary, from: epoch)) }) {
                for handover in handovers where handover.epoch == book.newestEpoch(of: .notary) + 1 {
                    if let entry = checker.entry(shownBy: handover) { book.learn(entry, of: .notary, isShown: true) }
                }
            }
        }
    }

    /// Waits until a chain has joined.
    ///
    /// - Returns: nil when time is up.
    func wait(for chain: ChainID, seconds: Int) throws -> ChainEntry? {
        let end = Date().addingTimeInterval(Double(seconds))
        while true {
            if let entry = try entry(of: chain) { return entry }
            guard Date() < end else { return nil }
            usleep(200_000)
        }
    }
}
