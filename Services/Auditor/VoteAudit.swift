import Foundation
import Schema
import SwiftProtobuf

/// Looks for two votes of one node for one chain, epoch, slot and duty, over stores, logs and certificates (invariant 9).
struct VoteAudit {
    private let network: AuditNetwork
    private(set) var violations: [Violation] = []
    /// Who votes on a chain in which epoch.
    var stakes: [String: StakeModel] = [:] {
        // Keys that nodes took later are theirs too.
        didSet { for voter in stakes.values.flatMap(\.electorates).joined() { names[voter.key] = voter.id } }
    }

    /// What a node signs at most once. Skip and Final share one duty, so that no node gives both.
    private enum Duty: UInt8 {
        case propose = 1
        case notar = 2
        case decide = 3
        /// A notary binds itself to a final block: the slot is the block's height, and nothing is signed.
        case follow = 4
        /// A notary's validator closes an epoch: the slot is the height it has come to, and nothing is signed.
        case close = 5
    }

    private struct Key: Hashable {
        var node: String
        var chain: String
        var epoch: UInt64
        var slot: UInt64
        var duty: UInt8
    }

    /// The first thing each node was seen to sign, and where.
    private var signed: [Key: (hash: Bytes, place: String)] = [:]
    private var names: [Bytes: String] = [:]

    init(network: AuditNetwork) {
        self.network = network
        for node in network.all.flatMap(\.listed) { names[node.key] = node.id }
    }

    private mutating func note(_ key: Key, _ hash: Bytes, _ place: String) {
        guard let first = signed[key] else {
            signed[key] = (hash, place)
            return
        }
        guard first.hash != hash else { return }
        let duty = Duty(rawValue: key.duty).map { "\($0)" } ?? "\(key.duty)"
        violations.append(
            Violation(
                .votes, chain: key.chain, node: key.node,
                "two votes for slot \(key.slot), duty \(duty): \(VoteAudit.name(first.hash)) in \(first.place), \(VoteAudit.name(hash)) in \(place)"))
    }

    private static func name(_ hash: Bytes) -> String { hash == Layout.zeroHash ? "skip" : "block \(Layout.short(hash))" }

    /// Reads a store's votes and their second copy, the log.
    mutating func add(_ store: StoreSnapshot, audit: inout CertificateAudit) {
        for vote in store.votes { add(vote, of: store, "\(store.name), table of votes", audit: &audit) }
        for vote in store.loggedVotes { add(vote, of: store, "\(store.name), vote log", audit: &audit) }
        if store.role == "validator" { bind(store) }
        for row in store.rows("certificates") {
            guard let certificate = try? PBCertificate(serializedBytes: row.value) else {
                violations.append(Violation(.readable, chain: store.chain, node: store.name, "a stored certificate cannot be read"))
                continue
            }
            add(certificate, "\(store.name), certificates")
        }
        for row in store.rows("candidates") {
            guard let block = try? PBBlock(serializedBytes: row.value), let header = ParsedHeader(block.header) else { continue }
            add(header, "\(store.name), candidates")
        }
    }

    private mutating func add(_ vote: StoredVote, of store: StoreSnapshot, _ place: String, audit: inout CertificateAudit) {
        let key = Key(node: store.node, chain: vote.chain, epoch: vote.epoch, slot: vote.slot, duty: vote.duty)
        note(key, vote.hash, place)
        guard vote.duty != Duty.propose.rawValue, vote.duty != Duty.follow.rawValue, vote.duty != Duty.close.rawValue else { return }
        guard let message = try? PBVote(serializedBytes: vote.bytes), message.chain == vote.chain, message.epoch == vote.epoch,
            message.slot == vote.slot, VoteAudit.duty(message.kind)?.rawValue == vote.duty, Bytes(message.hash) == vote.hash,
            names[Bytes(message.voter)] == store.node
        else {
            violations.append(
                Violation(.votes, chain: vote.chain, node: store.node, "the vote stored for slot \(vote.slot) is not the one that was signed (\(place))"))
            return
        }
        let payload = Layout.padded(vote.chain) + Layout.number(vote.epoch) + Layout.number(vote.slot) + [UInt8(message.kind.rawValue)] + vote.hash
        audit.add(
            Bytes(message.signature), by: Bytes(message.voter), over: .vote, payload,
            at: Violation(.votes, chain: vote.chain, node: store.node, ""), invariant: .votes,
            "the signature under the vote stored for slot \(vote.slot) does not stand")
    }

    /// What a validator stores as the branch it follows is what its notary is bound to, in both records (R7); of a height that it has left
    /// and come back to, the newest generation counts, which stands where others have an epoch.
    private mutating func bind(_ store: StoreSnapshot) {
        var generations: [UInt64: UInt64] = [:]
        for vote in store.votes + store.loggedVotes where vote.duty == Duty.follow.rawValue && vote.chain == store.chain {
            generations[vote.slot] = max(generations[vote.slot] ?? 0, vote.epoch)
        }
        for row in store.rows("blocks") {
            guard let item = try? PBFinalBlock(serializedBytes: row.value), let header = ParsedHeader(item.block.header) else { continue }
            note(Key(node: store.node, chain: store.chain, epoch: generations[row.key] ?? 0, slot: row.key, duty: Duty.follow.rawValue), header.hash, "\(store.name), blocks")
        }
    }

    private static func duty(_ kind: PBVoteKind) -> Duty? {
        switch kind {
        case .notar: .notar
        case .skip, .final: .decide
        case .unspecified, .UNRECOGNIZED: nil
        }
    }

    /// Every signer of a certificate has voted.
    mutating func add(_ certificate: PBCertificate, _ place: String) {
        guard let chain = network.chain(certificate.chain), let duty = VoteAudit.duty(certificate.kind) else { return }
        let voters = (stakes[chain.id] ?? StakeModel(chain)).electorate(of: certificate.slot) ?? []
        for (index, node) in voters.enumerated() {
            let byte = certificate.signers.startIndex + index / 8
            guard byte < certificate.signers.endIndex, certificate.signers[byte] >> UInt8(index % 8) & 1 == 1 else { continue }
            let key = Key(node: node.id, chain: chain.id, epoch: certificate.epoch, slot: certificate.slot, duty: duty.rawValue)
            note(key, Bytes(certificate.hash), place)
        }
    }

    /// Who built a block has proposed it.
    mutating func add(_ header: ParsedHeader, _ place: String) {
        guard let node = names[header.builder] else { return }
        note(Key(node: node, chain: header.chain, epoch: header.epoch, slot: header.slot, duty: Duty.propose.rawValue), header.hash, place)
    }
}
