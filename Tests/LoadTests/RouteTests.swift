import Cryptography
import Determinism
import LoadCore
import Testing
import TestSupport
import WalletCore
import Wire

@Suite("Who pays whom in a run")
struct RouteTests {
    private let test = TestNetwork(members: [TestNetwork.key(40), TestNetwork.key(41)])

    /// Alice and Carol are at home on alpha, Bob on beta, as in an address book.
    private func routes(_ payers: [KeyPair], holders: [KeyPair] = []) throws -> LoadRoutes {
        let peg = try #require(test.network.contracts.first { $0.peg != nil })
        let accounts = [(test.alice, TestNetwork.alpha), (test.carol, TestNetwork.alpha), (test.bob, TestNetwork.beta)]
        return LoadRoutes(
            network: test.network, contracts: test.network.contracts, payers: payers.map(\.signer),
            accounts: accounts.map { LoadRoutes.Account(key: $0.0.publicKey, chain: $0.1) },
            holdings: holders.map { LoadRoutes.Holding(account: $0.publicKey, peg: peg) }, deadlineMilliseconds: 60_000)
    }

    @Test("who holds what a peg has issued redeems the least it takes, and somebody on the main chain is paid out")
    func redemption() throws {
        var random = SeededRandom(seed: 1)
        var routes = try routes([test.bob], holders: [test.bob])
        #expect(routes.has(.redeem) && !routes.has(.bridge))
        let order = routes.next(.redeem, &random)
        let peg = try #require(test.network.contracts.first { $0.peg != nil })
        #expect(order.route == .redeem(peg) && order.payer.publicKey == test.bob.publicKey)
        #expect(order.homeChain == TestNetwork.beta && order.decidingChain == TestNetwork.beta)
        #expect([test.alice.publicKey, test.carol.publicKey].contains(order.payee))
        #expect(order.asset == peg.second.asset && order.amount == LoadRoutes.least(peg))
    }

    @Test("nobody redeems who holds nothing, or holds it on another chain than its own")
    func nothingToRedeem() throws {
        #expect(try !routes([test.bob]).has(.redeem))
        #expect(try !routes([test.alice], holders: [test.alice]).has(.redeem))
        let alices = try routes([test.alice])
        #expect(alices.has(.bridge) && alices.has(.transfer) && alices.has(.cross))
    }
}
