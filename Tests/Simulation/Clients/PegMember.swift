import Cryptography
import Determinism
import IssuerCore
import RoleKit
import Wire

/// A member of a peg in the world: the real core, which a crash now and then takes everything from (B3, B5; faults case 48).
package final class PegMember: SimulatedClient {
    package let name: String
    private let contract: Contract
    private let signer: Signer
    private var core: IssuerCore
    private var index = 0
    /// Starts so far; answers to questions of an earlier life mean nothing.
    private var life: UInt64 = 1
    /// Question → the core's call.
    private var open: [UInt64: UInt64] = [:]
    private var lastQuestion: UInt64 = 0
    private var timer = 0
    private var isDown = false
    /// Timers of starts; those of questions are their numbers, below zero.
    private static let startKey = Int.min
    /// Attests whatever it is shown, for amounts of its own.
    private let isLying: Bool

    init(_ name: String, _ contract: Contract, signer: Signer, isLying: Bool, network: Network) {
        self.name = name
        self.contract = contract
        self.signer = signer
        self.isLying = isLying
        core = IssuerCore(network: network, pegs: [contract], signer: signer)
    }

    func join(_ world: World, startMilliseconds: UInt64) {
        index = world.add(self)
        isDown = true
        world.setClientTimer(index, key: PegMember.startKey, afterMilliseconds: startMilliseconds)
    }

    private func now(_ world: World) -> Moment { Moment(monotonicMilliseconds: world.now / 1_000, wallMilliseconds: world.clientTime) }

    package func timerFired(_ key: Int, world: World) {
        if key == PegMember.startKey { return start(world) }
        if key < 0 {
            // No answer came to a question.
            guard !isDown, let call = open.removeValue(forKey: UInt64(-key)) else { return }
            return take(.unanswered(call: call), world)
        }
        guard !isDown, key == timer else { return }
        if world.isFaulty, world.random.chance(perMillion: 4_000) {
            isDown = true
            world.tally.add(.memberCrash)
            return world.setClientTimer(index, key: PegMember.startKey, afterMilliseconds: 200 + world.random.below(6_000))
        }
        take(.tick, world)
    }

    private func start(_ world: World) {
        isDown = false
        life += 1
        open.removeAll()
        core = IssuerCore(network: world.network, pegs: [contract], signer: signer)
        take(.started, world)
    }

    private func take(_ input: IssuerInput, _ world: World) {
        for effect in core.apply(input, at: now(world)) {
            if case .note(let text) = effect { world.log?(world.now, "\(name): \(text)") }
            guard case .request(let call, let service, var request, let timeout) = effect else { continue }
            if isLying, case .attest(let proof, let final) = request { request = lie(proof, final, world) }
            lastQuestion += 1
            open[lastQuestion] = call
            world.request(service, request, client: index, id: lastQuestion, timeoutMilliseconds: timeout)
            world.setClientTimer(index, key: -Int(lastQuestion), afterMilliseconds: timeout + 1_000)
        }
        guard let next = core.nextMilliseconds else { return }
        timer += 1
        world.setClientTimer(index, key: timer, afterMilliseconds: next > now(world).monotonicMilliseconds ? next - now(world).monotonicMilliseconds : 1)
    }

    /// The right order, with a signature over more, or under the name of another.
    private func lie(_ proof: BridgeProof, _ final: FinalHeader, _ world: World) -> Request {
        guard var item = proof.item else { return .attest(proof, final) }
        world.tally.add(.falseAttestation)
        var forged = proof
        if world.random.below(2) == 0 {
            item.amount = item.amount &* 10
            forged.attestations = [BridgeAttestation(item, on: proof.origin, version: proof.version, network: world.network.id, signer: signer)]
            if world.random.below(2) == 0 { forged.evidence.proof.value = item.encoded }
        } else {
            let stranger = KeyPair(seed: Blake2b.hash(signer.publicKey.bytes)).signer
            forged = BridgeProof(
                contract: proof.contract, version: proof.version, origin: proof.origin, order: proof.order, evidence: proof.evidence,
                attestations: proof.attestations + [BridgeAttestation(item, on: proof.origin, version: proof.version, network: world.network.id, signer: stranger)])
        }
        return .attest(forged, final)
    }

    package func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let known = open.removeValue(forKey: call), !isDown else { return }
        take(.answered(call: known, response), world)
    }

    package func noticed(_ notice: Notice, world: World) {}
}
