import Cryptography
import Wire

/// Amounts and nonces are text: JavaScript would round what is larger than 53 bits.
struct LegShape: Encodable, Sendable {
    var chain: String, from: String, to: String, asset: String, amount: String

    init(_ leg: Leg) {
        chain = leg.chain.description
        from = leg.debit.address.text
        to = leg.credit.address.text
        asset = leg.asset.description
        amount = "\(leg.amount)"
    }
}

/// A cross transaction as its parties signed it.
struct CrossShape: Encodable, Sendable {
    var xid: String
    var initiator: String
    var contract: String
    var contract_version: UInt32
    var deciding_chain: String
    var legs: [LegShape]
    /// In the deciding chain's time.
    var deadline_milliseconds: UInt64
    var memo: String

    init(_ cross: CrossTransaction) {
        xid = cross.xid.hex
        initiator = cross.initiator.address.text
        contract = cross.contract
        contract_version = cross.contractVersion
        deciding_chain = cross.decidingChain.description
        legs = cross.legs.map(LegShape.init)
        deadline_milliseconds = cross.deadline
        memo = cross.memo
    }
}

/// One transaction of a block.
struct TransactionShape: Encodable, Sendable {
    var id: String
    var kind: String
    /// Of a block: `applied`, or why not.
    var outcome: String?
    var xid: String?
    var from: String?
    var to: String?
    var asset: String?
    var amount: String?
    var nonce: String?
    var memo: String?
    var contract: String?
    var cross: CrossShape?
    /// What the receiver said when it refused.
    var said: String?

    init(_ transaction: Transaction, _ outcome: Outcome? = nil) {
        id = transaction.id.hex
        kind = TransactionShape.word(transaction.kind)
        self.outcome = outcome.map { $0.rejection?.code ?? "applied" }
        xid = transaction.xid?.hex
        switch transaction.kind {
        case .register(let register): to = register.account.address.text
        case .transfer(let transfer):
            (from, to) = (transfer.sender.address.text, transfer.receiver.address.text)
            (asset, amount) = (transfer.asset.description, "\(transfer.amount)")
            (nonce, memo) = ("\(transfer.nonce)", transfer.memo)
        case .open(let cross): self.cross = CrossShape(cross)
        case .confirm(let confirm): cross = CrossShape(confirm.cross)
        case .refuse(let refuse): (cross, said) = (CrossShape(refuse.cross), refuse.reason)
        case .cancel(let cancel): cross = CrossShape(cancel.cross)
        case .lock(let order), .redeem(let order):
            (from, to) = (order.sender.address.text, order.receiver.address.text)
            (contract, amount) = (order.contract, "\(order.amount)")
            (nonce, memo) = ("\(order.nonce)", order.memo)
        case .issue(let proof), .release(let proof): (contract, xid) = (proof.contract, proof.order.hex)
        default: break
        }
    }

    /// As the schema calls it.
    static func word(_ kind: Transaction.Kind) -> String {
        switch kind {
        case .register: "register"
        case .transfer: "transfer"
        case .open: "open"
        case .confirm: "confirm"
        case .refuse: "refuse"
        case .cancel: "cancel"
        case .settle: "settle"
        case .refund: "refund"
        case .record: "record"
        case .evidence: "evidence"
        case .bond: "bond"
        case .unbond: "unbond"
        case .candidacy: "candidacy"
        case .ballot: "ballot"
        case .closing: "closing"
        case .status: "status"
        case .deploy: "deploy"
        case .adopt: "adopt"
        case .lock: "lock"
        case .issue: "issue"
        case .redeem: "redeem"
        case .release: "release"
        case .pause: "pause"
        case .heed: "heed"
        case .join: "join"
        }
    }
}

/// A final block, and who signed it.
struct BlockShape: Encodable, Sendable {
    var chain: String, height: UInt64, hash: String, parent: String, slot: UInt64, epoch: UInt64, time_milliseconds: UInt64
    var builder: String, state_root: String, notary_height: UInt64, transaction_count: Int
    /// Of the notaries that found it valid, and of the nodes that made it final.
    var notary_signatures: Int, finality_signatures: Int
    /// Nil in lists.
    var transactions: [TransactionShape]?

    init(_ block: FinalBlock, isWhole: Bool) {
        let header = block.block.header
        chain = header.chain.description
        height = header.height
        hash = header.hash.hex
        parent = header.parent.hex
        slot = header.slot
        epoch = header.epoch
        time_milliseconds = header.time
        builder = header.builder.address.text
        state_root = header.stateRoot.hex
        notary_height = header.fields.notaryHeight
        transaction_count = header.fields.transactionCount
        notary_signatures = block.final?.notary?.signers.signatures.count ?? block.certified?.notary?.signers.signatures.count ?? 0
        finality_signatures = block.final?.finality.signatureCount ?? 0
        guard isWhole else { return }
        transactions = zip(block.block.transactions, block.block.outcomes).map { TransactionShape($0, $1) }
    }
}
