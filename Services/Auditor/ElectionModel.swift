import Foundation
import Schema

/// A notary node's candidacy, read by the schema alone (docs/protocol.md, E-1).
struct CandidacyModel: Sendable {
    var node: String
    var present: Bytes
    var key: Bytes
    var isWithdrawn: Bool
    var number: UInt64

    var presentData: Data { Data(present) }
    var keyData: Data { Data(key) }

    /// node padded 32 | key 32 | number u64 | withdrawn u8.
    var encoded: Bytes { Layout.padded(node) + key + Layout.number(number) + [isWithdrawn ? 1 : 0] }

    init(_ message: PBCandidacy) throws(FormFault) {
        let body = try ParsedTransaction.canonical(PBCandidacyBody.self, message.body, "its body")
        guard Layout.isChainName(body.node), body.present.count == Sodium.keyBytes, body.key.count == Sodium.keyBytes, body.number > 0 else {
            throw FormFault("has a body that is out of form")
        }
        (node, present, key, isWithdrawn, number) = (body.node, Bytes(body.present), Bytes(body.key), body.withdrawn, body.number)
    }
}

/// A sub-chain node's ballot, read by the schema alone (docs/protocol.md, E-2).
struct BallotModel: Sendable {
    var chain: String
    var voter: Bytes
    var approved: [String]
    var number: UInt64

    /// chain padded 32 | voter 32 | number u64 | count u16 | (node padded 32)*.
    var encoded: Bytes {
        Layout.padded(chain) + voter + Layout.number(number) + Layout.number(UInt16(approved.count)) + approved.flatMap { Layout.padded($0) }
    }

    init(_ message: PBBallot) throws(FormFault) {
        let body = try ParsedTransaction.canonical(PBBallotBody.self, message.body, "its body")
        guard Layout.isChainName(body.chain), body.voter.count == Sodium.keyBytes, body.number > 0, body.approved.allSatisfy(Layout.isChainName),
            zip(body.approved, body.approved.dropFirst()).allSatisfy({ Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        else { throw FormFault("has a body that is out of form") }
        (chain, voter, approved, number) = (body.chain, Bytes(body.voter), body.approved, body.number)
    }
}

/// Rules of the election on the notary chain.
extension LedgerModel {
    mutating func applyCandidacy(_ transaction: ParsedTransaction) -> RuleResult {
        guard let candidacy = transaction.candidacy, let election = chain.election else { return .forbidden(.replay, "elects where nobody is elected") }
        let listed = chain.nodes + election.standby
        guard let node = listed.first(where: { $0.id == candidacy.node }) else { return .forbidden(.replay, "is of no listed notary node") }
        let before = candidacies[candidacy.node]
        guard candidacy.number > before?.number ?? 0 else { return .forbidden(.replay, "is older than the node's candidacy that stands") }
        guard candidacy.present == before?.key ?? node.key else { return .forbidden(.replay, "is signed by a key that the node does not have") }
        let others = listed.filter { $0.id != candidacy.node }.map(\.key) + candidacies.values.filter { $0.node != candidacy.node }.map(\.key)
            + subChains.flatMap(\.keys)
        guard !others.contains(candidacy.key) else { return .forbidden(.replay, "takes a key that another node has") }
        write(candidacy)
        return .outcome(0)
    }

    mutating func applyBallot(_ transaction: ParsedTransaction) -> RuleResult {
        guard let ballot = transaction.ballot, let election = chain.election else { return .forbidden(.replay, "elects where nobody is elected") }
        guard statuses[ballot.chain]?.hasLeft != true else { return .forbidden(.replay, "is a ballot of a chain that has left (J-7)") }
        guard let voters = subChain(ballot.chain)?.keys, voters.contains(ballot.voter) else {
            return .forbidden(.replay, "is a ballot of a stranger")
        }
        let listed = (chain.nodes + election.standby).map(\.id)
        guard ballot.approved.allSatisfy(listed.contains) else { return .forbidden(.replay, "approves of a node that is not listed") }
        guard ballot.number > ballots[Layout.padded(ballot.chain) + ballot.voter]?.number ?? 0 else {
            return .forbidden(.replay, "is older than the voter's ballot that stands")
        }
        write(ballot)
        return .outcome(0)
    }
}

/// Who is elected, and from which height on they certify each chain, by the auditor's own count (docs/protocol.md, E-3 to E-5).
struct ElectionModel: Sendable {
    private let chain: AuditChain
    private let rule: AuditElection
    private var chains: [AuditChain] = []
    var candidacies: [String: CandidacyModel] = [:]
    /// By chain, padded, and voter.
    var ballots: [Bytes: BallotModel] = [:]
    /// Chains that have left vote no more.
    var left: Set<String> = []
    /// By chain.
    var closings: [String: ClosingsModel] = [:]
    /// Recorded heights.
    var heights: [String: UInt64] = [:]
    /// Epoch → chain → its first height; the first epoch has none.
    private var firsts: [UInt64: [String: UInt64]] = [:]
    /// The epoch whose notaries certify the first blocks of a chain that has joined.
    private var begins: [String: UInt64] = [:]

    init(_ chain: AuditChain, _ rule: AuditElection) {
        self.chain = chain
        self.rule = rule
    }

    /// Learns who may vote.
    mutating func enter(_ network: AuditNetwork) { chains = network.founding }

    /// One more chain votes, and is certified from its first block on by the notaries of the newest epoch.
    mutating func joined(_ chain: AuditChain, newest epoch: UInt64) {
        chains.append(chain)
        begins[chain.id] = epoch
    }

    /// Follows a transaction that took effect, for those who replay nothing else.
    mutating func follow(_ transaction: ParsedTransaction) {
        if let candidacy = transaction.candidacy { candidacies[candidacy.node] = candidacy }
        if let ballot = transaction.ballot { ballots[Layout.padded(ballot.chain) + ballot.voter] = ballot }
        if case .leave(let leave) = transaction.kind { left.insert(leave.chain) }
        if case .record(let record) = transaction.kind, let header = ParsedHeader(record.final.header) { heights[header.chain] = header.height }
    }

    mutating func close(_ closing: ClosingModel, by node: String) {
        if closings[closing.chain]?.epoch != closing.epoch { closings[closing.chain] = ClosingsModel(epoch: closing.epoch, nodes: []) }
        closings[closing.chain]?.nodes.insert(node)
    }

    /// Whether more than two thirds of an epoch's notaries have closed it for every sub-chain.
    private func isClosed(_ epoch: UInt64, by sitting: [AuditVoter]) -> Bool {
        chains.filter { !left.contains($0.id) }.allSatisfy { chain in
            guard let closed = closings[chain.id], closed.epoch == epoch else { return false }
            return closed.nodes.count * 3 > sitting.count * 2
        }
    }

    /// The epoch whose notaries certify a chain's block.
    func epoch(of chain: String, height: UInt64) -> UInt64 {
        firsts.filter { ($0.value[chain] ?? .max) <= height }.keys.max() ?? begins[chain] ?? 0
    }

    /// The first heights of an epoch: count u16, then chain padded 32 and height u64, ascending by chain.
    mutating func settleHeights(_ epoch: UInt64) -> Bytes {
        var bytes = Layout.number(UInt16(chains.count))
        for chain in chains {
            let first = heights[chain.id, default: 0] + rule.lead + 1
            firsts[epoch, default: [:]][chain.id] = first
            bytes += Layout.padded(chain.id) + Layout.number(first)
        }
        return bytes
    }

    /// Who votes after those of an epoch: the elected, unless they are others and the epoch is not closed.
    func elect(after epoch: UInt64, sitting: [AuditVoter]) -> [AuditVoter] {
        let listed = chain.nodes + rule.standby
        let seated = Set(sitting.map(\.id))
        let elected = rank(listed, seated, sitting)
        let next = elected == seated || isClosed(epoch, by: sitting) ? elected : seated
        return listed.filter { next.contains($0.id) }.map { AuditVoter(id: $0.id, key: candidacies[$0.id]?.key ?? $0.key, weight: 1) }
    }

    private func rank(_ listed: [AuditChain.Node], _ seated: Set<String>, _ sitting: [AuditVoter]) -> Set<String> {
        var approval: [String: UInt64] = [:]
        let chains = chains.filter { !left.contains($0.id) }
        for ballot in ballots.values {
            guard let voters = chains.first(where: { $0.id == ballot.chain })?.nodes.count else { continue }
            for node in ballot.approved { approval[node, default: 0] += AuditLimits.ballotWeight / UInt64(voters) }
        }
        let wanting = listed.map(\.id).filter { id in
            candidacies[id].map { !$0.isWithdrawn } ?? chain.nodes.contains { $0.id == id }
        }
        let majority = AuditLimits.ballotWeight * UInt64(chains.count) / 2
        func ranked(_ ids: [String]) -> [String] {
            ids.sorted { left, right in
                let (one, other) = (approval[left, default: 0], approval[right, default: 0])
                if one != other { return one > other }
                if seated.contains(left) != seated.contains(right) { return seated.contains(left) }
                return Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8))
            }
        }
        let strong = ranked(wanting.filter { seated.contains($0) || approval[$0, default: 0] > majority })
        let weak = ranked(wanting.filter { !strong.contains($0) })
        var chosen = Array((strong + weak).prefix(rule.seats))
        let floor = min(rule.seats, sitting.count)
        if chosen.count < floor { chosen += ranked(seated.filter { !wanting.contains($0) }.sorted()).prefix(floor - chosen.count) }
        return Set(chosen)
    }
}
