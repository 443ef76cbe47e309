import Cryptography
import Ledger
import Testing
import Wire

@Suite struct OffenceTests {
    private let liar = KeyPair(seed: Digest([UInt8](repeating: 7, count: 32))!)

    private func vote(_ kind: VoteKind, _ slot: Slot, _ hash: Digest) -> Vote {
        Vote(Statement(chain: World.alphaID, epoch: 0, slot: slot, kind: kind, hash: hash), network: World.network.id, signer: liar.signer)
    }

    private func evidence(_ one: Vote, _ other: Vote) throws -> Offence {
        try Offence(Evidence(chain: World.alphaID, kind: .doubleVote, first: one.encoded, second: other.encoded))
    }

    private func hash(_ text: String) -> Digest { Blake2b.hash(Array(text.utf8)) }

    @Test("an offence is recorded once, whatever shows it, and taken back with its block")
    func once() throws {
        var notary = LedgerState(network: World.network, chain: .notary)
        let offence = try evidence(vote(.skip, 3, .zero), vote(.final, 3, hash("a")))
        let again = try evidence(vote(.final, 3, hash("b")), vote(.skip, 3, .zero))
        let later = try evidence(vote(.skip, 4, .zero), vote(.final, 4, hash("a")))
        #expect(notary.block(World.on(.notary, .evidence(offence)), World.on(.notary, .evidence(again))) == [.applied, .invalid(.duplicateTransaction)])
        let root = notary.root
        #expect(root != .zero)
        #expect(notary.block(World.on(.notary, .evidence(later))) == [.applied])
        #expect(notary.offences.map(\.entry.place) == [3, 4] && notary.offences.map(\.height) == [1, 2])
        notary.undo()
        #expect(notary.root == root && notary.offences.count == 1)
        #expect(!notary.isRecorded(later.entry.id) && notary.isRecorded(offence.entry.id))
        notary.undo()
        #expect(notary.root == .zero && notary.offences.isEmpty)
    }

    @Test("offences are recorded on the notary chain only")
    func notaryOnly() throws {
        var alpha = World().alpha
        let offence = try evidence(vote(.skip, 3, .zero), vote(.final, 3, hash("a")))
        #expect(alpha.block(World.on(World.alphaID, .evidence(offence))) == [.invalid(.wrongChain)])
    }

    @Test(
        "two votes that do not contradict each other are no evidence",
        arguments: [(VoteKind.notar, VoteKind.skip, 3, 3), (.notar, .notar, 3, 4), (.skip, .skip, 3, 3), (.final, .final, 2, 3)])
    func harmless(first: VoteKind, second: VoteKind, slot: Slot, otherSlot: Slot) {
        let one = vote(first, slot, first == .skip ? .zero : hash("a"))
        let other = vote(second, otherSlot, second == .skip ? .zero : hash("a"))
        #expect(throws: WireFault.self) { try evidence(one, other) }
    }

    @Test("what the state keeps of an offence reads back as it was")
    func entry() throws {
        let entry = try evidence(vote(.notar, 9, hash("a")), vote(.notar, 9, hash("b"))).entry
        #expect(OffenceEntry(decoding: entry.encoded) == entry)
        #expect(entry.kind == .doubleVote && entry.duty == 2 && entry.offender == liar.publicKey)
        for length in [0, 113, 115] { #expect(OffenceEntry(decoding: [UInt8](repeating: 1, count: length)) == nil) }
    }

    @Test("a stranger cannot be accused")
    func stranger() throws {
        let offence = try evidence(vote(.skip, 3, .zero), vote(.final, 3, hash("a")))
        #expect(offence.signatureChecks(network: World.network) == nil)
    }
}
