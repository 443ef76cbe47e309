import Cryptography
import Ledger
import Testing
import Wire

/// Rule R8 where notaries are elected: those of the block's own epoch consent, with the keys of that epoch.
@Suite struct ElectedConsentTests {
    private typealias Its = ElectionWorld
    private var notary = LedgerState(network: ElectionWorld.epochs, chain: .notary)

    private func freeze(_ keys: String...) -> Transaction.Kind {
        let consents = keys.map { key in
            Consent(chain: Its.alpha, wish: .freeze, since: 0, network: Its.network.id, signer: Its.signer(key)).authorization
        }
        return .status(
            StatusChange(chain: Its.alpha, head: .init(height: 0, hash: Its.epochs.genesisHash(of: Its.alpha)), since: 0, consents: consents))
    }

    /// Notary-5 takes the seat of notary-1, and notary-2 another key, from slot 11 on.
    private mutating func elect() {
        let ballots = ["alpha-1", "alpha-2", "alpha-3", "beta-1"].map { Transaction.Kind.ballot(Its.ballot($0, ["notary-5"])) }
        #expect(
            notary.block(
                slot: 1,
                [
                    .candidacy(Its.candidacy("notary-5")), .candidacy(Its.candidacy("notary-1", 1, withdrawn: true)),
                    .candidacy(Its.candidacy("notary-2", 1, newKey: "fresh")),
                ] + ballots) == Array(repeating: .applied, count: 7))
        for closing in Its.closings(0, by: 1...3) { #expect(notary.block(slot: 2, [closing]) == [.applied]) }
        _ = notary.block(slot: 7)
        #expect(notary.notaries(of: 11)?.members.map(\.node) == ["notary-2", "notary-3", "notary-4", "notary-5"])
    }

    @Test("before the new epoch the old notaries consent, and the new one counts for nothing")
    mutating func oldEpoch() {
        elect()
        #expect(notary.block(slot: 10, [freeze("notary-2", "notary-5")]) == [.invalid(.notAllowed)])
        #expect(notary.block(slot: 10, [freeze("notary-1", "notary-2")]) == [.applied])
    }

    @Test("in the new epoch who has left and a key that was rotated away count for nothing")
    mutating func newEpoch() {
        elect()
        #expect(
            notary.block(
                slot: 11, [freeze("notary-1", "notary-3"), freeze("notary-2", "notary-5"), freeze("notary-5"), freeze("fresh", "notary-5")])
                == [.invalid(.notAllowed), .invalid(.notAllowed), .invalid(.consentMissing), .applied])
    }

    @Test("nobody consents in an epoch whose notaries are not settled")
    mutating func unknownEpoch() {
        #expect(notary.block(slot: 21, [freeze("notary-1", "notary-2")]) == [.invalid(.epochUnknown)])
    }
}
