import Foundation
import Schema
import SwiftProtobuf

/// Bounds that blocks keep to (docs/protocol.md, limits).
enum AuditLimits {
    static let transactionBytes = 32 * 1024
    /// A record names every cross transaction of the block that it records.
    static let recordBytes = 256 * 1024
    static let blockTransactions = 1_000
    static let foreignHeaders = 64
    static let legs = 16
    static let agreementDeadlineMilliseconds: UInt64 = 86_400_000
    static let memoBytes = 140
    static let assetsPerAccount = 64
    static let nonceWindow: UInt64 = 256
    /// What all ballots of one sub-chain weigh together.
    static let ballotWeight: UInt64 = 1_000_000_000
    static let bondsPerNode = 64
    static let epochsKept: UInt64 = 8
    static let contractsPerNode = 64
    static let pegMembers = 16
    static let pauseTargets = 1_024
    static let capWindowMilliseconds: UInt64 = 2_678_400_000
    static let delayMilliseconds: UInt64 = 86_400_000
    static let contractWindow: UInt64 = 4_096
    static let chains = 24
    static let chainBodyBytes = 16 * 1024
    static let nodes = 64
}

/// A fault of form: what is wrong, as the end of a sentence about the transaction.
struct FormFault: Error {
    var what: String
    init(_ what: String) { self.what = what }
}

/// A cross transaction as its parties signed it.
struct ParsedCross: Sendable {
    var bytes: Bytes
    var xid: Bytes
    var body: PBCrossBody
    var authorizations: [PBAuthorization]

    var legs: [PBLeg] { body.legs }
    var decidingLeg: PBLeg { body.legs[body.legs.count - 1] }

    /// Legs that are executed by the decision: all of the last leg's chain.
    var decidingLegs: [PBLeg] { legs.filter { $0.chain == decidingLeg.chain } }
    /// Chains of all other legs, ascending, each once.
    var holdingChains: [String] { Set(legs.map(\.chain)).subtracting([decidingLeg.chain]).sorted() }
    /// Whether it stands under the terms that need no contract.
    var isAgreement: Bool { body.contract == "agreement" && body.contractVersion == 1 }

    init(_ signed: PBSignedCross, network: Bytes) throws(FormFault) {
        bytes = Bytes(signed.body)
        body = try ParsedTransaction.canonical(PBCrossBody.self, signed.body, "its cross body")
        authorizations = signed.authorizations
        xid = Sodium.hash(.xid, network + bytes)
        guard (2...AuditLimits.legs).contains(body.legs.count) else { throw FormFault("has \(body.legs.count) legs") }
        for leg in body.legs {
            guard Layout.isChainName(leg.chain), leg.chain != AuditNetwork.notaryName, Layout.isAssetName(leg.asset), leg.amount > 0,
                leg.debit.count == Sodium.keyBytes, leg.credit.count == Sodium.keyBytes, leg.debit != leg.credit
            else { throw FormFault("has a leg that is out of form") }
        }
        guard body.initiator.count == Sodium.keyBytes, body.memo.utf8.count <= AuditLimits.memoBytes else {
            throw FormFault("has a cross body that is out of form")
        }
    }
}

/// One transaction of a block, read by the schema alone.
struct ParsedTransaction: Sendable {
    var bytes: Bytes
    var id: Bytes
    /// Field number of the kind.
    var number: UInt8
    var kind: PBTransaction.OneOf_Kind
    /// What a Register or Transfer's signer signed.
    var body: Bytes = []
    var transfer: PBTransferBody?
    var register: PBRegisterBody?
    var cross: ParsedCross?
    /// The cross transaction it concerns.
    var xid: Bytes?
    /// What a Bond or an Unbond says.
    var stake: PBStakeBody?
    /// What a piece of evidence shows.
    var offence: OffenceModel?
    /// What a notary node wants, and what a sub-chain node votes for.
    var candidacy: CandidacyModel?
    var ballot: BallotModel?
    /// What a notary has closed.
    var closing: ClosingModel?
    /// What a Lock or a Redeem says.
    var bridgeOrder: PBBridgeOrderBody?
    /// What a chain that joins is.
    var joining: JoinModel?

    /// Reads a transaction of `chain`.
    init(_ data: Data, chain: String, network: Bytes) throws(FormFault) {
        let byteCountMax = chain == AuditNetwork.notaryName ? AuditLimits.recordBytes : AuditLimits.transactionBytes
        guard data.count <= byteCountMax else { throw FormFault("is larger than a transaction may be") }
        let message = try ParsedTransaction.canonical(PBTransaction.self, data, "it")
        guard let kind = message.kind else { throw FormFault("is of no kind") }
        bytes = Bytes(data)
        self.kind = kind
        var content = Bytes()
        switch kind {
        case .register(let item):
            let body = try ParsedTransaction.canonical(PBRegisterBody.self, item.body, "its body")
            guard body.chain == chain, body.account.count == Sodium.keyBytes else { throw FormFault("is not meant for this chain") }
            (number, register, self.body, content) = (1, body, Bytes(item.body), Bytes(item.body))
        case .transfer(let item):
            let body = try ParsedTransaction.canonical(PBTransferBody.self, item.body, "its body")
            try ParsedTransaction.check(body, chain: chain)
            (number, transfer, self.body, content) = (2, body, Bytes(item.body), Bytes(item.body))
        case .open(let item): (number, cross) = (3, try ParsedCross(item.cross, network: network))
        case .confirm(let item): (number, cross) = (4, try ParsedCross(item.cross, network: network))
        case .refuse(let item): (number, cross) = (5, try ParsedCross(item.cross, network: network))
        case .cancel(let item): (number, cross) = (6, try ParsedCross(item.cross, network: network))
        case .settle(let item): (number, xid) = (7, Bytes(item.xid))
        case .refund(let item): (number, xid) = (8, Bytes(item.xid))
        case .record(let item): (number, content) = (9, Sodium.hash(.block, Bytes(item.final.header)))
        case .evidence(let item):
            let shown = try OffenceModel(item)
            (number, offence, content) = (10, shown, (chain == AuditNetwork.notaryName ? [] : Array(chain.utf8)) + shown.id)
        case .bond(let item): (number, stake, body, content) = (13, try ParsedTransaction.stake(item, chain), Bytes(item.body), Bytes(item.body))
        case .unbond(let item): (number, stake, body, content) = (14, try ParsedTransaction.stake(item, chain), Bytes(item.body), Bytes(item.body))
        case .candidacy(let item):
            candidacy = try CandidacyModel(item)
            (number, content) = (15, Bytes(item.body))
        case .ballot(let item):
            ballot = try BallotModel(item)
            (number, content) = (16, Bytes(item.body))
        case .closing(let item):
            closing = try ClosingModel(item)
            (number, content) = (17, Bytes(item.body))
        case .freeze(let item): (number, content) = (11, try ParsedTransaction.status(item.chain, since: item.since))
        case .thaw(let item): (number, content) = (12, try ParsedTransaction.status(item.chain, since: item.since))
        case .leave(let item): (number, content) = (29, try ParsedTransaction.status(item.chain, since: item.since))
        case .lock(let item): (number, bridgeOrder, body, content) = (20, try ParsedTransaction.bridgeOrder(item, chain), Bytes(item.body), Bytes(item.body))
        case .redeem(let item): (number, bridgeOrder, body, content) = (22, try ParsedTransaction.bridgeOrder(item, chain), Bytes(item.body), Bytes(item.body))
        case .issue(let item), .release(let item):
            guard Layout.isChainName(item.contract), item.order.count == Sodium.hashBytes, item.attestations.count <= AuditLimits.pegMembers else {
                throw FormFault("is a proof that is out of form")
            }
            number = if case .issue = kind { 21 } else { 23 }
            content = Array(chain.utf8) + Layout.padded(item.contract) + Layout.number(item.version) + Bytes(item.order)
        case .pause(let item):
            guard let name = PauseModel.name(item.target), item.level <= 2, item.number > 0 else { throw FormFault("pauses nothing that can be") }
            (number, content) = (24, name + [UInt8(item.level)] + Layout.number(item.number))
        case .heed(let item):
            guard let name = PauseModel.name(item.target) else { throw FormFault("takes in a pause of nothing that can be") }
            (number, content) = (25, Array(chain.utf8) + name + Layout.number(item.number))
        case .deploy(let item): (number, content) = (18, Bytes(item.body))
        case .join(let item): (number, joining, content) = (28, try JoinModel(item), Bytes(item.body))
        case .adopt(let item):
            guard Layout.isChainName(item.id) else { throw FormFault("takes in a contract without a name") }
            (number, content) = (19, Array(chain.utf8) + Layout.padded(item.id) + Layout.number(item.version))
        }
        if let cross { xid = cross.xid }
        if let xid {
            guard xid.count == Sodium.hashBytes else { throw FormFault("names no cross transaction") }
            content = Array(chain.utf8) + xid
        }
        id = Sodium.hash(.transaction, [number] + network + content)
    }

    /// Claims about other chains' states that it relies on.
    var evidence: [PBStateEvidence] {
        switch kind {
        case .confirm(let item): item.holds
        case .settle(let item): [item.evidence]
        case .refund(let item): [item.evidence] + (item.hasFrozen ? [item.frozen] : [])
        case .adopt(let item): [item.evidence]
        case .heed(let item): [item.evidence]
        case .issue(let item), .release(let item): [item.evidence]
        case .register, .transfer, .open, .refuse, .cancel, .record, .evidence, .bond, .unbond, .candidacy, .ballot, .closing, .freeze, .thaw, .leave, .deploy, .lock,
            .redeem, .pause, .join:
            []
        }
    }

    private static func bridgeOrder(_ order: PBBridgeOrder, _ chain: String) throws(FormFault) -> PBBridgeOrderBody {
        let body = try canonical(PBBridgeOrderBody.self, order.body, "its body")
        guard body.chain == chain, body.sender.count == Sodium.keyBytes, body.receiver.count == Sodium.keyBytes, body.amount > 0,
            Layout.isChainName(body.contract), body.contract != "agreement", body.memo.utf8.count <= AuditLimits.memoBytes
        else { throw FormFault("is an order that is out of form") }
        return body
    }

    private static func stake(_ order: PBStakeOrder, _ chain: String) throws(FormFault) -> PBStakeBody {
        let body = try canonical(PBStakeBody.self, order.body, "its body")
        guard body.chain == chain, body.account.count == Sodium.keyBytes, body.amount > 0, body.node.utf8.count <= Layout.nameBytes else {
            throw FormFault("has a body that is out of form")
        }
        return body
    }

    private static func check(_ body: PBTransferBody, chain: String) throws(FormFault) {
        guard body.chain == chain else { throw FormFault("is meant for chain \(body.chain)") }
        guard body.sender.count == Sodium.keyBytes, body.receiver.count == Sodium.keyBytes, body.sender != body.receiver,
            Layout.isAssetName(body.asset), body.amount > 0, body.memo.utf8.count <= AuditLimits.memoBytes
        else { throw FormFault("has a body that is out of form") }
    }

    /// Decodes what must be exactly what an encoder writes.
    static func canonical<M: SwiftProtobuf.Message>(_ type: M.Type, _ data: Data, _ what: String) throws(FormFault) -> M {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        guard let message = try? M(serializedBytes: data, options: options), (try? message.serializedData()) == data else {
            throw FormFault("cannot be read: \(what) is not what an encoder writes")
        }
        return message
    }

    /// What names a change of a chain's status: chain padded 32, since u64.
    private static func status(_ chain: String, since: UInt64) throws(FormFault) -> Bytes {
        guard Layout.isChainName(chain) else { throw FormFault("changes the status of no chain") }
        return Layout.padded(chain) + Layout.number(since)
    }
}
