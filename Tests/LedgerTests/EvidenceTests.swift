import Cryptography
import Ledger
import Testing
import Wire

@Suite struct EvidenceTests {
    private let cross = World.exchange(10, deadline: 9_000)

    /// Beta has committed; alpha holds; several other entries make the paths long.
    private func committed() -> (world: World, shown: Shown) {
        var world = World()
        world.alpha.block(World.open(cross))
        let hold = Shown(cross.xid, in: world.alpha)
        world.beta.block((1...12).map { World.cancel(World.exchange(nonce: $0)) })
        world.beta.block(World.confirm(cross, [hold]), showing: [hold.final])
        return (world, Shown(cross.xid, in: world.beta))
    }

    private func settle(_ world: World, _ evidence: StateEvidence, _ final: FinalHeader) -> Application {
        var alpha = world.alpha
        let root = alpha.root
        let answer = alpha.block(
            World.on(World.alphaID, .settle(Resolution(xid: cross.xid, evidence: evidence))), showing: [final])[0]
        if answer != .applied { #expect(alpha.root == root) }
        return answer
    }

    @Test("every change of a proof makes it worthless")
    func mutations() throws {
        let (world, shown) = committed()
        #expect(settle(world, shown.evidence, shown.final) == .applied)
        let value = try #require(shown.evidence.proof.value)
        for place in value.indices {
            var evidence = shown.evidence
            evidence.proof.value?[place] ^= 1
            #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
        }
        for place in shown.evidence.proof.siblings.indices {
            var evidence = shown.evidence
            evidence.proof.siblings[place].c ^= 1 << 40
            #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
            evidence = shown.evidence
            evidence.proof.siblings.remove(at: place)
            #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
        }
        var evidence = shown.evidence
        evidence.proof.siblings.append(.zero)
        #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
        evidence = shown.evidence
        evidence.proof.value = nil
        #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
        evidence = shown.evidence
        evidence.proof.other = .init(key: .zero, value: .zero)
        #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
        evidence = shown.evidence
        evidence.proof.value = []
        #expect(settle(world, evidence, shown.final) == .invalid(.evidenceInvalid))
    }

    @Test("absence cannot be claimed of what is there, nor by another's leaf")
    func falseAbsence() {
        let (world, _) = committed()
        var beta = world.beta
        beta.block(at: 9_500)
        let late = Shown(cross.xid, in: beta)
        for other in [StateProof.Leaf(key: StateKey.cross(cross.xid), value: StateKey.valueHash(late.evidence.proof.value ?? [])), nil] {
            var evidence = late.evidence
            evidence.proof.value = nil
            evidence.proof.other = other
            var alpha = world.alpha
            let refund = World.on(World.alphaID, .refund(Resolution(xid: cross.xid, evidence: evidence)))
            let answers = alpha.block(refund, showing: [late.final])
            #expect(answers == [.invalid(.evidenceInvalid)])
        }
    }

    @Test("evidence of another transaction shows nothing about this one")
    func otherEntry() {
        let (world, _) = committed()
        let other = Shown(World.exchange(nonce: 3).xid, in: world.beta)
        #expect(settle(world, other.evidence, other.final) == .invalid(.evidenceInvalid))
    }

    @Test("the right entry of the wrong chain shows nothing (faults case 46)")
    func wrongChain() {
        let (world, shown) = committed()
        let header = shown.final.header
        for chain in [World.alphaID, .notary, ChainID("gamma")!] {
            let forged = Shown.header(chain: chain, height: header.height, time: header.time, root: header.stateRoot)
            let evidence = StateEvidence(block: forged.hash, proof: shown.evidence.proof)
            #expect(settle(world, evidence, forged) == .invalid(.evidenceInvalid))
        }
    }

    @Test("a block that nobody showed, or an older one without the entry, shows nothing")
    func wrongBlock() {
        let (world, shown) = committed()
        var evidence = shown.evidence
        evidence.block.a ^= 1
        #expect(settle(world, evidence, shown.final) == .invalid(.evidenceMissing))
        var older = world.beta
        older.undo()
        let earlier = Shown(cross.xid, in: older)
        #expect(settle(world, earlier.evidence, earlier.final) == .invalid(.notReady))
        let mixed = StateEvidence(block: earlier.final.hash, proof: shown.evidence.proof)
        #expect(settle(world, mixed, earlier.final) == .invalid(.evidenceInvalid))
    }

    @Test("a default root proves only that nothing is there, never an entry (faults case 47)")
    func emptyRoot() {
        let (world, shown) = committed()
        let empty = Shown.header(chain: World.betaID, height: 5, time: 9_500)
        #expect(settle(world, StateEvidence(block: empty.hash, proof: shown.evidence.proof), empty) == .invalid(.evidenceInvalid))
        let nothing = StateProof(value: nil, siblings: [], other: nil)
        #expect(settle(world, StateEvidence(block: empty.hash, proof: nothing), empty) == .invalid(.notReady))
    }

    @Test("evidence survives its own encoding")
    func throughTheWire() throws {
        let (world, shown) = committed()
        let made = World.settle(cross, shown)
        let read = try Transaction(decoding: made.bytes, chain: World.alphaID, network: World.network.id)
        var alpha = world.alpha
        #expect(alpha.block(read, showing: [shown.final]) == [.applied])
        #expect(read.id == made.id)
    }

    @Test("proofs show the last commit, whatever an open block does")
    func committedOnly() {
        var (world, shown) = committed()
        let before = world.alpha.proofOfCross(cross.xid)
        let alice = world.alpha.proofOfAccount(World.alice.publicKey)
        let stranger = world.alpha.proofOfAccount(World.stranger.publicKey)
        let root = world.alpha.root
        world.alpha.begin(height: 2, time: 9_999)
        let transactions = [
            World.settle(cross, shown), World.transfer(1, from: World.alice, to: World.carol, nonce: 0), World.register(World.stranger),
        ]
        for transaction in transactions { #expect(world.alpha.apply(transaction, foreign: ForeignBlocks([shown.final])) == .applied) }
        #expect(world.alpha.proofOfCross(cross.xid) == before)
        #expect(world.alpha.proofOfAccount(World.alice.publicKey) == alice)
        #expect(world.alpha.proofOfAccount(World.stranger.publicKey) == stranger && stranger.value == nil)
        #expect(EvidenceCheck.root(of: alice, for: StateKey.account(World.alice.publicKey)) == root)
        #expect(EvidenceCheck.root(of: stranger, for: StateKey.account(World.stranger.publicKey)) == root)
        let after = world.alpha.commit()
        let paid = world.alpha.proofOfAccount(World.alice.publicKey)
        #expect(paid != alice && EvidenceCheck.root(of: paid, for: StateKey.account(World.alice.publicKey)) == after)
        #expect(paid.value.flatMap { Account(decoding: $0) } == world.alpha.account(World.alice.publicKey))
    }
}
