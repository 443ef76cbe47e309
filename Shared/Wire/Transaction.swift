import Cryptography
import Schema

/// One transaction of one chain, checked in form; its signatures and its effect are judged elsewhere.
package struct Transaction: Hashable, Sendable {
    /// Exact bytes received; what blocks carry and Merkle leaves hash.
    package let bytes: [UInt8]
    /// Known before anything is sent; evidence and signatures do not change it (docs/protocol.md, identifiers).
    package let id: Digest
    package let kind: Kind

    /// What a transaction does; one case for each message of the schema.
    package enum Kind: Hashable, Sendable {
        case register(Register)
        case transfer(Transfer)
        // Boxed, so that a plain transfer is not as wide, and as dear to copy, as the widest kind.
        indirect case open(CrossTransaction)
        indirect case confirm(Confirm)
        indirect case refuse(Refuse)
        indirect case cancel(Cancel)
        indirect case settle(Resolution)
        indirect case refund(Resolution)
        indirect case record(Record)
        indirect case evidence(Offence)
        indirect case bond(StakeOrder)
        indirect case unbond(StakeOrder)
        indirect case candidacy(Candidacy)
        indirect case ballot(Ballot)
        indirect case closing(Closing)
        indirect case status(StatusChange)
        indirect case deploy(Deploy)
        indirect case adopt(Adopt)
        indirect case lock(BridgeOrder)
        indirect case issue(BridgeProof)
        indirect case redeem(BridgeOrder)
        indirect case release(BridgeProof)
        indirect case pause(Pause)
        indirect case heed(Heed)
        indirect case join(Join)

        /// Field number in the schema.
        package var number: UInt8 {
            switch self {
            case .register: 1
            case .transfer: 2
            case .open: 3
            case .confirm: 4
            case .refuse: 5
            case .cancel: 6
            case .settle: 7
            case .refund: 8
            case .record: 9
            case .evidence: 10
            case .bond: 13
            case .unbond: 14
            case .candidacy: 15
            case .ballot: 16
            case .closing: 17
            case .status(let change): change.number
            case .deploy: 18
            case .adopt: 19
            case .lock: 20
            case .issue: 21
            case .redeem: 22
            case .release: 23
            case .pause: 24
            case .heed: 25
            case .join: 28
            }
        }
    }

    package static func == (left: Transaction, right: Transaction) -> Bool { left.bytes == right.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// Field number of the kind in the schema; part of the id.
    package var kindNumber: UInt8 { kind.number }

    /// The cross transaction it concerns.
    package var xid: Digest? {
        switch kind {
        case .register, .transfer, .record, .evidence, .candidacy, .ballot, .closing, .bond, .unbond, .status, .deploy, .adopt, .lock, .issue,
            .redeem, .release, .pause, .heed, .join:
            nil
        case .open(let cross): cross.xid
        case .confirm(let confirm): confirm.cross.xid
        case .refuse(let refuse): refuse.cross.xid
        case .cancel(let cancel): cancel.cross.xid
        case .settle(let resolution), .refund(let resolution): resolution.xid
        }
    }

    /// Foreign state it relies on.
    package var evidence: [StateEvidence] {
        switch kind {
        case .confirm(let confirm): confirm.holds
        case .settle(let resolution), .refund(let resolution): [resolution.evidence] + (resolution.frozen.map { [$0] } ?? [])
        case .adopt(let adopt): [adopt.evidence]
        case .heed(let heed): [heed.evidence]
        case .issue(let proof), .release(let proof): [proof.evidence]
        default: []
        }
    }

    /// Final headers that it carries itself and that must be shown to be final: of a record, and of evidence.
    package var provenFinals: [FinalHeader] {
        switch kind {
        case .record(let record): return [record.final]
        case .evidence(let offence):
            guard case .finals(let first, let second) = offence.exhibit else { return [] }
            return [first, second]
        default: return []
        }
    }

    /// The id of a transaction of `kind` (field number) about `xid` on `chain`.
    package static func id(kind: UInt8, chain: ChainID, xid: Digest, network: Digest) -> Digest {
        Blake2b.hash(.transaction, [kind] + network.bytes + chain.bytes + xid.bytes)
    }

    /// Encodes a transaction of `chain`.
    package init(_ kind: Kind, chain: ChainID, network: Digest) {
        self.init(kind: kind, bytes: Field.encode(Transaction.message(kind)), chain: chain, network: network)
    }

    /// Reads a transaction of `chain` from bytes of at most `Limits.transactionBytes`, on the notary chain `Limits.recordBytes`.
    ///
    /// - Throws: a fault that names the field: malformed, not canonical, too large, or of another chain.
    package init(decoding bytes: [UInt8], chain: ChainID, network: Digest) throws(WireFault) {
        try Field.count(bytes.count, atMost: chain == .notary ? Limits.recordBytes : Limits.transactionBytes, "Transaction")
        let message = try Field.canonical(PBTransaction.self, bytes, "Transaction")
        self.init(kind: try Transaction.kind(message, chain: chain, network: network), bytes: bytes, chain: chain, network: network)
    }

    private init(kind: Kind, bytes: [UInt8], chain: ChainID, network: Digest) {
        self.kind = kind
        self.bytes = bytes
        var content: [UInt8] = []
        switch kind {
        case .register(let register): content = register.body
        case .transfer(let transfer): content = transfer.body
        case .bond(let order), .unbond(let order): content = order.body
        case .record(let record): content = record.final.hash.bytes
        case .evidence(let offence): content = (chain == .notary ? [] : chain.bytes) + offence.entry.id.bytes
        case .candidacy(let candidacy): content = candidacy.body
        case .ballot(let ballot): content = ballot.body
        case .closing(let closing): content = closing.body
        case .status(let change): content = change.name
        case .deploy(let deploy): content = deploy.terms.body
        case .adopt(let adopt): content = chain.bytes + adopt.name
        case .lock(let order), .redeem(let order): content = order.body
        case .join(let join): content = join.body.bytes
        // A newer version's members attest anew.
        case .issue(let proof), .release(let proof): content = chain.bytes + ContractName.bytes(proof.contract, version: proof.version) + proof.order.bytes
        case .pause(let pause): content = pause.change.payload
        case .heed(let heed): content = chain.bytes + heed.name
        case .open(let cross): content = chain.bytes + cross.xid.bytes
        case .confirm(let confirm): content = chain.bytes + confirm.cross.xid.bytes
        case .refuse(let refuse): content = chain.bytes + refuse.cross.xid.bytes
        case .cancel(let cancel): content = chain.bytes + cancel.cross.xid.bytes
        case .settle(let resolution), .refund(let resolution): content = chain.bytes + resolution.xid.bytes
        }
        id = Blake2b.hash(.transaction, [kind.number] + network.bytes + content)
    }

    private static func kind(_ message: PBTransaction, chain: ChainID, network: Digest) throws(WireFault) -> Kind {
        guard let kind = message.kind else { throw WireFault(.missing, "Transaction.kind") }
        switch kind {
        case .register(let item): return .register(try Register(item, chain: chain))
        case .transfer(let item): return .transfer(try Transfer(item, chain: chain))
        case .open(let item):
            try Field.present(item.hasCross, "Open.cross")
            let cross = try CrossTransaction(item.cross, network: network)
            guard !cross.heldLegs(on: chain).isEmpty else { throw WireFault(.invalid, "Open.cross") }
            return .open(cross)
        case .confirm(let item): return .confirm(try Confirm(item, chain: chain, network: network))
        case .refuse(let item): return .refuse(try Refuse(item, chain: chain, network: network))
        case .cancel(let item): return .cancel(try Cancel(item, chain: chain, network: network))
        case .settle(let item):
            try Field.present(item.hasEvidence, "Settle.evidence")
            return .settle(Resolution(xid: try Field.digest(item.xid, "Settle.xid"), evidence: try StateEvidence(item.evidence)))
        case .refund(let item):
            try Field.present(item.hasEvidence, "Refund.evidence")
            return .refund(
                Resolution(
                    xid: try Field.digest(item.xid, "Refund.xid"), evidence: try StateEvidence(item.evidence),
                    frozen: item.hasFrozen ? try StateEvidence(item.frozen) : nil))
        case .record(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.record") }
            return .record(try Record(item))
        case .evidence(let item):
            let offence = try Offence(try Evidence(item))
            guard chain == .notary || chain == offence.evidence.chain else { throw WireFault(.invalid, "Transaction.evidence") }
            return .evidence(offence)
        case .bond(let item): return .bond(try StakeOrder(item, chain: chain))
        case .unbond(let item): return .unbond(try StakeOrder(item, chain: chain))
        case .candidacy(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.candidacy") }
            return .candidacy(try Candidacy(item))
        case .ballot(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.ballot") }
            return .ballot(try Ballot(item))
        case .closing(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.closing") }
            return .closing(try Closing(item))
        case .freeze, .thaw, .leave:
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.freeze, thaw or leave") }
            return .status(try StatusChange(kind))
        case .deploy(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.deploy") }
            return .deploy(try Deploy(item, network: network))
        case .adopt(let item):
            guard chain != .notary else { throw WireFault(.invalid, "Transaction.adopt") }
            return .adopt(try Adopt(item))
        case .lock(let item): return .lock(try BridgeOrder(item, chain: chain))
        case .redeem(let item): return .redeem(try BridgeOrder(item, chain: chain))
        case .issue(let item):
            guard chain != .notary else { throw WireFault(.invalid, "Transaction.issue") }
            return .issue(try BridgeProof(item))
        case .release(let item):
            guard chain != .notary else { throw WireFault(.invalid, "Transaction.release") }
            return .release(try BridgeProof(item))
        case .pause(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.pause") }
            return .pause(try Pause(item))
        case .heed(let item):
            guard chain != .notary else { throw WireFault(.invalid, "Transaction.heed") }
            return .heed(try Heed(item))
        case .join(let item):
            guard chain == .notary else { throw WireFault(.invalid, "Transaction.join") }
            return .join(try Join(item))
        }
    }

    private static func message(_ kind: Kind) -> PBTransaction {
        var message = PBTransaction()
        switch kind {
        case .register(let register): message.register = register.message
        case .transfer(let transfer): message.transfer = transfer.message
        case .open(let cross): message.open.cross = cross.message
        case .confirm(let confirm): message.confirm = confirm.message
        case .refuse(let refuse): message.refuse = refuse.message
        case .cancel(let cancel): message.cancel = cancel.message
        case .settle(let resolution):
            message.settle.xid = resolution.xid.data
            message.settle.evidence = resolution.evidence.message
        case .refund(let resolution):
            message.refund.xid = resolution.xid.data
            message.refund.evidence = resolution.evidence.message
            if let frozen = resolution.frozen { message.refund.frozen = frozen.message }
        case .record(let record): message.record = record.message
        case .evidence(let offence): message.evidence = offence.evidence.message
        case .bond(let order): message.bond = order.message
        case .unbond(let order): message.unbond = order.message
        case .candidacy(let candidacy): message.candidacy = candidacy.message
        case .ballot(let ballot): message.ballot = ballot.message
        case .closing(let closing): message.closing = closing.message
        case .status(let change): change.fill(&message)
        case .deploy(let deploy): message.deploy = deploy.message
        case .adopt(let adopt): message.adopt = adopt.message
        case .lock(let order): message.lock = order.message
        case .redeem(let order): message.redeem = order.message
        case .issue(let proof): message.issue = proof.message
        case .release(let proof): message.release = proof.message
        case .pause(let pause): message.pause = pause.message
        case .heed(let heed): message.heed = heed.message
        case .join(let join): message.join = join.message
        }
        return message
    }
}
