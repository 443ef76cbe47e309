import Chain
import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import Wire

/// A chain of `count` members whose signatures are cheap to make and to check, so that thousands of schedules run in seconds.
struct VotingChain: Sendable {
    let description: ChainDescription
    let network = Blake2b.hash(Array("test network".utf8))
    let timing: Timing

    init(_ count: Int, timing: Timing = Timing(), epochs: EpochRule? = nil, stakes: [Amount]? = nil) {
        self.timing = timing
        description = ChainDescription(
            id: ChainID("alpha")!, engine: stakes == nil ? .bft : .pos,
            nodes: (1...count).map { number in
                NodeDescription(id: "alpha-\(number)", key: VotingChain.key(number), site: "alpha", stake: stakes?[number - 1] ?? 0)
            }, genesis: [], genesisTime: 1, epochs: epochs ?? stakes.map { _ in EpochRule(slots: 64, margin: 16) },
            stake: stakes.map { _ in StakeRule(asset: AssetID("X")!) })
    }

    static func key(_ number: Int) -> PublicKey { PublicKey(Blake2b.hash(Array("member \(number)".utf8))) }

    /// The hash of the message under the key, and the key: nobody forges in these tests.
    static func signature(_ message: [UInt8], by key: PublicKey) -> Signature {
        Signature(first: Blake2b.hash(key.bytes + message), second: key.digest)
    }

    static let verify: @Sendable (SignatureCheck) -> Bool = { $0.signature == signature($0.message, by: $0.key) }

    /// The chain and a notary that has nothing to say in these tests.
    var whole: Network {
        let notary = ChainDescription(
            id: .notary, engine: .bft, nodes: [NodeDescription(id: "notary-1", key: VotingChain.key(1_000), site: "notary")], genesis: [],
            genesisTime: 1)
        return Network(id: network, notary: notary, chains: [description], contracts: [], timing: timing)
    }

    var count: Int { description.nodes.count }
    var genesis: Digest { BlockHeader.genesisHash(of: description.id, network: network) }

    func signer(_ position: Int) -> Signer {
        let key = description.nodes[position].key
        return Signer(publicKey: key) { VotingChain.signature($0, by: key) }
    }

    func settings(_ position: Int) -> SimplexSettings {
        SimplexSettings(
            book: ElectorateBook(network: whole), chain: description,
            keys: KeyRing(node: description.nodes[position].id, first: signer(position)), verify: VotingChain.verify)
    }

    /// A machine that has been started.
    func started(_ position: Int, recovered: SimplexRecovery = SimplexRecovery(), at now: Moment = .zero) -> Simplex {
        var simplex = Simplex(settings: settings(position), recovered: recovered)
        _ = simplex.apply(.started, at: now)
        return simplex
    }

    func statement(_ kind: VoteKind, _ slot: Slot, _ hash: Digest = .zero) -> Statement {
        Statement(chain: description.id, epoch: description.epoch(of: slot), slot: slot, kind: kind, hash: hash)
    }

    func vote(_ position: Int, _ kind: VoteKind, _ slot: Slot, _ hash: Digest = .zero) -> Vote {
        Vote(statement(kind, slot, hash), network: network, signer: signer(position))
    }

    /// Signed by the first quorum of members, or by those named.
    func certificate(_ kind: VoteKind, _ slot: Slot, _ hash: Digest = .zero, by positions: [Int]? = nil) -> Certificate {
        let statement = statement(kind, slot, hash)
        let signers = positions ?? Array(0..<Quorum.size(of: count))
        let signatures = signers.map {
            (position: $0, signature: Vote(statement, network: network, signer: signer($0)).signature)
        }
        return Certificate(statement: statement, signers: SignerSet(signatures, of: count))
    }

    /// A candidate told apart from others of its slot by a letter.
    func candidate(_ slot: Slot, on parent: CandidateReference? = nil, _ variant: String = "a") -> CandidateReference {
        CandidateReference(
            slot: slot, hash: Blake2b.hash(Array("\(slot)\(variant)\(parent?.hash.hex ?? "")".utf8)), parentSlot: parent?.slot ?? 0,
            parent: parent?.hash ?? genesis)
    }
}

extension Moment {
    static let zero = Moment(milliseconds: 0)

    /// Both clocks at once.
    init(milliseconds: UInt64) {
        self.init(monotonicMilliseconds: milliseconds, wallMilliseconds: milliseconds)
    }
}

extension [SimplexEffect] {
    /// What was voted, in order.
    var votes: [Statement] {
        compactMap { if case .broadcastVote(let vote) = $0 { vote.statement } else { nil } }
    }

    var certificates: [Statement] {
        compactMap { if case .broadcastCertificate(let certificate) = $0 { certificate.statement } else { nil } }
    }

    var leads: [LeadDuty] {
        compactMap { if case .lead(let duty) = $0 { duty } else { nil } }
    }

    var faults: [SimplexFault] {
        compactMap { if case .dropped(let fault) = $0 { fault } else { nil } }
    }

    var evidence: [Evidence] {
        compactMap { if case .accuse(let evidence) = $0 { evidence } else { nil } }
    }

    /// Delay of the last setting of a timer.
    func delay(_ timer: SimplexTimer) -> UInt64? {
        compactMap { effect -> UInt64? in
            if case .setTimer(timer, let delay) = effect { delay } else { nil }
        }.last
    }
}
