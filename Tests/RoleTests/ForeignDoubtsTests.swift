import BuilderCore
import Chain
import Cryptography
import Determinism
import TestSupport
import Testing
import Wire

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
        for notary in notaries.prefix(count) { doubts.heard(item.foreign[0].hash, by: notary, at: moment) }
        return doubts
    }

    private func isLeftOut(_ doubts: inout ForeignDoubts, at moment: Moment) -> Bool {
        doubts.concern(item, notaries: 4, grace: grace, at: moment)
    }

    @Test("one notary that lies cannot keep a transaction out, two notaries can")
    func moreThanCanLie() {
        var one = doubts(by: 1, at: at(0))
        one.heard(item.foreign[0].hash, by: notaries[0], at: at(10))
        let answer1 = isLeftOut(&one, at: at(60_000))
        #expect(!answer1)
        var two = doubts(by: 2, at: at(0))
        let answer2 = isLeftOut(&two, at: at(grace))
        #expect(answer2)
    }

    @Test("notaries that are only a moment behind keep nothing out")
    func momentBehind() {
        var doubts = doubts(by: 4, at: at(0))
        let answer3 = isLeftOut(&doubts, at: at(grace - 1))
        #expect(!answer3)
        doubts.settle(item.foreign)
        let answer4 = isLeftOut(&doubts, at: at(grace))
        #expect(!answer4)
    }

    @Test("what is left out is tried again, after twice as long each time")
    func triedAgain() {
        var doubts = doubts(by: 2, at: at(0))
        let answer5 = isLeftOut(&doubts, at: at(grace))
        #expect(answer5)
        let first = grace + ForeignDoubts.firstWaitMilliseconds
        let answer6 = isLeftOut(&doubts, at: at(first - 1))
        #expect(answer6)
        let answer7 = isLeftOut(&doubts, at: at(first))
        #expect(!answer7)
        for notary in notaries.prefix(2) { doubts.heard(item.foreign[0].hash, by: notary, at: at(first)) }
        let answer8 = isLeftOut(&doubts, at: at(first + grace))
        #expect(answer8)
        let second = first + grace + ForeignDoubts.firstWaitMilliseconds * 2
        let answer9 = isLeftOut(&doubts, at: at(second - 1))
        #expect(answer9)
        let answer10 = isLeftOut(&doubts, at: at(second))
        #expect(!answer10)
    }

    @Test("a doubt about one block says nothing about another of its height")
    func otherBlock() {
        var doubts = ForeignDoubts()
        for notary in notaries { doubts.heard(Blake2b.hash([1]), by: notary, at: at(0)) }
        let answer11 = isLeftOut(&doubts, at: at(grace))
        #expect(!answer11)
    }
}
