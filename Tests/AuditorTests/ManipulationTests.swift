import Auditor
import Cryptography
import Foundation
import Ledger
import Schema
import SwiftProtobuf
import Testing
import Wire

/// One way to wrong a network, and the invariant that an audit must name for it.
struct Manipulation: Sendable, CustomStringConvertible {
    var description: String
    var invariant: Invariant
    /// Blocks made instead of, or after, the honest history.
    var build: @Sendable (AuditFixture) -> Void = { $0.history() }
    /// Changes to what nodes stored.
    var alter: @Sendable (AuditFixture) -> Void = { _ in }

    private static let alpha = AuditFixture.alpha
    private static let beta = AuditFixture.beta

    static let all = bodies + certificates + blocks + money + crosses + records + stores

    /// Stores changed after an honest history.
    private static func stored(
        _ description: String, _ invariant: Invariant, _ alter: @escaping @Sendable (AuditFixture) -> Void
    ) -> Manipulation {
        Manipulation(description: description, invariant: invariant, alter: alter)
    }

    private static let bodies = [
        stored("a byte of a transaction is flipped at one node", .replay) {
            $0.change(alpha, 1, at: ["alpha-2"]) { $0.block.transactions[0][60] ^= 1 }
        },
        stored("a byte of a transaction is flipped at every node", .replay) {
            $0.change(alpha, 1) { $0.block.transactions[0][60] ^= 1 }
        },
        stored("an outcome is flipped at every node", .replay) { $0.change(alpha, 2) { $0.block.outcomes[2] = 0 } },
        stored("a foreign header is dropped from a block", .replay) {
            $0.change(alpha, 2) { $0.block.foreign = [] }
        },
        stored("a stored block is garbage", .readable) {
            $0.change(beta, 1, at: ["beta-1"]) { $0.block.header = Data([1, 2, 3]) }
        },
        stored("a block is missing from one store", .replay) { $0.stores["alpha-3"]![2] = nil },
        stored("a block is missing from every store", .replay) { fixture in
            for node in 1...4 { fixture.stores["alpha-\(node)"]![2] = nil }
        },
        stored("a block stands at another height", .replay) {
            $0.stores["beta-1"]![3] = $0.stores["beta-1"]![1]
        },
    ]

    private static let certificates = [
        stored("two blocks' certificates are swapped", .certificates) { fixture in
            let other = fixture.stores["alpha-1"]![2]!.final
            fixture.change(alpha, 1, at: ["alpha-1"]) { $0.final = other }
        },
        stored("a finality certificate is one signer short", .certificates) {
            $0.change(alpha, 2) { block in
                block.final.finality.signers[0] &= 3
                block.final.finality.signatures.removeLast()
            }
        },
        stored("a notary certificate is one signer short", .certificates) {
            $0.change(beta, 1) { block in
                block.final.notary.signers[0] &= 3
                block.final.notary.signatures.removeLast()
            }
        },
        stored("one signature counts for two signers", .certificates) {
            $0.change(alpha, 1) { $0.final.finality.signatures[2] = $0.final.finality.signatures[1] }
        },
        stored("a signature counts for a member who did not give it", .certificates) {
            $0.change(alpha, 1) { $0.final.finality.signers[0] = 0b1011 }
        },
        stored("a signer is no member", .certificates) {
            $0.change(alpha, 1) { $0.final.notary.signers[0] = 0b1_0011 }
        },
        stored("a certificate's signature is flipped", .certificates) {
            $0.change(.notary, 1, at: ["notary-4"]) { $0.final.finality.signatures[0][5] ^= 4 }
        },
        stored("a notary certificate is of another epoch", .certificates) {
            $0.change(alpha, 1) { $0.final.notary.epoch = 1 }
        },
        stored("the certificate says Notar, not Final", .certificates) {
            $0.change(alpha, 1) { $0.final.finality.kind = .notar }
        },
        stored("the notary certificate is missing", .certificates) { $0.change(beta, 2) { $0.final.clearNotary() } },
        stored("the certificates are missing altogether", .certificates) {
            $0.change(beta, 2, at: ["beta-2"]) { $0.clearFinal() }
        },
        stored("the builder's signature is flipped", .certificates) {
            $0.change(alpha, 1) { $0.final.builderSignature[0] ^= 1 }
        },
        Manipulation(
            description: "a block is built by somebody who does not lead the slot", invariant: .certificates,
            build: { fixture in
                fixture.chains[alpha]!.append([]) { $0.builder = fixture.keys[alpha]![3].publicKey }
            }),
    ]

    private static let blocks = [
        Manipulation(
            description: "a header names a wrong state root", invariant: .replay,
            build: { $0.chains[alpha]!.append([]) { $0.stateRoot = Blake2b.hash([1]) } }),
        Manipulation(
            description: "chain time does not grow", invariant: .replay,
            build: { $0.chains[alpha]!.append([]) { $0.time = AuditFixture.genesisTime } }),
        Manipulation(
            description: "a block names another parent", invariant: .replay,
            build: { $0.chains[alpha]!.append([]) { $0.parent = Blake2b.hash([2]) } }),
        Manipulation(
            description: "a block names another parent slot", invariant: .replay,
            build: {
                $0.chains[alpha]!.append([]) {
                    $0.slot += 4
                    $0.parentSlot = 3
                }
            }),
        Manipulation(
            description: "two blocks of one height have every signature", invariant: .oneFinal,
            alter: { fixture in
                var fork = FixtureChain(network: fixture.network, chain: beta, keys: fixture.keys)
                fork.append([])
                let stored = FinalBlock(block: fork.blocks[0], final: fork.finals[0]).encoded
                fixture.stores["beta-4"] = [1: try! PBFinalBlock(serializedBytes: stored)]
            }),
    ]

    private static let money = [
        Manipulation(
            description: "a transfer is applied that the account cannot pay", invariant: .conservation,
            build: { $0.chains[alpha]!.append([$0.transfer(5_000, nonce: 0)], outcomes: [.applied]) }),
        Manipulation(
            description: "an amount is changed and every hash and certificate made anew", invariant: .replay,
            build: { fixture in
                var message = try! PBTransaction(serializedBytes: fixture.transfer(5, nonce: 0).bytes)
                var body = try! PBTransferBody(serializedBytes: message.transfer.body)
                body.amount = 500
                message.transfer.body = try! body.serializedData()
                let forged = try! Transaction(decoding: message.serializedBytes(), chain: alpha, network: fixture.network.id)
                fixture.chains[alpha]!.append([forged])
            }),
        Manipulation(
            description: "a good transfer is called rejected", invariant: .replay,
            build: { $0.chains[alpha]!.append([$0.transfer(5, nonce: 0)], outcomes: [Outcome(rejection: .insufficientFunds)]) }),
        Manipulation(
            description: "one transfer stands in two blocks", invariant: .acknowledged,
            build: {
                $0.chains[alpha]!.append([$0.transfer(5, nonce: 0)])
                $0.chains[alpha]!.append([$0.transfer(5, nonce: 0)])
            }),
        Manipulation(
            description: "a nonce serves two transfers", invariant: .replay,
            build: { $0.chains[alpha]!.append([$0.transfer(5, nonce: 0), $0.transfer(6, nonce: 0)]) }),
        Manipulation(
            description: "a transfer is paid out of a contract's reserve", invariant: .conservation,
            build: { fixture in
                let transfer = Transfer(
                    chain: beta, network: fixture.network.id, to: fixture.bob.publicKey, asset: AssetID("Y")!, amount: 5, nonce: 0, memo: "",
                    signer: fixture.reserves.1.signer)
                fixture.chains[beta]!.append([fixture.transaction(.transfer(transfer), beta)], outcomes: [.applied])
            }),
    ]

    private static let crosses = [
        Manipulation(
            description: "a hold is settled though the other chain has not committed", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                fixture.chains[beta]!.append([])
                fixture.chains[alpha]!.append([fixture.settle(cross, fixture.evidence(cross, on: beta))], foreign: [fixture.last(beta)])
            }),
        Manipulation(
            description: "a hold is settled on evidence with a forged value", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                fixture.chains[beta]!.append([fixture.refuse(cross)])
                var evidence = fixture.evidence(cross, on: beta)
                evidence.proof.value![33] = 1
                fixture.chains[alpha]!.append([fixture.settle(cross, evidence)], foreign: [fixture.last(beta)])
            }),
        Manipulation(
            description: "a settled hold is refunded", invariant: .allOrNothing,
            build: { fixture in
                fixture.history()
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.refund(cross, fixture.evidence(cross, on: beta))], foreign: [fixture.last(beta)])
            }),
        Manipulation(
            description: "a hold is refunded while the other chain may still commit", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                fixture.chains[beta]!.append([])
                fixture.chains[alpha]!.append([fixture.refund(cross, fixture.evidence(cross, on: beta))], foreign: [fixture.last(beta)])
            }),
        Manipulation(
            description: "the deciding leg is executed though nothing is held", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([])
                fixture.chains[beta]!.append([fixture.confirm(cross, hold: fixture.evidence(cross, on: alpha))], foreign: [fixture.last(alpha)])
            }),
        Manipulation(
            description: "the deciding leg is executed after a refusal", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                fixture.chains[beta]!.append([fixture.refuse(cross)])
                fixture.chains[beta]!.append([fixture.confirm(cross, hold: fixture.evidence(cross, on: alpha))], foreign: [fixture.last(alpha)])
            }),
        Manipulation(
            description: "a cross transaction is opened twice", invariant: .allOrNothing,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
            }),
        Manipulation(
            description: "evidence names a certified block off the other chain's branch", invariant: .oneFinal,
            build: { fixture in
                let cross = fixture.cross(10, nonce: 1)
                fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
                var fork = FixtureChain(network: fixture.network, chain: beta, keys: fixture.keys)
                fork.append([fixture.refuse(cross)])
                fixture.chains[beta]!.append([])
                let evidence = StateEvidence(block: fork.finals[0].hash, proof: fork.ledger.proofOfCross(cross.xid))
                fixture.chains[alpha]!.append([fixture.refund(cross, evidence)], foreign: [fork.finals[0]])
            }),
    ]

    private static let records = [
        Manipulation(
            description: "the notaries record a block that the chain's nodes do not hold", invariant: .oneFinal,
            build: { fixture in
                var fork = FixtureChain(network: fixture.network, chain: beta, keys: fixture.keys)
                fork.append([])
                fixture.chains[beta]!.append([fixture.refuse(fixture.cross(1, nonce: 1))])
                fixture.chains[.notary]!.append([fixture.transaction(.record(Record(final: fork.finals[0], crosses: [])), .notary)])
            }),
        Manipulation(
            description: "the notaries record a block and leave one out", invariant: .oneFinal,
            build: { fixture in
                for _ in 0..<2 { fixture.chains[beta]!.append([]) }
                fixture.chains[.notary]!.append([fixture.record(beta, 2)])
            }),
        Manipulation(
            description: "a record lists other cross data than the block holds", invariant: .replay,
            build: { fixture in
                fixture.chains[beta]!.append([fixture.refuse(fixture.cross(1, nonce: 1))])
                let record = Record(final: fixture.last(beta), crosses: [])
                fixture.chains[.notary]!.append([fixture.transaction(.record(record), .notary)])
            }),
        Manipulation(
            description: "a header names a notary block that is not on the notary chain", invariant: .oneFinal,
            build: { fixture in
                fixture.history()
                fixture.chains[alpha]!.append([]) {
                    $0.notaryHeight = 1
                    $0.notaryHead = Blake2b.hash([3])
                }
            }),
        Manipulation(
            description: "a notary follows a block off the chain's branch", invariant: .oneFinal,
            alter: { fixture in
                var fork = FixtureChain(network: fixture.network, chain: beta, keys: fixture.keys)
                fork.append([])
                fixture.branches["notary-2/validator.beta"] = [Data(FinalBlock(block: fork.blocks[0], final: fork.finals[0]).encoded)]
            }),
    ]

    private static let stores = [
        stored("a node's store and its certificate hold different votes of one slot", .votes) { fixture in
            let vote = Vote(
                Statement(chain: alpha, epoch: 0, slot: 1, kind: .skip, hash: .zero), network: fixture.network.id,
                signer: fixture.keys[alpha]![0].signer)
            fixture.votes["alpha-1/consensus.alpha"] = [("alpha", 1, 3, .zero, Data(vote.encoded))]
        },
        stored("a builder proposed another block for a slot", .votes) { fixture in
            fixture.votes["alpha-1/consensus.alpha"] = [("alpha", 1, 1, Blake2b.hash([7]), Data())]
        },
        stored("a stored vote is not the one that was signed", .votes) { fixture in
            let vote = Vote(
                Statement(chain: alpha, epoch: 0, slot: 90, kind: .notar, hash: Blake2b.hash([1])), network: fixture.network.id,
                signer: fixture.keys[alpha]![0].signer)
            fixture.votes["alpha-1/consensus.alpha"] = [("alpha", 90, 2, Blake2b.hash([2]), Data(vote.encoded))]
        },
        stored("the vote log is damaged in the middle", .readable) { fixture in
            fixture.logs["alpha-1/consensus.alpha"] = Data("concordat-votes/1\n".utf8) + Data([0, 0, 0, 121]) + Data(count: 121)
        },
        stored("an acknowledged transaction cannot be read", .acknowledged) { fixture in
            fixture.accepted["alpha-1/collector.alpha"] = [Data([0xff, 0xff])]
        },
        stored("a store belongs to another network", .readable) {
            $0.meta["beta-2/consensus.beta"] = Blake2b.hash([1]).hex
        },
    ]

    init(
        description: String, invariant: Invariant, build: @escaping @Sendable (AuditFixture) -> Void = { $0.history() },
        alter: @escaping @Sendable (AuditFixture) -> Void = { _ in }
    ) {
        self.description = description
        self.invariant = invariant
        self.build = build
        self.alter = alter
    }
}

@Suite struct ManipulationTests {
    @Test("an audit names the invariant that a manipulation breaks", arguments: Manipulation.all)
    func isNamed(_ manipulation: Manipulation) throws {
        let fixture = try AuditFixture()
        manipulation.build(fixture)
        fixture.store()
        manipulation.alter(fixture)
        let report = try fixture.audit()
        let named = Set(report.violations.map(\.invariant))
        #expect(named.contains(manipulation.invariant), "\(manipulation) gives \(report.violations)")
        #expect(report.text.contains("Audit FAILED"))
    }
}
