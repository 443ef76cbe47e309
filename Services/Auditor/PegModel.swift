import Foundation
import Schema

/// Who attests for a peg, as its terms say (B3, B5).
struct PegModel: Sendable, Equatable {
    struct Members: Sendable, Equatable {
        var keys: [Bytes]
        var threshold: UInt32

        /// Nil for no keys, too many, one twice or out of order, and for a threshold that means nothing.
        init?(_ keys: [Bytes], _ threshold: UInt32) {
            guard (1...AuditLimits.pegMembers).contains(keys.count), keys.allSatisfy({ $0.count == Sodium.keyBytes }),
                zip(keys, keys.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }), threshold > 0, threshold <= keys.count
            else { return nil }
            self.keys = keys
            self.threshold = threshold
        }
    }

    /// Of locks.
    var issuers: Members
    /// Of redemptions.
    var releasers: Members

    init?(_ terms: PBPegTerms) {
        guard let issuers = Members(terms.issuers.map { Bytes($0) }, terms.issueThreshold),
            let releasers = Members(terms.releasers.map { Bytes($0) }, terms.releaseThreshold)
        else { return nil }
        self.issuers = issuers
        self.releasers = releasers
    }

    init(issuers: Members, releasers: Members) {
        self.issuers = issuers
        self.releasers = releasers
    }
}

/// What has left a chain by a peg, or has appeared on it (docs/ledger.md, entries).
struct BridgeItemModel: Sendable, Equatable {
    /// 1 locked, 2 issued, 3 redeemed, 4 released.
    var kind: UInt8
    var contract: String
    var version: UInt32
    var order: Bytes
    var sender: Bytes
    var receiver: Bytes
    var amount: UInt64
    var height: UInt64
    var time: UInt64

    static func key(_ kind: UInt8, _ contract: String, _ order: Bytes) -> Bytes { Sodium.hash(.stateBridge, [kind] + Layout.padded(contract) + order) }

    var key: Bytes { BridgeItemModel.key(kind, contract, order) }

    /// kind u8 | contract 32 | version u32 | order 32 | sender 32 | receiver 32 | amount u64 | height u64 | time u64.
    var encoded: Bytes {
        [kind] + Layout.padded(contract) + Layout.number(version) + order + sender + receiver + Layout.number(amount) + Layout.number(height)
            + Layout.number(time)
    }

    init(kind: UInt8, contract: String, version: UInt32, order: Bytes, sender: Bytes, receiver: Bytes, amount: UInt64, height: UInt64, time: UInt64) {
        (self.kind, self.contract, self.version, self.order) = (kind, contract, version, order)
        (self.sender, self.receiver, self.amount, self.height) = (sender, receiver, amount, height)
        self.time = time
    }

    /// Nil for other bytes.
    init?(_ bytes: Bytes) {
        guard bytes.count == 157, (1...4).contains(bytes[0]) else { return nil }
        let name = bytes[1..<33].prefix { $0 != 0 }
        guard let contract = String(validating: name, as: UTF8.self), Layout.isChainName(contract), Layout.padded(contract) == Bytes(bytes[1..<33]) else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            kind: bytes[0], contract: contract, version: UInt32(number(33..<37)), order: Bytes(bytes[37..<69]), sender: Bytes(bytes[69..<101]),
            receiver: Bytes(bytes[101..<133]), amount: number(133..<141), height: number(141..<149), time: number(149..<157))
        guard amount > 0 else { return nil }
    }

    /// contract 32 | version u32 of the members | kind u8 | chain 32 | order 32 | sender 32 | receiver 32 | amount u64.
    func attested(on chain: String, version: UInt32) -> Bytes {
        Layout.padded(contract) + Layout.number(version) + [kind] + Layout.padded(chain) + order + sender + receiver + Layout.number(amount)
    }
}

/// Rules of pegs (B1 to B5).
extension LedgerModel {
    /// A Lock or a Redeem.
    mutating func applyBridgeOrder(_ transaction: ParsedTransaction) -> RuleResult {
        guard let body = transaction.bridgeOrder else { return .forbidden(.replay, "has no body") }
        let sender = Bytes(body.sender)
        guard var account = accounts[sender] else { return .forbidden(.conservation, "is paid by an account that does not exist") }
        guard !network.isReserve(sender, on: chain.id), !isPegAccount(sender) else { return .forbidden(.conservation, "is paid by a contract's reserve") }
        guard account.use(body.nonce) else { return .forbidden(.replay, "uses nonce \(body.nonce), which is used or outside the window") }
        write(account)
        guard let contract = contract(body.contract, body.version), contract.peg != nil else { return .outcome(RejectionNumber.unknownContract) }
        guard newestVersion(of: body.contract) == body.version else { return .outcome(RejectionNumber.contractSuperseded) }
        let isLock = transaction.number == 20
        let (own, other) = isLock ? (contract.sides[0], contract.sides[1]) : (contract.sides[1], contract.sides[0])
        guard own.chain == chain.id, Bytes(body.receiver) != other.reserve, body.amount >= contract.minimumAmount, body.amount <= contract.maximumAmount else {
            return .outcome(RejectionNumber.termsViolated)
        }
        guard !isStopped(body.contract, business(contract)) else { return .outcome(RejectionNumber.paused) }
        guard account.balances[own.asset, default: 0] >= body.amount, accounts[own.reserve] != nil else { return .outcome(RejectionNumber.insufficientFunds) }
        if !isLock, body.amount > outstanding(of: contract) { return .outcome(RejectionNumber.insufficientFunds) }
        if let (rejection, _) = brakeFault(contract, [body.amount, body.amount], .enters, since: nil) { return .outcome(rejection) }
        watch(body.contract, business(contract))
        flow(contract, [body.amount, body.amount], .enters, remaining: nil)
        guard debit(sender, body.amount, of: own.asset), credit(own.reserve, body.amount, of: own.asset) else {
            return .forbidden(.conservation, "moves more than can be")
        }
        if isLock { writeLane(body.contract, lanes[body.contract, default: 0] + body.amount) }
        write(
            BridgeItemModel(
                kind: isLock ? 1 : 3, contract: body.contract, version: body.version, order: transaction.id, sender: sender, receiver: Bytes(body.receiver),
                amount: body.amount, height: height, time: time))
        return .outcome(0)
    }

    /// An Issue or a Release.
    mutating func applyBridgeProof(_ proof: PBBridgeProof, isIssue: Bool, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        guard let contract = contract(proof.contract, proof.version), let peg = contract.peg, newestVersion(of: proof.contract) == proof.version else {
            return .forbidden(.replay, "makes value appear by no peg's newest terms")
        }
        let (own, other) = isIssue ? (contract.sides[1], contract.sides[0]) : (contract.sides[0], contract.sides[1])
        guard own.chain == chain.id, proof.origin == other.chain else { return .forbidden(.replay, "makes value appear on a chain that its peg does not lead to") }
        let (ordered, appeared): (UInt8, UInt8) = isIssue ? (1, 2) : (3, 4)
        let order = Bytes(proof.order)
        guard items[BridgeItemModel.key(appeared, proof.contract, order)] == nil else { return .forbidden(.replay, "makes value appear a second time") }
        guard let header = evidence[Bytes(proof.evidence.block)], header.chain == other.chain,
            case .present(let value)? = StateProofModel.entry(
                proof.evidence.proof, key: BridgeItemModel.key(ordered, proof.contract, order), root: header.stateRoot),
            var item = BridgeItemModel(value), item.kind == ordered, item.contract == proof.contract, item.order == order, item.time <= header.time
        else { return .forbidden(.conservation, "makes value appear that is not shown to have left \(other.chain)") }
        let members = isIssue ? peg.issuers : peg.releasers
        let keys = proof.attestations.map { Bytes($0.key) }
        guard keys.allSatisfy({ members.keys.contains($0) }), zip(keys, keys.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }),
            keys.count >= members.threshold
        else { return .forbidden(.replay, "makes value appear that too few members of the peg attest") }
        guard !isPegAccount(item.receiver) else { return .forbidden(.conservation, "pays a peg's own account") }
        guard !isStopped(proof.contract, business(contract)) else { return .forbidden(.replay, "makes value appear though its peg is paused (G-5)") }
        watch(proof.contract, business(contract))
        if let (_, fault) = brakeFault(contract, [item.amount, item.amount], .appears, since: item.time) { return .forbidden(.replay, fault) }
        flow(contract, [item.amount, item.amount], .appears, remaining: time > item.time ? time - item.time : 0)
        if isIssue {
            let returned = accounts[own.reserve]?.balances[own.asset] ?? 0
            if item.amount > returned {
                guard credit(own.reserve, item.amount - returned, of: own.asset) else { return .forbidden(.conservation, "issues more than can be") }
                issued[own.asset, default: 0] += UInt128(item.amount - returned)
                writeLane(proof.contract, lanes[proof.contract, default: 0] + (item.amount - returned))
            }
        } else {
            guard lanes[proof.contract, default: 0] >= item.amount else { return .forbidden(.conservation, "releases more than is locked") }
            writeLane(proof.contract, lanes[proof.contract, default: 0] - item.amount)
        }
        guard hasRoom(item.receiver, for: own.asset), debit(own.reserve, item.amount, of: own.asset), credit(item.receiver, item.amount, of: own.asset) else {
            return .forbidden(.conservation, "pays out what is not there")
        }
        (item.kind, item.version, item.height, item.time) = (appeared, proof.version, height, time)
        write(item)
        return .outcome(0)
    }

    /// Terms of a contract and version that count on this chain.
    func contract(_ id: String, _ version: UInt32) -> AuditContract? {
        if let known = network.contract(id, version: version) { return known }
        guard Layout.isChainName(id) else { return nil }
        return contracts[Layout.padded(id) + Layout.number(version)]?.model.contract
    }

    func newestVersion(of id: String) -> UInt32? {
        (network.contracts + contracts.values.map(\.model.contract)).filter { $0.id == id }.map(\.version).max()
    }

    /// Whether nothing but a peg's own orders may pay an account.
    func isPegAccount(_ account: Bytes) -> Bool {
        (network.contracts + contracts.values.map(\.model.contract)).contains { contract in
            contract.peg != nil && contract.sides.contains { $0.chain == chain.id && $0.reserve == account }
        }
    }

    /// What was issued by a peg and has not come back.
    func outstanding(of contract: AuditContract) -> UInt64 {
        let issued = lanes[contract.id, default: 0]
        let returned = accounts[contract.sides[1].reserve]?.balances[contract.sides[1].asset] ?? 0
        return returned > issued ? 0 : issued - returned
    }
}
