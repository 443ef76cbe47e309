import Chain
import Cryptography
import Ledger
import TestSupport
import Testing
import Wire

/// When a block may rely on what is not recorded, where notaries are elected (E-8).
@Suite struct NotaryClosingTests {
    /// Epochs of 20 slots, cut after 14.
    private let test = TestNetwork(elections: EpochRule(slots: 20, margin: 6))

    private func view(through slot: Slot) -> NotaryView {
        var notary = TestChain(test, .notary)
        var view = NotaryView(network: test.network)
        while view.slot < slot { _ = view.read(notary.append([]).block) }
        return view
    }

    /// A book that knows who follows in epoch 1: the same nodes with one other key, or another node in the place of the first.
    private func book(same: Bool? = nil) -> ElectorateBook {
        let book = ElectorateBook(network: test.network)
        guard let same else { return book }
        var members = test.network.notary.genesisElectorate.members
        members[0] = Electorate.Member(node: same ? members[0].node : "notary-9", key: TestNetwork.key(999).publicKey, weight: 1)
        book.learn(EpochEntry(epoch: 1, seed: .zero, members: members, firstHeights: []), of: .notary, isShown: false)
        return book
    }

    @Test("before it is time to close, an epoch's blocks may; then they may not, until it is known who follows")
    func window() {
        #expect(view(through: 8).allowsUnrecorded(0, book(), closed: nil) && view(through: 8).epochToClose(book()) == nil)
        #expect(!view(through: 9).allowsUnrecorded(0, book(), closed: nil) && view(through: 9).epochToClose(book()) == 0)
        #expect(view(through: 15).epochToClose(book(same: true)) == nil && view(through: 15).epochToClose(book(same: false)) == nil)
    }

    @Test("who has promised keeps it though its notary chain begins anew")
    func promised() {
        #expect(!view(through: 0).allowsUnrecorded(0, book(), closed: 0))
        #expect(view(through: 0).allowsUnrecorded(0, book(same: true), closed: 0))
    }

    @Test("where the same nodes follow, nothing is kept back, whatever their keys")
    func same() {
        for slot: Slot in [9, 15, 21] {
            #expect(view(through: slot).allowsUnrecorded(0, book(same: true), closed: 0))
            #expect(view(through: slot).allowsUnrecorded(1, book(same: true), closed: 0))
        }
    }

    @Test("where others follow, the old ones may not any more, and the new ones not before their own epoch has a final block")
    func others() {
        for slot: Slot in [9, 15, 20] {
            #expect(!view(through: slot).allowsUnrecorded(0, book(same: false), closed: nil))
            #expect(!view(through: slot).allowsUnrecorded(1, book(same: false), closed: nil))
        }
        #expect(!view(through: 21).allowsUnrecorded(0, book(same: false), closed: nil))
        #expect(view(through: 21).allowsUnrecorded(1, book(same: false), closed: 0))
    }

    @Test("an epoch whose notaries are not known allows nothing, and without elections everything is allowed")
    func unknown() {
        #expect(!view(through: 21).allowsUnrecorded(1, book(), closed: nil))
        let plain = TestNetwork()
        #expect(NotaryView(network: plain.network).allowsUnrecorded(0, ElectorateBook(network: plain.network), closed: nil))
    }

    @Test("a view's bytes keep the slot")
    func encoding() throws {
        let view = view(through: 9)
        #expect(try #require(NotaryView(decoding: view.encoded, network: test.network)).slot == 9)
    }
}
