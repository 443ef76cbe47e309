import Cryptography
import Ledger
import Testing
import Wire

/// Pegs: value that is locked on one chain stands on another, once, and comes back, once (B1 to B5; faults cases 45 to 48, 50).
@Suite("Pegs")
struct BridgeTests {
    private static let members = [41, 42, 43].map { World.signer($0) }
    private static let others = [51, 52, 53].map { World.signer($0) }
    private static let wrapped = AssetID("alpha/X")!
    private static let custody = World.signer(60), returned = World.signer(61)
    private static let network = makeNetwork()

    private static func makeNetwork() -> Network {
        var network = World.makeNetwork()
        let accounts = [(0, custody), (1, returned)]
        for (index, owner) in accounts { network.chains[index].genesis.append(World.funds(owner)) }
        func peg(_ version: UInt32, issuers: [Signer]) -> Contract {
            Contract(
                id: "gold", version: version, first: ContractSide(chain: World.alphaID, asset: World.x, reserve: custody.publicKey),
                second: ContractSide(chain: World.betaID, asset: wrapped, reserve: returned.publicKey), rateNumerator: 1, rateDenominator: 1,
                minimumAmount: 2, maximumAmount: 500, deadlineMaximumMilliseconds: 0,
                peg: PegTerms(
                    issuers: PegTerms.Members(issuers.map(\.publicKey), threshold: 2)!, releasers: PegTerms.Members(others.map(\.publicKey), threshold: 2)!))
        }
        network.contracts += [peg(1, issuers: Array(members.reversed())), peg(2, issuers: members)]
        return network
    }

    /// Both chains of a peg.
    private struct Bridge {
        var alpha = LedgerState(network: BridgeTests.network, chain: World.alphaID)
        var beta = LedgerState(network: BridgeTests.network, chain: World.betaID)
        var nonce: UInt64 = 0

        func order(
            _ kind: BridgeOrder.Kind, _ amount: Amount, from sender: Signer, to receiver: Signer, nonce: UInt64, version: UInt32 = 2, contract: String = "gold",
            on chain: ChainID? = nil
        ) -> Transaction {
            let chain = chain ?? (kind == .lock ? World.alphaID : World.betaID)
            let order = BridgeOrder(
                kind, chain: chain, network: BridgeTests.network.id, contract: contract, version: version, amount: amount, receiver: receiver.publicKey,
                nonce: nonce, memo: "", signer: sender)
            return Transaction(kind == .lock ? .lock(order) : .redeem(order), chain: chain, network: BridgeTests.network.id)
        }

        /// Locks and returns the order's id.
        mutating func lock(_ amount: Amount, by owner: Signer = World.alice, for receiver: Signer = World.dave) -> Digest {
            let lock = order(.lock, amount, from: owner, to: receiver, nonce: nonce)
            nonce += 1
            #expect(alpha.block(lock) == [.applied])
            return lock.id
        }

        /// What shows an order, and a proof of it.
        func proof(
            of order: Digest, isIssue: Bool = true, by signers: [Signer]? = nil, version: UInt32 = 2, contract: String = "gold", origin: ChainID? = nil,
            in state: LedgerState? = nil, attested: ((inout BridgeItem) -> Void)? = nil, network: Digest = BridgeTests.network.id
        ) -> (transaction: Transaction, final: FinalHeader) {
            let source = state ?? (isIssue ? alpha : beta)
            let target = isIssue ? World.betaID : World.alphaID
            let kind: BridgeItem.Kind = isIssue ? .locked : .redeemed
            let final = Shown.final(of: source)
            let evidence = StateEvidence(block: final.hash, proof: source.proofOfBridge(kind, of: "gold", order: order))
            var item =
                source.item(kind, of: "gold", order: order)
                ?? BridgeItem(
                    kind: kind, contract: "gold", version: 2, order: order, sender: World.alice.publicKey, receiver: World.dave.publicKey, amount: 1, height: 1,
                    time: 1_001)
            attested?(&item)
            let chosen = signers ?? Array((isIssue ? BridgeTests.members : BridgeTests.others).prefix(2))
            let proof = BridgeProof(
                contract: contract, version: version, origin: origin ?? source.chain, order: order, evidence: evidence,
                attestations: chosen.map { BridgeAttestation(item, on: origin ?? source.chain, version: version, network: network, signer: $0) })
            return (Transaction(isIssue ? .issue(proof) : .release(proof), chain: target, network: BridgeTests.network.id), final)
        }

        mutating func issue(_ order: Digest) -> Application {
            let shown = proof(of: order)
            return beta.block([shown.transaction], showing: [shown.final])[0]
        }

        mutating func release(_ order: Digest) -> Application {
            let shown = proof(of: order, isIssue: false)
            return alpha.block([shown.transaction], showing: [shown.final])[0]
        }

        /// Side supply and what is on its way, together.
        var backed: Amount {
            let locked = alpha.bridgeItems.filter { $0.kind == .locked && beta.item(.issued, of: "gold", order: $0.order) == nil }
            let redeemed = beta.bridgeItems.filter { $0.kind == .redeemed && alpha.item(.released, of: "gold", order: $0.order) == nil }
            let outstanding = beta.laneAmount(of: "gold") - beta.balance(BridgeTests.returned, BridgeTests.wrapped)
            return outstanding + locked.map(\.amount).reduce(0, +) + redeemed.map(\.amount).reduce(0, +)
        }
    }

    @Test("what is locked is issued, passes on, comes back and is paid out of what another has locked")
    func wholeWay() {
        var bridge = Bridge()
        let locked = bridge.lock(300)
        #expect(bridge.alpha.balance(World.alice, World.x) == 700 && bridge.alpha.balance(BridgeTests.custody, World.x) == 300 && bridge.backed == 300)
        #expect(bridge.issue(locked) == .applied)
        #expect(bridge.beta.balance(World.dave, BridgeTests.wrapped) == 300 && bridge.beta.laneAmount(of: "gold") == 300 && bridge.backed == 300)
        // Bob, who has locked nothing, gets some of it and takes it home to Carol on the main chain.
        #expect(bridge.beta.block(World.register(World.bob, on: World.betaID)) == [.applied])
        #expect(bridge.beta.block(World.transfer(120, BridgeTests.wrapped, from: World.dave, to: World.bob, nonce: 0, on: World.betaID)) == [.applied])
        let redeem = bridge.order(.redeem, 100, from: World.bob, to: World.carol, nonce: 0)
        #expect(bridge.beta.block(redeem) == [.applied])
        #expect(bridge.beta.balance(BridgeTests.returned, BridgeTests.wrapped) == 100 && bridge.backed == 300)
        #expect(bridge.release(redeem.id) == .applied)
        #expect(bridge.alpha.balance(World.carol, World.x) == 150 && bridge.alpha.balance(BridgeTests.custody, World.x) == 200)
        #expect(bridge.alpha.laneAmount(of: "gold") == 200 && bridge.backed == 200)
        // What came back is issued again before anything new is made.
        let again = bridge.lock(150)
        #expect(bridge.issue(again) == .applied)
        #expect(bridge.beta.laneAmount(of: "gold") == 350 && bridge.beta.balance(BridgeTests.returned, BridgeTests.wrapped) == 0 && bridge.backed == 350)
    }

    @Test("a receiver without an account gets one, on either side")
    func opens() {
        var bridge = Bridge()
        let locked = bridge.lock(10, for: World.stranger)
        #expect(bridge.issue(locked) == .applied && bridge.beta.balance(World.stranger, BridgeTests.wrapped) == 10)
        let redeem = bridge.order(.redeem, 10, from: World.stranger, to: World.bob, nonce: 0)
        #expect(bridge.beta.block(redeem) == [.applied])
        #expect(bridge.release(redeem.id) == .applied && bridge.alpha.balance(World.bob, World.x) == 10)
    }

    @Test("value appears once: a proof that is shown again, in one block or later, is no part of a block (cases 45, 48)")
    func once() {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        let shown = bridge.proof(of: locked)
        let byOthers = bridge.proof(of: locked, by: Array(BridgeTests.members.suffix(2)))
        #expect(shown.transaction.id == byOthers.transaction.id)
        #expect(
            bridge.beta.block([shown.transaction, byOthers.transaction], showing: [shown.final]) == [.applied, .invalid(.duplicateTransaction)])
        #expect(bridge.issue(locked) == .invalid(.duplicateTransaction))
        let redeem = bridge.order(.redeem, 10, from: World.dave, to: World.alice, nonce: 0)
        #expect(bridge.beta.block(redeem) == [.applied])
        #expect(bridge.release(redeem.id) == .applied && bridge.release(redeem.id) == .invalid(.duplicateTransaction))
        #expect(bridge.backed == 0 && bridge.alpha.laneAmount(of: "gold") == 0)
    }

    @Test("attestations: too few, a stranger's, one twice, and those of other members are refused (case 47)")
    func members() {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        func issue(by signers: [Signer]) -> Application {
            let shown = bridge.proof(of: locked, by: signers)
            var beta = bridge.beta
            return beta.block([shown.transaction], showing: [shown.final])[0]
        }
        let members = BridgeTests.members
        #expect(issue(by: []) == .invalid(.missingAuthorization) && issue(by: [members[0]]) == .invalid(.missingAuthorization))
        #expect(issue(by: [members[0], members[0]]) == .invalid(.missingAuthorization))
        #expect(issue(by: [members[0], members[1], World.stranger]) == .invalid(.missingAuthorization))
        let strangers = Array(BridgeTests.others.prefix(2))
        #expect(strangers.allSatisfy { stranger in !members.contains { $0.publicKey == stranger.publicKey } })
        #expect(issue(by: strangers) == .invalid(.missingAuthorization))
        #expect(Reason.missingAuthorization.concernsCopyOnly)
        #expect(issue(by: members) == .applied)
    }

    @Test("nobody can form a peg without members, with a threshold of 0, or with one out of reach (case 47)")
    func noMembers() {
        let keys = BridgeTests.members.map(\.publicKey)
        #expect(PegTerms.Members([], threshold: 0) == nil && PegTerms.Members([], threshold: 1) == nil)
        #expect(PegTerms.Members(keys, threshold: 0) == nil && PegTerms.Members(keys, threshold: 4) == nil && PegTerms.Members(keys, threshold: -1) == nil)
        #expect(PegTerms.Members(keys + [keys[0]], threshold: 2) == nil)
        #expect(PegTerms.Members((0...Limits.pegMembers).map { World.signer(UInt64(100 + $0)).publicKey }, threshold: 1) == nil)
        #expect(PegTerms.Members(keys, threshold: 3)?.keys == keys.sorted { $0.digest < $1.digest })
    }

    @Test("an attestation of other terms, another chain, network, receiver or amount does not hold (case 46)")
    func statements() throws {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        func holds(_ shown: (transaction: Transaction, final: FinalHeader)) throws -> Bool {
            try StateCheck.signatureChecks(for: shown.transaction, network: BridgeTests.network, chain: World.betaID).get().allSatisfy(\.holds)
        }
        #expect(try holds(bridge.proof(of: locked)))
        #expect(try !holds(bridge.proof(of: locked, attested: { $0.amount = 11 })))
        #expect(try !holds(bridge.proof(of: locked, attested: { $0.receiver = World.bob.publicKey })))
        #expect(try !holds(bridge.proof(of: locked, attested: { $0.order = .zero })))
        #expect(try !holds(bridge.proof(of: locked, attested: { $0.kind = .redeemed })))
        #expect(try !holds(bridge.proof(of: locked, network: .zero)))
        let item = try #require(bridge.alpha.item(.locked, of: "gold", order: locked))
        let old = BridgeAttestation(item, on: World.alphaID, version: 1, network: BridgeTests.network.id, signer: BridgeTests.members[0])
        #expect(!old.check(item, on: World.alphaID, version: 2, network: BridgeTests.network.id).holds)
        #expect(!old.check(item, on: World.betaID, version: 1, network: BridgeTests.network.id).holds)
    }

    @Test("what is not shown to have left, or has left another chain or peg, does not appear (cases 45, 46, 50)")
    func evidence() {
        var bridge = Bridge()
        let before = bridge.alpha
        let locked = bridge.lock(10)
        func issue(_ shown: (transaction: Transaction, final: FinalHeader), showing: Bool = true) -> Application {
            var beta = bridge.beta
            return beta.block([shown.transaction], showing: showing ? [shown.final] : [])[0]
        }
        #expect(issue(bridge.proof(of: locked), showing: false) == .invalid(.evidenceMissing))
        #expect(issue(bridge.proof(of: locked, in: before)) == .invalid(.notReady))
        #expect(issue(bridge.proof(of: locked, origin: World.betaID)) == .invalid(.wrongChain))
        #expect(issue(bridge.proof(of: locked, contract: "silver")) == .invalid(.unknownContract))
        #expect(issue(bridge.proof(of: locked, version: 1, contract: "xy")) == .invalid(.unknownContract))
        #expect(issue(bridge.proof(of: locked, version: 1)) == .invalid(.superseded))
        #expect(issue(bridge.proof(of: locked, version: 3)) == .invalid(.unknownContract))
        // A header of another chain that happens to have the same root.
        let elsewhere = Shown.header(chain: World.betaID, height: 1, time: 5, root: bridge.alpha.root)
        let proof = BridgeProof(
            contract: "gold", version: 2, origin: World.alphaID, order: locked,
            evidence: StateEvidence(block: elsewhere.hash, proof: bridge.alpha.proofOfBridge(.locked, of: "gold", order: locked)),
            attestations: [])
        #expect(issue((World.on(World.betaID, .issue(proof)), elsewhere)) == .invalid(.evidenceInvalid))
        #expect(issue(bridge.proof(of: locked)) == .applied)
    }

    @Test("a proof goes to the chain that its order leads to, and to no other")
    func direction() {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        let shown = bridge.proof(of: locked)
        guard case .issue(let proof) = shown.transaction.kind else { return }
        #expect(bridge.alpha.block([World.on(World.alphaID, .issue(proof))], showing: [shown.final]) == [.invalid(.wrongChain)])
        #expect(bridge.beta.block([World.on(World.betaID, .release(proof))], showing: [shown.final]) == [.invalid(.wrongChain)])
        var notary = LedgerState(network: BridgeTests.network, chain: .notary)
        #expect(notary.block([World.on(.notary, .issue(proof))], showing: [shown.final]) == [.invalid(.wrongChain)])
    }

    @Test("an order under terms that are old, none, another's or broken is refused with a reason, and has used its nonce")
    func orders() {
        var bridge = Bridge()
        func lock(_ amount: Amount, nonce: UInt64, version: UInt32 = 2, contract: String = "gold", to receiver: Signer = World.dave) -> Transaction {
            bridge.order(.lock, amount, from: World.alice, to: receiver, nonce: nonce, version: version, contract: contract)
        }
        #expect(
            bridge.alpha.block(
                lock(10, nonce: 0, version: 1), lock(10, nonce: 1, contract: "silver"), lock(10, nonce: 2, version: 1, contract: "xy"), lock(1, nonce: 3),
                lock(501, nonce: 4), lock(10, nonce: 5, to: BridgeTests.returned), lock(10, nonce: 5))
                == [
                    .rejected(.contractSuperseded), .rejected(.unknownContract), .rejected(.unknownContract), .rejected(.termsViolated),
                    .rejected(.termsViolated), .rejected(.termsViolated), .invalid(.nonceUsed),
                ])
        let poor = bridge.order(.lock, 51, from: World.carol, to: World.dave, nonce: 0)
        let redeemHere = bridge.order(.redeem, 10, from: World.carol, to: World.dave, nonce: 1, on: World.alphaID)
        let unknown = bridge.order(.lock, 10, from: World.stranger, to: World.dave, nonce: 0)
        let reserve = bridge.order(.lock, 10, from: BridgeTests.custody, to: World.dave, nonce: 0)
        #expect(
            bridge.alpha.block(poor, redeemHere, unknown, reserve)
                == [.rejected(.insufficientFunds), .rejected(.termsViolated), .invalid(.unknownPayer), .invalid(.notAllowed)])
        #expect(bridge.alpha.bridgeItems.isEmpty && bridge.alpha.laneAmount(of: "gold") == 0)
    }

    @Test("nothing but its own orders puts value into a peg's accounts, or takes it out")
    func accounts() {
        var bridge = Bridge()
        #expect(
            bridge.alpha.block(World.transfer(10, from: World.alice, to: BridgeTests.custody, nonce: 0), World.transfer(1, from: BridgeTests.custody, to: World.alice, nonce: 0))
                == [.rejected(.termsViolated), .invalid(.notAllowed)])
        let donation = CrossTransaction(
            network: BridgeTests.network.id, contract: Agreement.id, contractVersion: Agreement.version,
            legs: [
                Leg(chain: World.alphaID, debit: World.alice.publicKey, credit: BridgeTests.custody.publicKey, asset: World.x, amount: 5),
                Leg(chain: World.betaID, debit: World.dave.publicKey, credit: World.alice.publicKey, asset: World.y, amount: 5),
            ], deadline: 20_000, nonce: 0, memo: "", signers: [World.alice, World.dave])
        #expect(bridge.alpha.block(World.open(donation)) == [.rejected(.termsViolated)])
        let exchange = World.exchange(contract: "gold", version: 2)
        #expect(bridge.alpha.block(World.open(exchange)) == [.rejected(.termsViolated)])
    }

    @Test("no more comes back than was issued, and no more is released than is locked (case 49)")
    func covered() {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        #expect(bridge.issue(locked) == .applied)
        let tooMuch = bridge.order(.redeem, 11, from: World.dave, to: World.alice, nonce: 0)
        #expect(bridge.beta.block(tooMuch) == [.rejected(.insufficientFunds)])
        // A side chain that lies about what came back: its members attest, and still no more than is locked leaves custody.
        var lying = Bridge()
        let one = lying.lock(400), two = lying.lock(400)
        #expect(lying.issue(one) == .applied && lying.issue(two) == .applied)
        let redeems = (0..<2).map { lying.order(.redeem, 400, from: World.dave, to: World.bob, nonce: UInt64($0)) }
        #expect(lying.beta.block(redeems) == [.applied, .applied])
        let shown = lying.proof(of: redeems[0].id, isIssue: false)
        #expect(bridge.alpha.block([shown.transaction], showing: [shown.final]) == [.invalid(.reserveShort)])
        #expect(Reason.reserveShort.isTemporary && bridge.alpha.balance(BridgeTests.custody, World.x) == 10)
    }

    @Test("a proof that pays a peg's own account is no part of a block")
    func ownAccount() {
        var bridge = Bridge()
        let locked = bridge.lock(10, for: BridgeTests.custody)
        #expect(bridge.issue(locked) == .applied)
        let redeem = bridge.order(.redeem, 10, from: World.dave, to: BridgeTests.custody, nonce: 0)
        #expect(bridge.beta.block(redeem) == [.rejected(.termsViolated)])
    }

    @Test("taken back, a block leaves nothing behind; loaded from a snapshot, the state is the same")
    func undo() throws {
        var bridge = Bridge()
        let roots = (bridge.alpha.root, bridge.beta.root)
        let locked = bridge.lock(10)
        #expect(bridge.issue(locked) == .applied)
        let issued = bridge.beta
        bridge.beta.undo()
        bridge.alpha.undo()
        #expect((bridge.alpha.root, bridge.beta.root) == roots && bridge.beta.laneAmount(of: "gold") == 0 && bridge.beta.item(.issued, of: "gold", order: locked) == nil)
        #expect(bridge.beta.supply.contains { $0.asset == BridgeTests.wrapped } == false)
        var writer = SnapshotWriter(issued.frozen, partBytes: 300)
        var loader = SnapshotLoader(network: BridgeTests.network, chain: World.betaID)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        var loaded = try loader.finish(Shown.final(of: issued).header)
        #expect(loaded.root == issued.root && loaded.supply == issued.supply && loaded.laneAmount(of: "gold") == 10)
        let redeem = Bridge().order(.redeem, 10, from: World.dave, to: World.alice, nonce: 0)
        #expect(loaded.block(redeem) == [.applied])
    }

    @Test("items and lanes are read from exactly what is written")
    func layout() {
        var bridge = Bridge()
        let locked = bridge.lock(10)
        let item = bridge.alpha.item(.locked, of: "gold", order: locked)!
        #expect(item.encoded.count == BridgeItem.byteCount && BridgeItem(decoding: item.encoded) == item)
        #expect(BridgeItem(decoding: item.encoded.dropLast()) == nil && BridgeItem(decoding: item.encoded + [0]) == nil)
        for (place, byte) in [(0, UInt8(0)), (0, 5), (1, 0), (32, 65)] {
            var changed = item.encoded
            changed[place] = byte
            #expect(BridgeItem(decoding: changed) == nil, "byte \(place)")
        }
        let lane = LaneEntry(contract: "gold", amount: 7)
        #expect(LaneEntry(decoding: lane.encoded) == lane && LaneEntry(decoding: Array(lane.encoded.dropLast())) == nil)
    }
}
