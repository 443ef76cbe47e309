import Cryptography
import Wire

/// Invariant 9: no key signs two different things for one (chain, epoch, slot, duty). Skip and Final are one duty.
package struct VoteOracle: Sendable {
    /// What a key may sign once.
    private struct Key: Hashable {
        var signer: PublicKey
        var chain: ChainID
        var epoch: Epoch
        var slot: Slot
        /// 1 propose, 2 notar, 3 skip or final, 4 the block of a height (here `slot`) that a notary says it follows.
        var duty: UInt8
    }

    private struct Content: Hashable {
        var kind: UInt8
        var hash: Digest
    }

    /// A slot of a chain.
    private struct Place: Hashable {
        var chain: ChainID
        var slot: Slot
    }

    private var seen: [Key: Content] = [:]
    /// Members that do not lie and voted Notar, for every block of a slot.
    private var notars: [Place: [(hash: Digest, signers: [PublicKey])]] = [:]
    /// Signed candidates of every slot.
    private var candidates: [Place: [Digest]] = [:]
    /// Keys that are known to lie.
    var liars: Set<PublicKey> = []

    package init() {}

    /// A signed vote, alone or as part of a certificate.
    package mutating func vote(_ statement: Statement, by signer: PublicKey, at time: UInt64, _ findings: inout Findings) {
        let duty: UInt8 = statement.kind == .notar ? 2 : 3
        see(
            Key(signer: signer, chain: statement.chain, epoch: statement.epoch, slot: statement.slot, duty: duty),
            Content(kind: statement.kind.rawValue, hash: statement.hash), at: time, &findings)
    }

    /// Whether a block of a slot may be notarized: members that do not lie and voted Notar for it are a quorum with all those that lie.
    ///
    /// - Parameter known: only these candidates; nil for all.
    package func mayBeNotarized(_ chain: ChainID, slot: Slot, by electorate: Electorate, among known: [Digest]? = nil) -> Bool {
        let keys = electorate.members.map(\.key)
        return notars[Place(chain: chain, slot: slot)]?.contains { block in
            known?.contains(block.hash) != false && electorate.isQuorum(keys.indices.filter { liars.contains(keys[$0]) || block.signers.contains(keys[$0]) })
        } ?? false
    }

    /// Candidates of a slot that anybody has shown.
    package func candidates(_ chain: ChainID, slot: Slot) -> [Digest] { candidates[Place(chain: chain, slot: slot)] ?? [] }

    private mutating func count(_ key: Key, _ hash: Digest) {
        let place = Place(chain: key.chain, slot: key.slot)
        if let index = notars[place]?.firstIndex(where: { $0.hash == hash }) {
            notars[place]?[index].signers.append(key.signer)
        } else {
            notars[place, default: []].append((hash, [key.signer]))
        }
    }

    /// A signed candidate.
    package mutating func candidate(_ header: BlockHeader, at time: UInt64, _ findings: inout Findings) {
        let place = Place(chain: header.chain, slot: header.slot)
        if candidates[place]?.contains(header.hash) != true { candidates[place, default: []].append(header.hash) }
        see(
            Key(signer: header.builder, chain: header.chain, epoch: header.epoch, slot: header.slot, duty: 1),
            Content(kind: 0, hash: header.hash), at: time, &findings)
    }

    /// A notary says that it follows a block (R7).
    package mutating func follows(_ head: BranchHead, by signer: PublicKey, at time: UInt64, _ findings: inout Findings) {
        see(
            Key(signer: signer, chain: head.chain, epoch: head.generation, slot: head.height, duty: 4), Content(kind: 0, hash: head.block), at: time,
            &findings)
    }

    private mutating func see(_ key: Key, _ content: Content, at time: UInt64, _ findings: inout Findings) {
        guard !liars.contains(key.signer) else { return }
        guard let before = seen[key] else {
            seen[key] = content
            if key.duty == 2 { count(key, content.hash) }
            return
        }
        guard before != content else { return }
        findings.report(
            .votes,
            "\(key.signer) signed duty \(key.duty) of slot \(key.slot) on \(key.chain) twice: kind \(before.kind) \(before.hash), "
                + "then kind \(content.kind) \(content.hash)", at: time)
    }
}
