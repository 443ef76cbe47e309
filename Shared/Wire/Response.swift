import Cryptography
import Schema

/// The answer to a request.
package indirect enum Response: Hashable, Sendable {
    case submit(SubmitResult)
    case status(Status)
    case account(AccountView)
    case watch(Bool)
    case blocks([FinalBlock], head: Height)
    case validate(taken: Bool)
    case receipt(Receipt)
    case trace(Trace)
    case head(FinalHeader?, height: Height)
    case legs([LegNotice])
    case offences([RecordedOffence], count: UInt64)
    case snapshot(SnapshotManifest)
    case snapshotPart([UInt8])
    case signed([Vote])
    case recorded(Recorded)
    /// Of one chain, ascending by epoch.
    case handovers([Handover])
    case headers(HeaderRun, head: Height)
    case accountProof(FinalHeader, StateProof)
    case stakes(Stakes)
    case election(ElectionView)
    /// Ascending by chain.
    case chains([ChainState])
    /// Whether what was asked for is granted; it binds whoever grants it.
    case granted(Bool)
    /// What shows a chain's status in the state of the newest final notary block.
    case frozen(FinalHeader, StateProof)
    /// What shows a contract's entry, or that there is none, in the state of the newest final notary block.
    case contract(FinalHeader, StateProof)
    /// Contracts, and how many the notary chain holds.
    case contracts([ContractEntry], count: UInt64)
    case bridge(BridgeView)
    /// What shows an order of a peg, or that there is none, in the state of the newest final block.
    case bridgeShown(FinalHeader, StateProof)
    /// How many members have attested an order, and how many it takes.
    case attested(have: Int, threshold: Int)
    /// What shows a target's entry, or that there is none, in the state of the newest final notary block.
    case pauseShown(FinalHeader, StateProof)
    case pauses([PauseState])
    case brakes(BrakeView)
    case joins(Joins)
    case holds(Holds)
    case failure(Reason, detail: String)

    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        let message = try Field.decode(PBResponse.self, bytes, "Response")
        switch message.response {
        case .submit(let item): self = .submit(try SubmitResult(item))
        case .status(let item): self = .status(try Status(item))
        case .account(let item): self = .account(try AccountView(item))
        case .watch(let item): self = .watch(item.watching)
        case .blocks(let item):
            try Field.count(item.blocks.count, atMost: Limits.blocksPerAnswer, "Blocks.blocks")
            self = .blocks(
                try mapChecked(item.blocks) { block throws(WireFault) in try FinalBlock(block, network: network) }, head: item.head)
        case .validate(let item): self = .validate(taken: item.taken)
        case .receipt(let item): self = .receipt(try Receipt(item))
        case .trace(let item): self = .trace(try Trace(item))
        case .head(let item): self = .head(item.hasFinal ? try FinalHeader(item.final) : nil, height: item.height)
        case .legs(let item):
            try Field.count(item.legs.count, atMost: Limits.legsPerAnswer, "Legs.legs")
            self = .legs(try mapChecked(item.legs) { leg throws(WireFault) in try LegNotice(leg, network: network) })
        case .offences(let item):
            try Field.count(item.offences.count, atMost: Limits.offencesPerAnswer, "Offences.offences")
            self = .offences(
                try mapChecked(item.offences) { offence throws(WireFault) in try RecordedOffence(offence) }, count: item.count)
        case .snapshot(let item):
            try Field.count(item.part.count, atMost: Limits.snapshotPartBytes, "SnapshotAnswer.part")
            guard item.hasSnapshot == item.part.isEmpty else { throw WireFault(.invalid, "SnapshotAnswer.part") }
            self = item.hasSnapshot ? .snapshot(try SnapshotManifest(item.snapshot)) : .snapshotPart([UInt8](item.part))
        case .signed(let item):
            try Field.count(item.votes.count, atMost: 2, "Signed.votes")
            self = .signed(try mapChecked(item.votes) { vote throws(WireFault) in try Vote(vote) })
        case .recorded(let item): self = .recorded(try Recorded(item))
        case .handovers(let item):
            try Field.count(item.handovers.count, atMost: Limits.handoversPerAnswer, "Handovers.handovers")
            self = .handovers(try mapChecked(item.handovers) { handover throws(WireFault) in try Handover(handover) })
        case .stakes(let item): self = .stakes(try Stakes(item))
        case .election(let item): self = .election(try ElectionView(item))
        case .chains(let item):
            try Field.count(item.chains.count, atMost: Limits.subChains, "ChainStates.chains")
            self = .chains(try mapChecked(item.chains) { state throws(WireFault) in try ChainState(state) })
        case .granted(let item): self = .granted(item.granted)
        case .frozen(let item):
            try Field.present(item.hasFinal && item.hasProof, "FrozenProof")
            self = .frozen(try FinalHeader(item.final), try StateProof(item.proof))
        case .headers(let item): self = .headers(try HeaderRun(item), head: item.head)
        case .accountProof(let item):
            try Field.present(item.hasFinal && item.hasProof, "AccountProof")
            self = .accountProof(try FinalHeader(item.final), try StateProof(item.proof))
        case .contract(let item):
            try Field.present(item.hasFinal && item.hasProof, "ContractProof")
            self = .contract(try FinalHeader(item.final), try StateProof(item.proof))
        case .contracts(let item):
            try Field.count(item.contracts.count, atMost: Limits.contractsPerAnswer, "Contracts.contracts")
            let entries = try mapChecked(item.contracts) { bytes throws(WireFault) in try Response.contract([UInt8](bytes), network: network) }
            self = .contracts(entries, count: item.count)
        case .bridge(let item): self = .bridge(try BridgeView(item))
        case .bridgeProof(let item):
            try Field.present(item.hasFinal && item.hasProof, "BridgeShown")
            self = .bridgeShown(try FinalHeader(item.final), try StateProof(item.proof))
        case .joins(let item): self = .joins(try Joins(item))
        case .holds(let item): self = .holds(try Holds(item))
        case .attest(let item): self = .attested(have: Int(item.have), threshold: Int(item.threshold))
        case .failure(let item):
            guard let reason = Reason(code: item.reason) else { throw WireFault(.invalid, "Failure.reason") }
            self = .failure(reason, detail: item.detail)
        case .pause(let item): self = try .shown(item)
        case .pauses(let item): self = .pauses(try PauseState.all(in: item))
        case .brakes(let item): self = .brakes(try BrakeView(item))
        case nil: throw WireFault(.missing, "Response.response")
        }
    }

    private static func contract(_ bytes: [UInt8], network: Digest) throws(WireFault) -> ContractEntry {
        guard let entry = ContractEntry(decoding: bytes, network: network) else { throw WireFault(.invalid, "Contracts.contracts") }
        return entry
    }

    package var encoded: [UInt8] {
        var message = PBResponse()
        switch self {
        case .submit(let item): message.submit = item.message
        case .status(let item): message.status = item.message
        case .account(let item): message.account = item.message
        case .watch(let watching): message.watch.watching = watching
        case .blocks(let blocks, let head):
            message.blocks.blocks = blocks.map(\.message)
            message.blocks.head = head
        case .validate(let taken): message.validate.taken = taken
        case .receipt(let item): message.receipt = item.message
        case .trace(let item): message.trace = item.message
        case .head(let final, let height):
            if let final { message.head.final = final.message }
            message.head.height = height
        case .legs(let legs): message.legs.legs = legs.map(\.message)
        case .offences(let offences, let count):
            message.offences.offences = offences.map(\.message)
            message.offences.count = count
        case .snapshot(let manifest): message.snapshot.snapshot = manifest.message
        case .snapshotPart(let part): message.snapshot.part = Digest.dataOf(part)
        case .signed(let votes): message.signed.votes = votes.map(\.message)
        case .recorded(let item): message.recorded = item.message
        case .handovers(let items): message.handovers.handovers = items.map(\.message)
        case .stakes(let item): message.stakes = item.message
        case .holds(let item): message.holds = item.message
        case .election(let view): message.election = view.message
        case .chains(let states):
            message.chains = PBChainStates()
            message.chains.chains = states.map(\.message)
        case .granted(let granted): message.granted.granted = granted
        case .frozen(let final, let proof):
            message.frozen.final = final.message
            message.frozen.proof = proof.message
        case .headers(let run, let head):
            message.headers = run.message
            message.headers.head = head
        case .accountProof(let final, let proof):
            message.accountProof.final = final.message
            message.accountProof.proof = proof.message
        case .contract(let final, let proof):
            message.contract.final = final.message
            message.contract.proof = proof.message
        case .contracts(let entries, let count):
            message.contracts.contracts = entries.map { Digest.dataOf($0.encoded) }
            message.contracts.count = count
        case .bridge(let view): message.bridge = view.message
        case .bridgeShown(let final, let proof):
            message.bridgeProof.final = final.message
            message.bridgeProof.proof = proof.message
        case .joins(let item): message.joins = item.message
        case .attested(let have, let threshold):
            message.attest.have = UInt32(clamping: have)
            message.attest.threshold = UInt32(clamping: threshold)
        case .pauseShown(let final, let proof):
            message.pause.final = final.message
            message.pause.proof = proof.message
        case .pauses(let states): message.pauses.pauses = states.map(\.message)
        case .brakes(let view): message.brakes = view.message
        case .failure(let reason, let detail):
            message.failure.reason = reason.code
            message.failure.detail = detail
        }
        return Field.encode(message)
    }
}

/// What became of a submission.
package struct SubmitResult: Hashable, Sendable {
    /// Nil when the transaction could not be read.
    package var id: Digest?
    /// Nil when accepted: stored, and it will end in a receipt or a reasoned rejection.
    package var rejection: Reason?
    package var detail: String

    package init(id: Digest?, rejection: Reason?, detail: String) {
        self.id = id
        self.rejection = rejection
        self.detail = detail
    }

    init(_ message: PBSubmitResult) throws(WireFault) {
        id = message.id.isEmpty ? nil : try Field.digest(message.id, "SubmitResult.id")
        if message.accepted {
            rejection = nil
        } else {
            guard let reason = Reason(code: message.reason) else { throw WireFault(.invalid, "SubmitResult.reason") }
            rejection = reason
        }
        detail = message.detail
    }

    var message: PBSubmitResult {
        var message = PBSubmitResult()
        message.id = id?.data ?? .init()
        message.accepted = rejection == nil
        message.reason = rejection?.code ?? ""
        message.detail = detail
        return message
    }
}

/// Where a transaction stands.
package struct Status: Hashable, Sendable {
    /// How far a transaction has come.
    package enum State: Int, Hashable, Sendable, CaseIterable {
        case unknown = 1
        case pending, final, rejected, held, committed, settled, refunded, refused

        /// Stable name for people and JSON.
        package var code: String { "\(self)" }
    }

    package var id: Digest
    package var state: State
    package var reason: Reason?
    /// Block that decided it, 0 when none has.
    package var height: Height
    package var index: UInt64
    package var acceptedMilliseconds: UInt64
    package var finalMilliseconds: UInt64

    package init(
        id: Digest, state: State, reason: Reason? = nil, height: Height = 0, index: UInt64 = 0, acceptedMilliseconds: UInt64 = 0,
        finalMilliseconds: UInt64 = 0
    ) {
        self.id = id
        self.state = state
        self.reason = reason
        self.height = height
        self.index = index
        self.acceptedMilliseconds = acceptedMilliseconds
        self.finalMilliseconds = finalMilliseconds
    }

    init(_ message: PBStatus) throws(WireFault) {
        id = try Field.digest(message.id, "Status.id")
        guard let state = State(rawValue: message.state.rawValue) else { throw WireFault(.invalid, "Status.state") }
        self.state = state
        if message.reason.isEmpty {
            reason = nil
        } else {
            guard let reason = Reason(code: message.reason) else { throw WireFault(.invalid, "Status.reason") }
            self.reason = reason
        }
        height = message.height
        index = message.index
        acceptedMilliseconds = message.acceptedMilliseconds
        finalMilliseconds = message.finalMilliseconds
    }

    var message: PBStatus {
        var message = PBStatus()
        message.id = id.data
        message.state = PBStatus.State(rawValue: state.rawValue) ?? .unspecified
        message.reason = reason?.code ?? ""
        message.height = height
        message.index = index
        message.acceptedMilliseconds = acceptedMilliseconds
        message.finalMilliseconds = finalMilliseconds
        return message
    }
}

/// An amount of an asset.
package struct Balance: Hashable, Sendable {
    package var asset: AssetID
    package var amount: Amount

    package init(asset: AssetID, amount: Amount) {
        self.asset = asset
        self.amount = amount
    }

    init(_ message: PBBalance) throws(WireFault) {
        asset = try Field.asset(message.asset, "Balance.asset")
        amount = message.amount
    }

    var message: PBBalance {
        var message = PBBalance()
        message.asset = asset.description
        message.amount = amount
        return message
    }
}

/// An account as of a final block.
package struct AccountView: Hashable, Sendable {
    package var account: PublicKey
    package var exists: Bool
    package var height: Height
    package var nonceBase: UInt64
    package var balances: [Balance]
    /// Value held by open cross transactions.
    package var held: [Balance]
    /// Chain time of that block.
    package var time: ChainTime

    package init(
        account: PublicKey, exists: Bool, height: Height, nonceBase: UInt64, balances: [Balance], held: [Balance], time: ChainTime
    ) {
        self.account = account
        self.exists = exists
        self.height = height
        self.nonceBase = nonceBase
        self.balances = balances
        self.held = held
        self.time = time
    }

    init(_ message: PBAccount) throws(WireFault) {
        account = try Field.key(message.account, "Account.account")
        exists = message.exists
        height = message.height
        nonceBase = message.nonceBase
        try Field.count(message.balances.count, atMost: Limits.assetsPerAccount, "Account.balances")
        try Field.count(message.held.count, atMost: Limits.assetsPerAccount, "Account.held")
        balances = try mapChecked(message.balances) { item throws(WireFault) in try Balance(item) }
        held = try mapChecked(message.held) { item throws(WireFault) in try Balance(item) }
        time = message.timeMilliseconds
    }

    var message: PBAccount {
        var message = PBAccount()
        message.account = account.data
        message.exists = exists
        message.height = height
        message.nonceBase = nonceBase
        message.balances = balances.map(\.message)
        message.held = held.map(\.message)
        message.timeMilliseconds = time
        return message
    }
}

/// What a collector sends to a watching device.
package indirect enum Notice: Hashable, Sendable {
    /// A leg waits for this account's answer (S870).
    case leg(LegNotice)
    /// Something this account sent or received has ended.
    case status(Status)

    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        let message = try Field.decode(PBNotice.self, bytes, "Notice")
        switch message.notice {
        case .leg(let item): self = .leg(try LegNotice(item, network: network))
        case .status(let item): self = .status(try Status(item))
        case nil: throw WireFault(.missing, "Notice.notice")
        }
    }

    package var encoded: [UInt8] {
        var message = PBNotice()
        switch self {
        case .leg(let item): message.leg = item.message
        case .status(let item): message.status = item.message
        }
        return Field.encode(message)
    }
}
