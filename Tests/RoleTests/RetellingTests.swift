import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// A notary that reminds other chains of legs, while those chains have a long queue.
struct RetellingTests {
    let test = TestNetwork()
    /// So many milliseconds between two looks at what is due.
    private let step: UInt64 = 100

    private func open(_ cross: CrossTransaction) -> BlockItem {
        BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])
    }

    private func crosses(_ nonces: ClosedRange<UInt64>) -> [CrossTransaction] {
        nonces.map { test.cross(from: test.alice, to: test.bob.publicKey, amount: 1, deadline: TestNetwork.genesisTime + 600_000, nonce: $0) }
    }

    /// Lets time pass.
    ///
    /// - Returns: what is told, with the milliseconds since the call.
    private func wait(_ driver: inout ValidatorDriver, milliseconds: UInt64) -> [(at: UInt64, notice: LegNotice)] {
        var told: [(at: UInt64, notice: LegNotice)] = []
        for elapsed in stride(from: step, through: milliseconds, by: Int(step)) {
            driver.now.monotonicMilliseconds += step
            told += driver.send(.timerFired(TimerID(kind: 2))).legNotices.map { (elapsed, $0) }
        }
        return told
    }

    /// A validator of alpha that has just seen holds become final.
    private func holding(_ crosses: [CrossTransaction]) -> (driver: ValidatorDriver, atOnce: [LegNotice]) {
        var alpha = TestChain(test, TestNetwork.alpha)
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        let item = alpha.append(crosses.map(open))
        _ = driver.publish(.candidate(item.block))
        let atOnce = driver.publish(.final(item.final!)).legNotices
        return (driver, atOnce)
    }

    @Test("what another notary has to say first, and reminders, are so many a second, however much waits; in the end all is told")
    func isBounded() {
        let all = crosses(1...250)
        var (driver, atOnce) = holding(all)
        #expect(atOnce.count > 30 && atOnce.count < 100, "a quarter is this notary's to say: \(atOnce.count)")
        let told = wait(&driver, milliseconds: 60_000)
        for second in stride(from: UInt64(0), to: 60_000, by: 1_000) {
            #expect(told.count { $0.at > second && $0.at <= second + 1_000 } <= 64 + 32 + 1)
        }
        for start in [20_000, 40_000] as [UInt64] { #expect(told.count { $0.at > start && $0.at <= start + 20_000 } <= 20 * 32 + 64) }
        #expect(Set(told.map(\.notice.cross.xid)).union(atOnce.map(\.cross.xid)) == Set(all.map(\.xid)))
    }

    @Test("what is new finds room among many that wait for people")
    func leavesRoom() {
        var (driver, _) = holding(crosses(1...250))
        _ = wait(&driver, milliseconds: 120_000)
        let before = wait(&driver, milliseconds: 60_000).count
        #expect(before > 0 && before < 60 * 32 * 2 / 3, "\(before) reminders in a minute")
    }

    @Test("a chain that takes long to settle is told again later; one that is fast again, sooner")
    func adapts() {
        var beta = TestChain(test, TestNetwork.beta)
        var alpha = TestChain(test, TestNetwork.alpha)
        var driver = ValidatorDriver(test, chain: TestNetwork.beta)
        var height: Height = 0

        /// Decides a cross on beta; alpha settles it after so long.
        func reminders(_ nonce: UInt64, settledAfter milliseconds: UInt64) -> Int {
            let cross = crosses(nonce...nonce)[0]
            alpha.append([open(cross)])
            let authorization = Authorization(
                key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))
            let confirm = Confirm(cross: cross, confirmations: [authorization], holds: [alpha.evidence(cross.xid)])
            let item = beta.append([
                BlockItem(transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [alpha.last!])
            ])
            _ = driver.publish(.candidate(item.block))
            _ = driver.publish(.final(item.final!))
            // Its turn to speak comes within three times the patience.
            let told = wait(&driver, milliseconds: milliseconds).count
            height += 1
            let settled = BranchHead(
                notary: "notary-1", chain: TestNetwork.alpha, height: height, block: Blake2b.hash([UInt8(nonce)]),
                crosses: [CrossData(xid: cross.xid, operation: 7, chains: [])])
            _ = driver.publish(.branch(settled), by: "validator.alpha@notary-1/1")
            return told
        }
        let first = (1...4).reduce(0) { $0 + reminders(UInt64($1), settledAfter: 30_000) }
        let slow = (5...8).reduce(0) { $0 + reminders(UInt64($1), settledAfter: 12_000) }
        #expect(first >= 8, "a chain of which nothing is known is reminded after two seconds, then rarer: \(first)")
        #expect(slow <= 4, "one that takes half a minute is not reminded within twelve seconds: \(slow)")
        for nonce in 9...40 { _ = reminders(UInt64(nonce), settledAfter: 500) }
        let fast = (41...44).reduce(0) { $0 + reminders(UInt64($1), settledAfter: 12_000) }
        #expect(fast > slow + 2, "once it is fast again it is: \(fast)")
    }
}
