import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// A fact that reaches an issuer.
package enum IssuerInput: Sendable {
    case started
    case answered(call: UInt64, Response)
    /// No answer came: a timeout, or nobody to be reached.
    case unanswered(call: UInt64)
    /// `nextMilliseconds` has been reached.
    case tick
}

/// An order of an issuer to its shell, carried out in list order.
package enum IssuerEffect: Sendable {
    /// Answered once: by `.answered` or `.unanswered` with the same number.
    case request(call: UInt64, service: String, Request, timeoutMilliseconds: UInt64)
    /// This member has attested an order; once each.
    case attested(BridgeItem, from: ChainID, to: ChainID)
    /// What was ordered has appeared.
    case appeared(BridgeItem, from: ChainID, to: ChainID)
    /// What a node said of an order, or of this member's word, is not right.
    case note(String)
}

/// A member of pegs (B3, B5): looks for locks and redemptions, makes sure by receipts that they are final and recorded by the notary chain,
/// attests them to every collector of the chain where they are to appear, and says it again until they have.
///
/// It believes no node: a receipt and a state proof show everything from the network's description alone. It keeps nothing: what has
/// appeared is on the chain, so a restart begins again and changes nothing (faults case 48).
package struct IssuerCore: Machine {
    private enum Subject: Sendable {
        case search(lane: Int)
        case appearance(lane: Int)
        case receipt(lane: Int, Digest)
        case evidence(lane: Int, Digest)
        case attest(lane: Int, Digest)
        case handovers(ChainID)
    }

    private let network: Network
    private let signer: Signer
    private var verifier: ReceiptVerifier
    private var lanes: [IssuerLane]
    private var calls: [UInt64: Subject] = [:]
    /// Chains of which handovers are being asked for.
    private var learning: [ChainID] = []
    private var lastCall: UInt64 = 0

    /// How often both chains are asked.
    package static let pollMilliseconds: UInt64 = 500
    static let requestMilliseconds: UInt64 = 3_000
    static let retryMilliseconds: UInt64 = 500, retryLongestMilliseconds: UInt64 = 30_000
    /// Orders that are worked on at the same time in one direction.
    static let ordersAtOnce = 16

    /// - Parameter pegs: newest versions; this member attests in the directions in which any of them names its key.
    /// - Precondition: the network has their chains.
    package init(network: Network, pegs: [Contract], signer: Signer) {
        self.network = network
        self.signer = signer
        verifier = ReceiptVerifier(network: network)
        lanes = pegs.flatMap { contract in
            [BridgeItem.Kind.locked, .redeemed].compactMap { kind in
                guard let peg = contract.peg, peg.members(for: kind).keys.contains(signer.publicKey) else { return nil }
                return IssuerLane(contract, kind, network: network)
            }
        }
    }

    /// Directions that this member attests in.
    package var laneCount: Int { lanes.count }

    /// Orders found that have not appeared yet.
    package var openCount: Int { lanes.reduce(0) { $0 + $1.orders.count } }

    /// Whether both chains of every direction have answered, and nothing found is left.
    package var isIdle: Bool { lanes.allSatisfy { $0.hasSearched && $0.orders.isEmpty } }

    /// When `.tick` is wanted, monotonic milliseconds.
    package var nextMilliseconds: UInt64? {
        var next: UInt64?
        for lane in lanes {
            if !lane.isSearching { next = min(next ?? lane.searchDue, lane.searchDue) }
            if !lane.isAskingAppearance, !lane.orders.isEmpty { next = min(next ?? lane.appearanceDue, lane.appearanceDue) }
            for order in lane.orders.values.prefix(IssuerCore.ordersAtOnce) where !order.isAsked { next = min(next ?? order.due, order.due) }
        }
        return next
    }

    package mutating func apply(_ input: IssuerInput, at now: Moment) -> [IssuerEffect] {
        var effects: [IssuerEffect] = []
        switch input {
        case .started, .tick: break
        case .answered(let call, let response):
            if let subject = calls.removeValue(forKey: call) { effects = answered(subject, response, at: now) }
        case .unanswered(let call):
            if let subject = calls.removeValue(forKey: call) { retry(subject, at: now) }
        }
        return effects + ask(at: now)
    }

    // MARK: questions

    private mutating func request(_ subject: Subject, _ service: String, _ request: Request) -> IssuerEffect {
        lastCall += 1
        calls[lastCall] = subject
        return .request(call: lastCall, service: service, request, timeoutMilliseconds: IssuerCore.requestMilliseconds)
    }

    private mutating func ask(at now: Moment) -> [IssuerEffect] {
        var effects: [IssuerEffect] = []
        for lane in lanes.indices {
            if !lanes[lane].isSearching, lanes[lane].searchDue <= now.monotonicMilliseconds, lanes[lane].orders.count < IssuerLane.ordersMaximum {
                lanes[lane].isSearching = true
                let position = lanes[lane].position
                let query = BridgeQuery(contract: lanes[lane].contract, kind: lanes[lane].kind, fromHeight: position.height, afterOrder: position.order)
                let service = lanes[lane].collector(of: lanes[lane].origin)
                effects.append(request(.search(lane: lane), service, .bridge(query)))
            }
            if !lanes[lane].isAskingAppearance, lanes[lane].appearanceDue <= now.monotonicMilliseconds, !lanes[lane].orders.isEmpty {
                lanes[lane].isAskingAppearance = true
                let orders = Array(lanes[lane].orders.keys.prefix(Limits.bridgeItemsPerAnswer))
                let query = BridgeQuery(contract: lanes[lane].contract, kind: lanes[lane].kind.consumption, orders: orders)
                let service = lanes[lane].collector(of: lanes[lane].target)
                effects.append(request(.appearance(lane: lane), service, .bridge(query)))
            }
            effects += work(on: lane, at: now)
        }
        // Who votes changes: whatever could not be judged is looked at again with its next attempt.
        for (chain, epoch) in verifier.takeMissing() where !learning.contains(chain) {
            learning.append(chain)
            effects.append(request(.handovers(chain), Service.name(.recorder, chain: .notary), .fetchHandovers(chain: chain, from: epoch)))
        }
        return effects
    }

    /// The next step of each order that is due, once it is known that it has not appeared yet.
    private mutating func work(on lane: Int, at now: Moment) -> [IssuerEffect] {
        guard lanes[lane].version != nil else { return [] }
        var effects: [IssuerEffect] = []
        for name in lanes[lane].orders.keys.prefix(IssuerCore.ordersAtOnce) {
            guard let order = lanes[lane].orders[name], !order.isAsked, order.due <= now.monotonicMilliseconds else { continue }
            lanes[lane].orders[name]?.isAsked = true
            lanes[lane].orders[name]?.attempts += 1
            if order.isShown {
                let service = lanes[lane].collector(of: lanes[lane].origin)
                let query = BridgeProofQuery(contract: lanes[lane].contract, kind: lanes[lane].kind, order: name)
                effects.append(request(.evidence(lane: lane, name), service, .bridgeProof(query)))
            } else {
                effects.append(request(.receipt(lane: lane, name), Service.name(.recorder, chain: .notary), .receipt(name)))
            }
        }
        return effects
    }

    // MARK: answers

    private mutating func answered(_ subject: Subject, _ response: Response, at now: Moment) -> [IssuerEffect] {
        switch (subject, response) {
        case (.search(let lane), .bridge(let view)):
            let hasMore = lanes[lane].found(view.items, at: now.monotonicMilliseconds)
            lanes[lane].isSearching = false
            if !hasMore { lanes[lane].hasSearched = true }
            lanes[lane].searchDue = now.monotonicMilliseconds + (hasMore ? 0 : IssuerCore.pollMilliseconds)
            return []
        case (.appearance(let lane), .bridge(let view)):
            lanes[lane].isAskingAppearance = false
            lanes[lane].appearanceDue = now.monotonicMilliseconds + IssuerCore.pollMilliseconds
            if let version = view.version { lanes[lane].version = max(version, lanes[lane].version ?? 0) }
            let (from, to) = (lanes[lane].origin.id, lanes[lane].target.id)
            return lanes[lane].appeared(view.items).map { .appeared($0, from: from, to: to) }
        case (.handovers(let chain), .handovers(let handovers)):
            learning.removeAll { $0 == chain }
            for handover in handovers where handover.chain == chain { verifier.learn(handover) }
            return []
        case (.receipt(let lane, let name), .receipt(let receipt)): return shown(receipt, lane, name, at: now)
        case (.evidence(let lane, let name), .bridgeShown(let final, let proof)): return attest(lane, name, final, proof, at: now)
        case (.attest(let lane, let name), .attested):
            guard let order = lanes[lane].orders[name], !order.isTold else { return [] }
            lanes[lane].orders[name]?.isTold = true
            return [.attested(order.item, from: lanes[lane].origin.id, to: lanes[lane].target.id)]
        case (.attest(let lane, let name), .failure(.superseded, _)):
            // The target knows a newer version: its own word is asked for.
            lanes[lane].appearanceDue = now.monotonicMilliseconds
            return [.note("order \(name): there is a newer version of \(lanes[lane].contract)")]
        case (.attest(_, let name), .failure(let reason, let detail)) where !reason.isTemporary:
            return [.note("order \(name): the attestation was refused: \(reason.code), \(detail)")]
        default:
            retry(subject, at: now)
            return []
        }
    }

    /// A receipt shows the order, or does not yet.
    private mutating func shown(_ receipt: Receipt, _ lane: Int, _ name: Digest, at now: Moment) -> [IssuerEffect] {
        guard lanes[lane].orders[name] != nil else { return [] }
        guard receipt.id == name, !receipt.parts.isEmpty else {
            retry(.receipt(lane: lane, name), at: now)
            return []
        }
        do throws(ReceiptVerifier.Fault) {
            let finding = try verifier.verify(receipt)
            guard case .applied = finding.ending, finding.isRecorded, finding.parts.first?.chain == lanes[lane].origin.id else {
                retry(.receipt(lane: lane, name), at: now)
                return []
            }
        } catch .notFinal(_, .epochUnknown) {
            retry(.receipt(lane: lane, name), at: now)
            return []
        } catch {
            retry(.receipt(lane: lane, name), at: now)
            return [.note("order \(name): a receipt does not hold: \(error.text)")]
        }
        lanes[lane].orders[name]?.isShown = true
        lanes[lane].orders[name]?.isAsked = false
        lanes[lane].orders[name]?.attempts = 0
        return []
    }

    /// The origin shows the order in its state: this member's word goes to every collector of the target, since each puts proofs together.
    private mutating func attest(_ lane: Int, _ name: Digest, _ final: FinalHeader, _ proof: StateProof, at now: Moment) -> [IssuerEffect] {
        let (kind, contract, origin) = (lanes[lane].kind, lanes[lane].contract, lanes[lane].origin.id)
        retry(.evidence(lane: lane, name), at: now)
        guard lanes[lane].orders[name] != nil, let version = lanes[lane].version else { return [] }
        switch final.header.chain == origin ? verifier.fault(in: final) : .wrongChain {
        case nil: break
        case .epochUnknown: return []
        case let reason?: return [.note("order \(name): \(origin) shows a block that is not final: \(reason.code)")]
        }
        let evidence = StateEvidence(block: final.hash, proof: proof)
        guard case .success(let item) = EvidenceCheck.order(kind, of: contract, name, on: origin, in: evidence, foreign: ForeignBlocks([final])) else {
            return [.note("order \(name): a state proof does not show it")]
        }
        lanes[lane].orders[name]?.item = item
        let attestation = BridgeAttestation(item, on: origin, version: version, network: network.id, signer: signer)
        let whole = BridgeProof(contract: contract, version: version, origin: origin, order: name, evidence: evidence, attestations: [attestation])
        let target = lanes[lane].target
        return target.nodes.map { request(.attest(lane: lane, name), Service.name(.collector, chain: target.id, node: $0.id), .attest(whole, final)) }
    }

    /// Asks again, later each time.
    private mutating func retry(_ subject: Subject, at now: Moment) {
        switch subject {
        case .search(let lane):
            lanes[lane].isSearching = false
            lanes[lane].searchDue = now.monotonicMilliseconds + IssuerCore.pollMilliseconds
        case .appearance(let lane):
            lanes[lane].isAskingAppearance = false
            lanes[lane].appearanceDue = now.monotonicMilliseconds + IssuerCore.pollMilliseconds
        case .receipt(let lane, let name), .evidence(let lane, let name):
            guard let order = lanes[lane].orders[name] else { return }
            let wait = IssuerCore.retryMilliseconds << min(UInt64(max(order.attempts, 1) - 1), 10)
            lanes[lane].orders[name]?.due = now.monotonicMilliseconds + min(wait, IssuerCore.retryLongestMilliseconds)
            lanes[lane].orders[name]?.isAsked = false
        case .attest: break
        case .handovers(let chain): learning.removeAll { $0 == chain }
        }
    }
}
