import Cryptography
import Ledger
import Testing
import Wire

/// Rule R8, and R4's third case. The network has one notary, whose consent is enough for both.
@Suite struct FreezeTests {
    private static let notary = World.signer(30)

    private func consent(_ frozen: Bool, since: Height, by signer: Signer = notary) -> Authorization {
        Consent(chain: World.betaID, wish: frozen ? .freeze : .thaw, since: since, network: World.network.id, signer: signer).authorization
    }

    private func freeze(at height: Height, _ hash: Digest, since: Height = 0, _ consents: [Authorization]? = nil) -> Transaction {
        World.on(
            .notary,
            .status(
                StatusChange(
                    chain: World.betaID, head: .init(height: height, hash: hash), since: since, consents: consents ?? [consent(true, since: since)])))
    }

    private func thaw(since: Height) -> Transaction {
        World.on(.notary, .status(StatusChange(chain: World.betaID, head: nil, since: since, consents: [consent(false, since: since)])))
    }

    private func record(_ final: FinalHeader) -> Transaction { World.on(.notary, .record(Record(final: final, crosses: []))) }

    /// Beta's header at a height that knows a notary block.
    private func header(_ height: Height, on parent: Digest, root: Digest = .zero, notary: Height = 0) -> FinalHeader {
        var final = Shown.header(chain: World.betaID, height: height, time: 2_000 + height, root: root, parent: parent)
        var fields = final.header.fields
        fields.notaryHeight = notary
        final.header = BlockHeader(fields)
        return final
    }

    private var genesis: Digest { World.network.genesisHash(of: World.betaID) }

    @Test("a chain is frozen at its recorded head only, once, and with consents of now")
    func freezes() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let first = header(1, on: genesis)
        notary.block(record(first))
        let answers = notary.block(
            freeze(at: 0, genesis), freeze(at: 1, first.hash, since: 1), freeze(at: 1, first.hash, []),
            freeze(at: 1, first.hash, [consent(true, since: 0, by: World.stranger)]), freeze(at: 1, first.hash), freeze(at: 1, first.hash))
        #expect(
            answers == [
                .invalid(.notReady), .invalid(.duplicateTransaction), .invalid(.consentMissing), .invalid(.notAllowed), .applied,
                .invalid(.duplicateTransaction),
            ])
        #expect(notary.status(of: World.betaID) == ChainStatus(chain: World.betaID, isFrozen: true, height: 1, hash: first.hash, notaryHeight: 2))
        notary.undo()
        #expect(notary.status(of: World.betaID) == nil)
    }

    @Test("nothing is recorded of a frozen chain, and after its thaw only what knows of it")
    func voids() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let first = header(1, on: genesis)
        notary.block(record(first))
        notary.block(freeze(at: 1, first.hash))
        let old = header(2, on: first.hash, notary: 2)
        #expect(notary.block(record(old)) == [.invalid(.chainFrozen)])
        #expect(notary.block(thaw(since: 2)) == [.applied])
        #expect(notary.block(record(old), record(header(2, on: first.hash, notary: 4))) == [.invalid(.thawUnknown), .applied])
        // A consent serves once.
        #expect(notary.block(thaw(since: 2)) == [.invalid(.duplicateTransaction)])
    }

    @Test("a hold is refunded by a freeze at a block without the deciding leg, and by no other evidence", arguments: [Decision.none, .committed])
    func refunds(_ decision: Decision) {
        let cross = World.exchange(10, deadline: 9_000)
        var world = World()
        world.alpha.block(World.open(cross))
        let hold = Shown(cross.xid, in: world.alpha)
        if decision == .none { world.beta.block() } else { world.beta.block(World.confirm(cross, [hold]), showing: [hold.final]) }
        let block = header(1, on: genesis, root: world.beta.root)
        let evidence = StateEvidence(block: block.hash, proof: world.beta.proofOfCross(cross.xid))
        var notary = LedgerState(network: World.network, chain: .notary)
        notary.block(record(block))
        let before = Shown.final(of: notary)
        let open = StateEvidence(block: before.hash, proof: notary.proofOfStatus(World.betaID))
        notary.block(freeze(at: 1, block.hash))
        let after = Shown.final(of: notary)
        let frozen = StateEvidence(block: after.hash, proof: notary.proofOfStatus(World.betaID))
        func refund(_ status: StateEvidence) -> Transaction {
            World.on(World.alphaID, .refund(Resolution(xid: cross.xid, evidence: evidence, frozen: status)))
        }
        let answers = world.alpha.block(refund(open), refund(frozen), showing: [block, before, after])
        #expect(answers == [.invalid(.notReady), decision == .none ? .applied : .invalid(.alreadyDecided)])
        #expect(world.alpha.balance(World.alice, World.x) == (decision == .none ? 1_000 : 990))
    }

    @Test("a status stands in the state's root, in proofs and in snapshots")
    func proven() throws {
        var notary = LedgerState(network: World.network, chain: .notary)
        notary.block(freeze(at: 0, genesis))
        let final = Shown.final(of: notary)
        let evidence = StateEvidence(block: final.hash, proof: notary.proofOfStatus(World.betaID))
        let shown = EvidenceCheck.status(of: World.betaID, in: evidence, foreign: ForeignBlocks([final]))
        #expect(shown == .success(ChainStatus(chain: World.betaID, isFrozen: true, height: 0, hash: genesis, notaryHeight: 1)))
        var writer = SnapshotWriter(notary.frozen)
        var loader = SnapshotLoader(network: World.network, chain: .notary)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let loaded = try loader.finish(final.header)
        #expect(loaded.status(of: World.betaID) == notary.status(of: World.betaID) && loaded.root == notary.root)
    }
}
