import Cryptography
import Determinism
import TestSupport
import Testing
import WalletCore
import Wire

@Suite("A wallet that wants receipts")
struct ReceiptTests {
    @Test("asks for the receipt although a question from before the end is never answered", arguments: [false, true])
    func asksAfterSilence(ticksMeanwhile: Bool) throws {
        let test = TestNetwork()
        let transfer = Transfer(
            chain: TestNetwork.alpha, network: test.network.id, to: test.bob.publicKey, asset: TestNetwork.assetX, amount: 5, nonce: 0, memo: "",
            signer: test.alice.signer)
        let signed = SignedPayment(Transaction(.transfer(transfer), chain: TestNetwork.alpha, network: test.network.id), chain: TestNetwork.alpha)
        var options = Wallet.Options()
        options.wantsReceipts = true
        var wallet = Wallet(network: test.network, options: options)
        func moment(_ milliseconds: UInt64) -> Moment {
            Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: TestNetwork.genesisTime + milliseconds)
        }
        var submission: UInt64?
        for case .request(let call, _, .submit, _) in wallet.apply(.resume(1, signed), at: moment(0)) { submission = call }
        let ended = wallet.apply(.noticed(.status(Status(id: signed.id, state: .final))), at: moment(100))
        #expect(ended.contains { if case .ended(1, .settled, _) = $0 { true } else { false } })
        if ticksMeanwhile { _ = wallet.apply(.tick, at: moment(1_000)) }
        _ = wallet.apply(.unanswered(call: try #require(submission)), at: moment(5_000))
        let asked = wallet.apply(.tick, at: moment(6_000))
        #expect(asked.contains { if case .request(_, _, .receipt(signed.name), _) = $0 { true } else { false } })
    }
}
