import Chain
import Cryptography
import RecorderCore
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

@Suite struct OffenceRoleTests {
    private let test = TestNetwork()

    private func accusations(_ effects: [RoleEffect]) -> [Evidence] {
        effects.compactMap { if case .publish(.evidence, .evidence(let evidence)) = $0 { evidence } else { nil } }
    }

    private func verdict(_ number: Int, on block: Block) -> NotaryVerdict {
        let signer = test.nodeKeys[.notary]![number - 1].signer
        let signature = signer.sign(.notary, network: test.network.id, NotaryStatement(block.header, epoch: 0).payload)
        return NotaryVerdict(
            chain: block.header.chain, block: block.hash, notary: signer.publicKey,
            verdict: .signed(epoch: 0, slot: block.header.slot, height: block.header.height, signature: signature))
    }

    /// A candidate of the chain's next slot whose state root is false.
    private func falseCandidate(_ chain: inout TestChain) -> Block {
        let good = chain.candidate([])
        var fields = good.header.fields
        fields.stateRoot = Blake2b.hash([1])
        let header = BlockHeader(fields)
        let signer = test.leader(of: header.slot, chain: TestNetwork.alpha).signer
        return Block(
            header: header, builderSignature: signer.sign(.candidate, network: test.network.id, header.bytes), transactions: [], outcomes: [],
            foreign: [])
    }

    @Test("a notary that signs a candidate with a false state root is shown, whichever came first", arguments: [true, false])
    func signedInvalid(signatureFirst: Bool) throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let block = falseCandidate(&chain)
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        driver.setTime(block.header.time)
        let lie = Message.verdict(verdict(2, on: block))
        let effects = signatureFirst
            ? driver.publish(lie) + driver.publish(.candidate(block)) : driver.publish(.candidate(block)) + driver.publish(lie)
        let shown = accusations(effects)
        #expect(shown.map(\.kind) == [.signedInvalid])
        let offence = try Offence(try #require(shown.first))
        #expect(offence.entry.offender == test.nodeKeys[.notary]![1].publicKey)
        #expect(try #require(offence.signatureChecks(network: test.network)).allSatisfy(\.holds))
    }

    @Test("a notary that signs what is valid is not shown")
    func signedValid() {
        var chain = TestChain(test, TestNetwork.alpha)
        let block = chain.candidate([])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        driver.setTime(block.header.time)
        let effects = driver.publish(.candidate(block)) + driver.publish(.verdict(verdict(2, on: block)))
        #expect(accusations(effects).isEmpty)
    }

    @Test("a second final block of a height is shown together with the first")
    func twoFinals() throws {
        var one = TestChain(test, TestNetwork.alpha)
        var other = TestChain(test, TestNetwork.alpha)
        let first = one.append([])
        other.append([BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        driver.setTime(first.block.header.time)
        _ = driver.publish(.candidate(first.block)) + driver.publish(.final(first.final!))
        let shown = accusations(driver.publish(.final(other.last!)))
        #expect(shown.map(\.kind) == [.twoFinals])
        #expect(try Offence(try #require(shown.first)).entry.place == 1)
        let again = driver.publish(.final(first.final!))
        #expect(accusations(again).isEmpty)
    }
}
