import Cryptography
import Schema

/// A notary's operator wants a target stopped, or let go on (G-5).
package struct PauseConsent: Hashable, Sendable {
    package var change: PauseChange
    package var authorization: Authorization

    /// Signs one.
    package init(change: PauseChange, network: Digest, signer: Signer) {
        self.change = change
        authorization = Authorization(key: signer.publicKey, signature: signer.sign(.pause, network: network, change.payload))
    }

    /// What has to hold for the signature to be the notary's.
    package func check(network: Digest) -> SignatureCheck { change.check(authorization, network: network) }

    init(_ message: PBPauseConsent) throws(WireFault) {
        try Field.present(message.hasTarget && message.hasAuthorization, "PauseConsent.target")
        change = try PauseChange(message.target, message.level, message.number, "PauseConsent.target")
        authorization = try Authorization(message.authorization, "PauseConsent.authorization")
    }

    var message: PBPauseConsent {
        var message = PBPauseConsent()
        message.target = change.target.message
        message.level = UInt32(change.level.rawValue)
        message.number = change.number
        message.authorization = authorization.message
        return message
    }
}

/// A validator says that the notary chain has stopped a target, or let it go on, and this chain has not taken it in.
package struct PauseNotice: Hashable, Sendable {
    package var chain: ChainID
    package var target: PauseTarget
    /// The notary block whose state shows it.
    package var final: FinalHeader
    package var evidence: StateEvidence
    /// Node id of the notary that says so.
    package var notary: String

    package init(chain: ChainID, target: PauseTarget, final: FinalHeader, evidence: StateEvidence, notary: String) {
        self.chain = chain
        self.target = target
        self.final = final
        self.evidence = evidence
        self.notary = notary
    }

    init(_ message: PBPauseNotice) throws(WireFault) {
        chain = try Field.subChain(message.chain, "PauseNotice.chain")
        try Field.present(message.hasTarget && message.hasFinal && message.hasEvidence, "PauseNotice.final")
        target = try PauseTarget(message.target, "PauseNotice.target")
        final = try FinalHeader(message.final)
        evidence = try StateEvidence(message.evidence)
        notary = try Field.text(message.notary, atMost: ShortText.byteCount, "PauseNotice.notary")
    }

    var message: PBPauseNotice {
        var message = PBPauseNotice()
        message.chain = chain.description
        message.target = target.message
        message.final = final.message
        message.evidence = evidence.message
        message.notary = notary
        return message
    }
}

/// How a target stands on the notary chain, and who wants that changed.
package struct PauseState: Hashable, Sendable {
    /// A wish that is not fulfilled yet.
    package struct Wish: Hashable, Sendable {
        package var level: PauseLevel
        /// Node id of the notary.
        package var notary: String

        package init(level: PauseLevel, notary: String) {
            self.level = level
            self.notary = notary
        }
    }

    package var target: PauseTarget
    package var level: PauseLevel
    /// Of the last change; 0 when there was none.
    package var number: UInt64
    /// Of the notary block that made it; 0 for none.
    package var notaryHeight: Height
    package var wishes: [Wish]

    package init(target: PauseTarget, level: PauseLevel, number: UInt64, notaryHeight: Height, wishes: [Wish]) {
        self.target = target
        self.level = level
        self.number = number
        self.notaryHeight = notaryHeight
        self.wishes = wishes
    }

    /// Those of an answer.
    static func all(in message: PBPauses) throws(WireFault) -> [PauseState] {
        try Field.count(message.pauses.count, atMost: Limits.pauseTargets, "Pauses.pauses")
        return try mapChecked(message.pauses) { item throws(WireFault) in try PauseState(item) }
    }

    init(_ message: PBPauseState) throws(WireFault) {
        try Field.present(message.hasTarget, "PauseState.target")
        target = try PauseTarget(message.target, "PauseState.target")
        level = try PauseLevel(message.level, "PauseState.level")
        number = message.number
        notaryHeight = message.notaryHeight
        try Field.count(message.wishes.count, atMost: Limits.notaryNodes * PauseLevel.allCases.count, "PauseState.wishes")
        wishes = try mapChecked(message.wishes) { item throws(WireFault) in
            Wish(level: try PauseLevel(item.level, "PauseWish.level"), notary: try Field.text(item.notary, atMost: ShortText.byteCount, "PauseWish.notary"))
        }
    }

    var message: PBPauseState {
        var message = PBPauseState()
        message.target = target.message
        message.level = UInt32(level.rawValue)
        message.number = number
        message.notaryHeight = notaryHeight
        message.wishes = wishes.map { wish in
            var message = PBPauseWish()
            message.level = UInt32(wish.level.rawValue)
            message.notary = wish.notary
            return message
        }
        return message
    }
}

/// What slows value down on a chain, as its newest final block has it.
package struct BrakeView: Hashable, Sendable {
    package var height: Height
    /// Chain time of that block; the genesis time before the first.
    package var time: ChainTime
    /// Ascending by contract and asset.
    package var meters: [MeterEntry]
    /// Targets that were ever stopped, as far as the chain has taken it in.
    package var pauses: [PauseEntry]
    /// Payments that wait here, with why, at most `Limits.waitingPerAnswer`.
    package var waiting: [Waiting]
    /// What open cross transactions hold on the chain, ascending by asset; assets of which nothing is held are left out.
    package var held: [Balance]

    /// What a brake puts off.
    package struct Waiting: Hashable, Sendable {
        /// Xid, or id of the order that is to appear.
        package var id: Digest
        package var reason: Reason
        /// As the deciding chain's leg or the order has it.
        package var amount: Amount
        /// Empty for none.
        package var contract: String

        package init(id: Digest, reason: Reason, amount: Amount, contract: String) {
            self.id = id
            self.reason = reason
            self.amount = amount
            self.contract = contract
        }
    }

    package init(height: Height, time: ChainTime, meters: [MeterEntry], pauses: [PauseEntry], waiting: [Waiting], held: [Balance] = []) {
        self.height = height
        self.time = time
        self.meters = meters
        self.pauses = pauses
        self.waiting = waiting
        self.held = held
    }

    init(_ message: PBBrakeState) throws(WireFault) {
        height = message.height
        time = message.timeMilliseconds
        try Field.count(message.meters.count, atMost: Limits.metersPerAnswer, "BrakeState.meters")
        meters = try mapChecked(message.meters) { bytes throws(WireFault) in
            guard let entry = MeterEntry(decoding: [UInt8](bytes)) else { throw WireFault(.invalid, "BrakeState.meters") }
            return entry
        }
        try Field.count(message.pauses.count, atMost: Limits.pauseTargets, "BrakeState.pauses")
        pauses = try mapChecked(message.pauses) { bytes throws(WireFault) in
            guard let entry = PauseEntry(decoding: [UInt8](bytes)) else { throw WireFault(.invalid, "BrakeState.pauses") }
            return entry
        }
        try Field.count(message.waiting.count, atMost: Limits.waitingPerAnswer, "BrakeState.waiting")
        waiting = try mapChecked(message.waiting) { item throws(WireFault) in
            guard let reason = Reason(code: item.reason) else { throw WireFault(.invalid, "WaitingPayment.reason") }
            return Waiting(
                id: try Field.digest(item.id, "WaitingPayment.id"), reason: reason, amount: item.amount,
                contract: try Field.text(item.contract, atMost: ShortText.byteCount, "WaitingPayment.contract"))
        }
        try Field.count(message.held.count, atMost: Limits.heldPerAnswer, "BrakeState.held")
        held = try mapChecked(message.held) { item throws(WireFault) in try Balance(item) }
    }

    var message: PBBrakeState {
        var message = PBBrakeState()
        message.height = height
        message.timeMilliseconds = time
        message.meters = meters.map { Digest.dataOf($0.encoded) }
        message.pauses = pauses.map { Digest.dataOf($0.encoded) }
        message.waiting = waiting.map { item in
            var message = PBWaitingPayment()
            message.id = item.id.data
            message.reason = item.reason.code
            message.amount = item.amount
            message.contract = item.contract
            return message
        }
        message.held = held.map(\.message)
        return message
    }
}

extension Response {
    /// What shows a target's entry.
    static func shown(_ message: PBPauseProof) throws(WireFault) -> Response {
        try Field.present(message.hasFinal && message.hasProof, "PauseProof")
        return .pauseShown(try FinalHeader(message.final), try StateProof(message.proof))
    }
}

extension PauseTarget {
    /// Which target somebody asks about.
    init(_ message: PBPauseQuery) throws(WireFault) {
        try Field.present(message.hasTarget, "PauseQuery.target")
        try self.init(message.target, "PauseQuery.target")
    }
}
