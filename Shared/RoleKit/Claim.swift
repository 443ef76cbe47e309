import Cryptography
import Wire

/// What a transaction uses up when it stands in a block. Of all transactions with one claim at most one ever gets into a chain:
/// once it is final, the others can never be in a block any more, and every node knows that from the chain alone (invariant 7).
package enum Claim: Hashable, Sendable {
    /// The account is opened by its owner.
    case account(PublicKey)
    /// One number of an account's nonce window.
    case nonce(PublicKey, UInt64)
    /// The holds of a cross transaction on this chain (R1, R5).
    case hold(Digest)
    /// What the deciding chain says of a cross transaction (R2).
    case decision(Digest)
    /// The end of the holds of a cross transaction on this chain (R3, R4).
    case resolution(Digest)
    /// The record of a sub-chain's block.
    case record(Digest)
    /// The record of an offence.
    case offence(Digest)
    /// A candidacy, a ballot or a closing, which a later one overtakes.
    case nomination(Digest)
    /// A change of a chain's status.
    case status(Digest)
    /// A version of a contract: id padded to 32, version u32.
    case contract([UInt8])
    /// A change of how far a target is stopped: its name, number u64.
    case pause([UInt8])
    /// What has left one chain of a peg appears on the other: peg padded to 32, order's id.
    case appearance([UInt8])
    /// A chain joins.
    case chain(ChainID)
}

extension Transaction {
    /// The one thing it uses up.
    package var claim: Claim {
        switch kind {
        case .register(let register): .account(register.account)
        case .transfer(let transfer): .nonce(transfer.sender, transfer.nonce)
        case .open(let cross): .hold(cross.xid)
        case .confirm(let confirm): .decision(confirm.cross.xid)
        case .refuse(let refuse): .decision(refuse.cross.xid)
        case .cancel(let cancel): .decision(cancel.cross.xid)
        case .settle(let resolution), .refund(let resolution): .resolution(resolution.xid)
        case .record(let record): .record(record.final.hash)
        case .evidence(let offence): .offence(offence.entry.id)
        case .bond(let order), .unbond(let order): .nonce(order.account, order.nonce)
        case .lock(let order), .redeem(let order): .nonce(order.sender, order.nonce)
        case .issue(let proof), .release(let proof): .appearance(NodeName.padded(proof.contract) + proof.order.bytes)
        case .candidacy, .ballot, .closing: .nomination(id)
        case .status(let change): .status(change.id)
        case .deploy(let deploy): .contract(deploy.terms.name)
        case .adopt(let adopt): .contract(adopt.name)
        case .pause(let pause): .pause(pause.name)
        case .heed(let heed): .pause(heed.name)
        case .join(let join): .chain(join.body.chain.id)
        }
    }

    /// Why other transactions with the same claim have come to nothing once this one is final.
    package var reasonForRivals: Reason {
        switch kind {
        case .register, .open, .record, .evidence, .candidacy, .ballot, .closing, .status, .deploy, .adopt, .issue, .release, .pause, .heed, .join: .alreadyExists
        case .transfer, .bond, .unbond, .lock, .redeem: .nonceUsed
        case .confirm: .alreadyDecided
        case .refuse: .refusedByReceiver
        case .cancel: .cancelledByInitiator
        case .settle, .refund: .crossAlreadyEnded
        }
    }

    /// The chain time after which it can no longer be in a block; nil when there is none (R2).
    package var lastChainTime: ChainTime? {
        guard case .confirm(let confirm) = kind else { return nil }
        return confirm.cross.deadline
    }
}
