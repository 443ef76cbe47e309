import Chain
import Crypto
import Determinism
import TestSupport
import Testing
import Wire

@testable import BuilderCore

@Suite struct ForeignDoubtsTests {
    private let test = TestNetwork()
    private let notaries = (0..<4).map { PublicKey(Digest(a: UInt64($0) + 1, b: 0, c: 0, d: 0)) }
    private let grace: UInt64 = 1_500

    private func at(_ milliseconds: UInt64) -> Moment { Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: milliseconds) }

    private var item: BlockItem {
        var alpha = TestChain(test, TestNetwork.alpha)
        alpha.append([])
        let transfer = test.transfer(from: test.alice, to: test.bob.publicKey, amount: 1, nonce: 0)
        return BlockItem(transaction: transfer, foreign: [alpha.last!])
    }

    private func doubts(by count: Int, at moment: Moment) -> ForeignDoubts {
        var doubts = ForeignDoubts()
        for notary in notaries.prefix(count) { doubts.heard(TestNetwork.alpha, 1, by: notary, at: moment) }
        return doubts
    }

    @Test("one notary that lies cannot keep a transaction out, two notaries can")
    func moreThanCanLie() {
        var one = doubts(by: 1, at: at(0))
        one.heard(TestNetwork.alpha, 1, by: notaries[0], at: at(10))
        #expect(!one.concern(item, notaries: 4, grace: grace, at: at(60_000)))
        var two = doubts(by: 2, at: at(0))
        #expect(two.concern(item, notaries: 4, grace: grace, at: at(grace)))
    }

    @Test("notaries that are only a moment behind keep nothing out")
    func grace_() {
        var doubts = doubts(by: 4, at: at(0))
        #expect(!doubts.concern(item, notaries: 4, grace: grace, at: at(grace - 1)))
        doubts.settle(item.foreign)
        #expect(!doubts.concern(item, notaries: 4, grace: grace, at: at(grace)))
    }

    @Test("what is left out is tried again, after twice as long each time")
    func triedAgain() {
        var doubts = doubts(by: 2, at: at(0))
        #expect(doubts.concern(item, notaries: 4, grace: grace, at: at(grace)))
        let first = grace + ForeignDoubts.firstWaitMilliseconds
        #expect(doubts.concern(item, notaries: 4, grace: grace, at: at(first - 1)))
        #expect(!doubts.concern(item, notaries: 4, grace: grace, at: at(first)))
        for notary in notaries.prefix(2) { doubts.heard(TestNetwork.alpha, 1, by: notary, at: at(first)) }
        #expect(doubts.concern(item, notaries: 4, grace: grace, at: at(first + grace)))
        let second = first + grace + ForeignDoubts.firstWaitMilliseconds * 2
        #expect(doubts.concern(item, notaries: 4, grace: grace, at: at(second - 1)))
        #expect(!doubts.concern(item, notaries: 4, grace: grace, at: at(second)))
    }

    @Test("a doubt about one height says nothing about another")
    func otherHeights() {
        var doubts = ForeignDoubts()
        for notary in notaries { doubts.heard(TestNetwork.alpha, 2, by: notary, at: at(0)) }
        #expect(!doubts.concern(item, notaries: 4, grace: grace, at: at(grace)))
    }
}
