import Cryptography
import Ledger
import Testing
import Wire

@Suite struct StateCheckTests {
    private func checks(_ transaction: Transaction, on chain: ChainID = World.alphaID) -> Result<[SignatureCheck], Reason> {
        StateCheck.signatureChecks(for: transaction, network: World.network, chain: chain)
    }

    @Test("every kind lists its signatures, and all hold")
    func all() throws {
        let cross = World.exchange()
        var alpha = World().alpha
        alpha.block(World.open(cross))
        let shown = Shown(cross.xid, in: alpha)
        let expected: [(Transaction, [Signer])] = [
            (World.register(World.alice), [World.alice]),
            (World.transfer(1, from: World.alice, to: World.carol, nonce: 0), [World.alice]),
            (World.open(cross), [World.alice]),
            (World.confirm(cross, [shown]), [World.alice, World.bob]),
            (World.refuse(cross), [World.alice, World.bob]),
            (World.cancel(cross), [World.alice, World.alice]),
            (World.settle(cross, shown), []),
            (World.refund(cross, shown), []),
        ]
        for (transaction, signers) in expected {
            let list = try checks(transaction).get()
            #expect(list.map(\.key) == signers.map(\.publicKey))
            #expect(list.allSatisfy { $0.holds })
        }
    }

    @Test("a signature for one thing does not serve for another")
    func purposes() throws {
        let cross = World.exchange()
        let confirmation = World.bob.sign(.confirm, network: World.network.id, cross.xid.bytes)
        let authorization = Authorization(key: World.bob.publicKey, signature: confirmation)
        let refuse = World.on(World.betaID, .refuse(Refuse(cross: cross, reason: "", authorization: authorization)))
        let forRefusal = try checks(refuse, on: World.betaID).get()
        #expect(forRefusal.last?.holds == false)
        // The reason is signed, too.
        guard case .refuse(var changed) = World.refuse(cross, reason: "too dear").kind else { return }
        changed.reason = "too cheap"
        let forReason = try checks(World.on(World.betaID, .refuse(changed)), on: World.betaID).get()
        #expect(forReason.last?.holds == false)
        let elsewhere = Network(
            id: Digest(a: 8, b: 0, c: 0, d: 0), notary: World.network.notary, chains: World.network.chains,
            contracts: World.network.contracts, timing: Timing())
        let transfer = World.transfer(1, from: World.alice, to: World.carol, nonce: 0)
        let forNetwork = try StateCheck.signatureChecks(for: transfer, network: elsewhere, chain: World.alphaID).get()
        #expect(forNetwork.map(\.holds) == [false])
    }

    static let faults: [(Transaction, Reason)] = [
        (World.transfer(1, from: World.reserveOnAlpha, to: World.carol, nonce: 0), .notAllowed),
        (World.open(World.exchange(signers: [World.carol])), .missingAuthorization),
        (World.open(World.exchange(signers: [World.alice, World.carol])), .notAllowed),
        (World.open(World.exchange(signers: [World.alice, World.alice])), .notAllowed),
        (World.confirm(World.exchange(), by: World.carol, []), .missingAuthorization),
        (World.confirm(World.exchange(signers: [World.carol]), []), .missingAuthorization),
        (World.refuse(World.exchange(), by: World.alice), .notReceiver),
        (World.cancel(World.exchange(), by: World.bob), .notInitiator),
    ]

    @Test("missing, foreign and doubled authorizations are found without checking a signature", arguments: faults.indices)
    func missing(_ index: Int) {
        let (transaction, reason) = StateCheckTests.faults[index]
        guard case .failure(let found) = checks(transaction) else {
            Issue.record("\(reason) was not found")
            return
        }
        #expect(found == reason)
    }

    @Test("a leg debited from an account that is a reserve elsewhere needs its owner's signature")
    func reserveElsewhere() {
        // Beta's reserve is an ordinary account on alpha.
        var legs = World.exchangeLegs()
        legs[0].debit = World.reserveOnBeta.publicKey
        guard case .failure(.missingAuthorization) = checks(World.open(World.exchange(legs: legs))) else {
            Issue.record("nobody signed for the account")
            return
        }
    }

    @Test("what may help later is told apart from what never will")
    func temporary() {
        let temporary: [Reason] = [.evidenceMissing, .reserveShort, .notHeld, .notReady, .unknownCross, .nonceOutsideWindow, .unknownPayer]
        let permanent: [Reason] = [.crossAlreadyEnded, .alreadyDecided, .deadlinePassed, .nonceUsed, .termsViolated, .duplicateTransaction]
        for reason in temporary { #expect(reason.isTemporary, "\(reason)") }
        for reason in permanent { #expect(!reason.isTemporary && !reason.concernsCopyOnly, "\(reason)") }
        #expect(Reason.badSignature.concernsCopyOnly && Reason.missingAuthorization.concernsCopyOnly)
    }
}
