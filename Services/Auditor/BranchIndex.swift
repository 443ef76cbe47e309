import Foundation
import Schema

/// The final branches of all chains, by chain and height.
struct BranchIndex {
    private var hashes: [String: [UInt64: Bytes]] = [:]
    private var bodies: [String: [UInt64: PBBlock]] = [:]
    /// Chains of which some node's store was not read: a block that nobody here holds may still exist.
    private var incomplete: Set<String> = []
    /// What the notary chain says of frozen chains.
    private(set) var freezes = FreezeModel()
    /// Chains that went on while the audit was reading.
    private var growing: Set<String> = []

    /// Chains whose newest blocks may not have been judged.
    var partial: Set<String> { incomplete.union(growing) }

    ///
    /// - Parameter network: its id.
    mutating func add(_ branch: Branch, isComplete: Bool, network: Bytes) {
        hashes[branch.chain.id] = branch.hashes
        for copy in branch.blocks where copy.faults.isEmpty { bodies[branch.chain.id, default: [:]][copy.header.height] = copy.block }
        if !isComplete { incomplete.insert(branch.chain.id) }
        guard branch.chain.id == AuditNetwork.notaryName else { return }
        for copy in branch.blocks where copy.faults.isEmpty { freezes.read(copy.block, at: copy.header.height, network: network) }
    }

    /// Adds a block that was stored while the audit was reading.
    mutating func add(later hash: Bytes, of chain: String, at height: UInt64) {
        growing.insert(chain)
        if hashes[chain]?[height] == nil { hashes[chain, default: [:]][height] = hash }
    }

    /// The hash of a chain's block; zero at height 0, nil for a block that nobody here holds.
    func hash(_ chain: String, _ height: UInt64) -> Bytes? {
        height == 0 ? Layout.zeroHash : hashes[chain]?[height]
    }

    /// Why a header that claims to be final is not on its chain's branch; nil when it is, or cannot be placed.
    func fault(of header: ParsedHeader) -> String? {
        guard let known = hash(header.chain, header.height) else {
            return incomplete.contains(header.chain) ? nil
                : "is about block \(header.height) of \(header.chain), which none of its nodes holds"
        }
        return known == header.hash ? nil
            : "is about block \(Layout.short(header.hash)), while \(header.chain)'s final block \(header.height) is \(Layout.short(known))"
    }

    /// The cross data of a block, in block order; nil when its body is not here.
    func crosses(_ chain: String, _ height: UInt64, _ hash: Bytes, network: Bytes) -> [PBCrossData]? {
        guard self.hash(chain, height) == hash, let block = bodies[chain]?[height] else { return nil }
        var crosses: [PBCrossData] = []
        for data in block.transactions {
            guard let transaction = try? ParsedTransaction(data, chain: chain, network: network), let xid = transaction.xid else { continue }
            var item = PBCrossData()
            item.xid = Data(xid)
            item.operation = UInt32(transaction.number)
            item.chains = transaction.cross?.legs.map(\.chain) ?? []
            crosses.append(item)
        }
        return crosses
    }
}

/// Books every signature that a transaction must carry.
enum TransactionSignatures {
    static func add(_ transaction: ParsedTransaction, to audit: inout CertificateAudit, at place: Violation, number: Int) {
        func book(_ signature: Data, by key: Data, _ tag: Tag, _ payload: Bytes, _ whose: String) {
            audit.add(
                Bytes(signature), by: Bytes(key), over: tag, payload, at: place, invariant: .replay,
                "transaction \(number): the signature of \(whose) does not stand")
        }
        func consents(_ items: [PBAuthorization], of chain: String, _ action: UInt8, since: UInt64) {
            for item in items {
                book(item.signature, by: item.key, .consent, Layout.padded(chain) + [action] + Layout.number(since), "a notary who consents")
            }
        }
        if let cross = transaction.cross {
            for item in cross.authorizations { book(item.signature, by: item.key, .cross, cross.bytes, "a party of the cross transaction") }
        }
        let xid = transaction.xid ?? []
        switch transaction.kind {
        case .register(let item):
            if let body = transaction.register { book(item.signature, by: body.account, .register, transaction.body, "the account's owner") }
        case .transfer(let item):
            if let body = transaction.transfer { book(item.signature, by: body.sender, .transfer, transaction.body, "the sender") }
        case .confirm(let item):
            for consent in item.confirmations { book(consent.signature, by: consent.key, .confirm, xid, "the receiver") }
        case .refuse(let item):
            book(item.authorization.signature, by: item.authorization.key, .refuse, xid + Array(item.reason.utf8), "the receiver")
        case .cancel(let item): book(item.authorization.signature, by: item.authorization.key, .cancel, xid, "the initiator")
        case .evidence:
            for item in transaction.offence?.signatures ?? [] {
                book(Data(item.signature), by: Data(item.key), item.tag, item.payload, "the accused")
            }
        case .bond(let item): book(item.signature, by: transaction.stake?.account ?? Data(), .bond, transaction.body, "the account")
        case .unbond(let item): book(item.signature, by: transaction.stake?.account ?? Data(), .unbond, transaction.body, "the account")
        case .candidacy(let item):
            guard let candidacy = transaction.candidacy else { return }
            book(item.signature, by: candidacy.presentData, .candidacy, Bytes(item.body), "the node")
            book(item.keySignature, by: candidacy.keyData, .candidacyKey, Bytes(item.body), "the node's key")
        case .ballot(let item):
            if let ballot = transaction.ballot { book(item.signature, by: Data(ballot.voter), .ballot, Bytes(item.body), "the voter") }
        case .closing(let item):
            if let closing = transaction.closing { book(item.signature, by: Data(closing.notary), .closing, Bytes(item.body), "the notary") }
        case .freeze(let item): consents(item.consents, of: item.chain, 1, since: item.since)
        case .thaw(let item): consents(item.consents, of: item.chain, 2, since: item.since)
        case .leave(let item): consents(item.consents + item.nodes, of: item.chain, 3, since: item.since)
        case .deploy(let item):
            guard let terms = try? ParsedTransaction.canonical(PBContractTerms.self, item.body, "its terms") else { return }
            book(item.signature, by: terms.deployer, .deploy, Bytes(item.body), "the deployer")
            book(item.nodeSignature, by: item.node, .sponsor, Bytes(item.body), "the node")
        case .lock(let item): book(item.signature, by: transaction.bridgeOrder?.sender ?? Data(), .lock, Bytes(item.body), "the sender")
        case .redeem(let item): book(item.signature, by: transaction.bridgeOrder?.sender ?? Data(), .redeem, Bytes(item.body), "the sender")
        case .issue(let item), .release(let item):
            guard let order = BridgeItemModel(Bytes(item.evidence.proof.value)) else { return }
            for attestation in item.attestations {
                book(attestation.signature, by: attestation.key, .attest, order.attested(on: item.origin, version: item.version), "a member of the peg")
            }
        case .pause(let item):
            let content = (PauseModel.name(item.target) ?? []) + [UInt8(truncatingIfNeeded: item.level)] + Layout.number(item.number)
            for consent in item.consents { book(consent.signature, by: consent.key, .pause, content, "a notary who consents") }
        case .join(let item):
            guard let joining = transaction.joining else { return }
            for (node, signature) in zip(joining.chain.nodes, item.signatures) { book(signature, by: Data(node.key), .join, joining.body, "a node of the new chain") }
            for admission in item.admissions { book(admission.signature, by: admission.key, .admit, Sodium.hash(joining.body), "a notary who admits") }
        case .open, .settle, .refund, .record, .adopt, .heed: break
        }
    }
}
