import Cryptography
import Wire

/// Invariant 4: every final block has both certificates, from distinct members of the right set, a quorum of them, over bytes that
/// this oracle lays out itself.
package struct CertificateOracle: Sendable {
    private let network: Network
    private let memo: SignatureMemo
    /// Who votes on a chain, by epoch.
    private var electorates: [ChainID: [[ReplayVoter]]] = [:]
    private var goodFinals: Set<FinalHeader> = []
    private var goodCertificates: Set<Certificate> = []
    /// Who the notaries of each epoch are.
    package var election: ElectionOracle
    /// Blocks of sub-chains that elected notaries have certified.
    package private(set) var electedCertificates = Set<Digest>()

    package init(network: Network, memo: SignatureMemo) {
        self.network = network
        self.memo = memo
        election = ElectionOracle(network: network)
        for chain in network.chains + [network.notary] { electorates[chain.id] = ReplayStakes(chain).electorates }
    }

    /// A block has settled who votes next.
    mutating func learn(_ voters: [[ReplayVoter]], of chain: ChainID) { electorates[chain] = voters }

    /// Who may sign about a slot; nil when the epoch is another one, or nobody is known.
    private func voters(_ statement: Statement) -> [ReplayVoter]? {
        if statement.chain == .notary, network.notary.election != nil {
            guard statement.slot > 0, statement.epoch == election.epoch(ofSlot: statement.slot) else { return nil }
            return election.notaries(of: statement.epoch).map { keys in keys.map { ReplayVoter(node: "", key: $0, weight: 1) } }
        }
        guard let chain = network.chain(statement.chain), let known = electorates[chain.id], statement.slot > 0,
            statement.epoch == chain.epochs.map({ (statement.slot - 1) / $0.slots }) ?? 0, statement.epoch < known.count
        else { return nil }
        return known[Int(statement.epoch)]
    }

    /// Judges a certificate of votes.
    ///
    /// - Returns: who signed it, nil when it is not new or not good.
    package mutating func certificate(_ certificate: Certificate, at time: UInt64, _ findings: inout Findings) -> [PublicKey]? {
        guard !goodCertificates.contains(certificate) else { return nil }
        let statement = certificate.statement
        guard let voters = voters(statement) else {
            findings.report(.certificates, "a certificate of unknown chain or epoch: \(statement)", at: time)
            return nil
        }
        let bytes = CertificateOracle.tagged("vote", network.id) + CertificateOracle.padded(statement.chain)
            + CertificateOracle.number(statement.epoch) + CertificateOracle.number(statement.slot) + [statement.kind.rawValue]
            + statement.hash.bytes
        do {
            let signers = try signers(certificate.signers, of: voters, over: bytes)
            goodCertificates.insert(certificate)
            return signers
        } catch {
            findings.report(.certificates, "certificate of \(statement.chain) slot \(statement.slot): \(error.what)", at: time)
            return nil
        }
    }

    /// Judges the notary certificate of a header.
    package mutating func notary(_ certificate: NotaryCertificate?, of header: BlockHeader, at time: UInt64, _ findings: inout Findings) {
        guard header.chain != .notary else {
            if certificate != nil { findings.report(.certificates, "a notary block with a notary certificate", at: time) }
            return
        }
        let epoch = election.epoch(of: header.chain, height: header.height)
        guard let certificate, certificate.epoch == epoch, header.fields.epoch == epoch, let notaries = election.notaries(of: epoch) else {
            findings.report(.certificates, "\(header.chain) \(header.height) lacks a notary certificate of epoch \(epoch)", at: time)
            return
        }
        let bytes = CertificateOracle.tagged("notary", network.id) + CertificateOracle.padded(header.chain)
            + CertificateOracle.number(certificate.epoch) + CertificateOracle.number(header.slot)
            + CertificateOracle.number(header.height) + header.hash.bytes
        do {
            _ = try signers(certificate.signers, of: notaries.map { ReplayVoter(node: "", key: $0, weight: 1) }, over: bytes)
            if epoch > 0 { electedCertificates.insert(header.hash) }
        } catch {
            findings.report(.certificates, "notary certificate of \(header.chain) \(header.height): \(error.what)", at: time)
        }
    }

    /// Judges everything that shows a block to be final.
    ///
    /// - Returns: who signed the finality, nil when the header was judged before or is not good.
    package mutating func final(_ final: FinalHeader, at time: UInt64, _ findings: inout Findings) -> [PublicKey]? {
        guard !goodFinals.contains(final) else { return nil }
        notary(final.notary, of: final.header, at: time, &findings)
        var last = final.header
        for next in final.descendants {
            guard next.fields.parent == last.hash, next.fields.height == last.fields.height + 1, next.fields.chain == last.fields.chain else {
                findings.report(.certificates, "\(last.chain) \(last.height): descendants do not follow each other", at: time)
                return nil
            }
            last = next
        }
        if case .recorded(let head) = final.finality { return recorded(final, head, last, at: time, &findings) }
        guard let votes = final.finality.certificate, network.chain(final.header.chain)?.engine != .pow else {
            findings.report(.certificates, "\(final.header.chain) \(final.header.height): nothing shows it to be final", at: time)
            return nil
        }
        let statement = votes.statement
        guard statement.kind == .final, statement.hash == last.hash, statement.chain == last.chain, statement.slot == last.slot else {
            findings.report(.certificates, "\(final.header.chain) \(final.header.height): finality names another block", at: time)
            return nil
        }
        builder(of: final, at: time, &findings)
        let signers = certificate(votes, at: time, &findings)
        goodFinals.insert(final)
        return signers
    }

    private func builder(of final: FinalHeader, at time: UInt64, _ findings: inout Findings) {
        let builder = SignatureCheck(
            key: final.header.fields.builder, signature: final.builderSignature,
            message: CertificateOracle.tagged("candidate", network.id) + final.header.bytes)
        if !memo.holds(builder) {
            findings.report(.certificates, "\(final.header.chain) \(final.header.height): the builder did not sign", at: time)
        }
    }

    /// A mined block is final because the notary chain's state names it, or one that descends from it, as recorded.
    private mutating func recorded(
        _ final: FinalHeader, _ head: RecordedHead, _ last: BlockHeader, at time: UInt64, _ findings: inout Findings
    ) -> [PublicKey]? {
        let place = "\(final.header.chain) \(final.header.height)"
        guard network.chain(final.header.chain)?.engine == .pow, head.notary.header.chain == .notary else {
            findings.report(.certificates, "\(place): a record shows no block of this chain to be final", at: time)
            return nil
        }
        builder(of: final, at: time, &findings)
        let value = CertificateOracle.padded(last.chain) + CertificateOracle.number(last.fields.height) + last.hash.bytes
            + CertificateOracle.number(last.fields.time)
        if head.proof.value != value || CertificateOracle.root(of: head.proof, chain: last.chain) != head.notary.header.fields.stateRoot {
            findings.report(.certificates, "\(place): the notary chain's state does not name it as recorded", at: time)
        }
        goodFinals.insert(final)
        return self.final(head.notary, at: time, &findings)
    }

    /// The root that a path to a chain's recorded head leads to.
    private static func root(of proof: StateProof, chain: ChainID) -> Digest {
        func hash(_ name: String, _ content: [UInt8]) -> Digest { Blake2b.hash(Array("concordat/1/\(name)".utf8) + [0] + content) }
        let key = hash("state-head", Array(chain.description.utf8))
        var node = Blake2b.hash([2] + key.bytes + hash("state-value", proof.value ?? []).bytes)
        for (depth, sibling) in proof.siblings.enumerated().reversed() {
            let isRight = key.bytes[depth / 8] >> UInt8(7 - depth % 8) & 1 == 1
            node = Blake2b.hash([3] + (isRight ? sibling.bytes + node.bytes : node.bytes + sibling.bytes))
        }
        return node
    }

    private struct Fault: Error {
        var what: String
    }

    /// Distinct members, more than two thirds, each signature good.
    private func signers(_ set: SignerSet, of members: [ReplayVoter], over bytes: [UInt8]) throws(Fault) -> [PublicKey] {
        var signers: [PublicKey] = []
        var used = 0
        var weight: UInt64 = 0
        for bit in 0..<(set.bitmap.count * 8) where set.bitmap[bit / 8] & (1 << UInt8(bit % 8)) != 0 {
            guard bit < members.count else { throw Fault(what: "signer \(bit) is no member") }
            guard used < set.signatures.count else { throw Fault(what: "fewer signatures than signers") }
            guard memo.holds(SignatureCheck(key: members[bit].key, signature: set.signatures[used], message: bytes)) else {
                throw Fault(what: "signature of member \(bit) does not hold")
            }
            used += 1
            signers.append(members[bit].key)
            weight += members[bit].weight
        }
        guard used == set.signatures.count else { throw Fault(what: "more signatures than signers") }
        let total = members.map(\.weight).reduce(0, +)
        guard 3 * weight > 2 * total else { throw Fault(what: "\(signers.count) of \(members.count), \(weight) of \(total), are no quorum") }
        return signers
    }

    static func tagged(_ name: String, _ network: Digest) -> [UInt8] { Array("concordat/1/\(name)".utf8) + [0] + network.bytes }

    static func padded(_ chain: ChainID) -> [UInt8] {
        let name = Array(chain.description.utf8)
        return name + [UInt8](repeating: 0, count: 32 - name.count)
    }

    static func number(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) } }
}
