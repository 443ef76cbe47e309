import Chain
import Cryptography
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// What a notary's validator signs, and promises, before other notaries may take over (E-8).
@Suite struct ClosingRoleTests {
    /// Epochs of 20 slots, cut after 14: from slot 9 on it is time to close.
    private let test = TestNetwork(elections: EpochRule(slots: 20, margin: 6))
    private var beta: ChainID { TestNetwork.beta }

    /// The validator of beta, which knows that its sibling follows alpha's first block.
    private func driver(_ trade: Trade, _ recovered: StoredState = StoredState()) -> ValidatorDriver {
        var driver = ValidatorDriver(test, chain: beta, recovered: recovered)
        driver.setTime(trade.block.header.time)
        _ = driver.publish(.branch(trade.head), by: "validator.alpha@notary-1/1")
        return driver
    }

    private func read(_ item: FinalBlock, _ driver: inout ValidatorDriver) -> [RoleEffect] {
        driver.publish(.candidate(item.block)) + driver.publish(.final(item.final!))
    }

    /// Reads empty notary blocks up to a slot.
    private func read(_ notary: inout TestChain, through slot: Slot, _ driver: inout ValidatorDriver) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        while notary.last?.header.slot ?? 0 < slot { effects += read(notary.append([]), &driver) }
        return effects
    }

    private func record(_ trade: Trade) -> BlockItem {
        let final = trade.alpha.last!
        let record = Record(final: final, crosses: trade.alpha.blocks[0].block.transactions.compactMap(CrossData.init))
        return BlockItem(transaction: Transaction(.record(record), chain: .notary, network: test.network.id), foreign: [])
    }

    private func closings(_ effects: [RoleEffect]) -> [Closing] {
        effects.compactMap { effect in
            guard case .call(_, _, .nominate(let bytes), _) = effect,
                let transaction = try? Transaction(decoding: bytes, chain: .notary, network: test.network.id),
                case .closing(let closing) = transaction.kind
            else { return nil }
            return closing
        }
    }

    private func isSigned(_ effects: [RoleEffect]) -> Bool? {
        for verdict in effects.verdicts {
            if case .signed = verdict.verdict { return true }
            if case .deferred = verdict.verdict { return false }
        }
        return nil
    }

    @Test("what a signature relies on is recorded before the epoch is closed, and the promise is stored before it is handed in")
    func waits() {
        let trade = Trade(test)
        var driver = driver(trade)
        var notary = TestChain(test, .notary)
        #expect(isSigned(driver.publish(.candidate(trade.block))) == true)
        #expect(closings(read(&notary, through: 11, &driver)).isEmpty)
        let effects = read(notary.append([record(trade)]), &driver)
        let made = closings(effects)
        #expect(made.map(\.chain) == [beta] && made.map(\.epoch) == [0] && made.allSatisfy { $0.check(network: test.network.id).holds })
        #expect(effects.persistsFirst)
        let votes = effects.flatMap { effect -> [VoteRow] in
            guard case .persist(let operations) = effect else { return [] }
            return operations.compactMap { if case .vote(let row) = $0, row.duty == .close { row } else { nil } }
        }
        #expect(votes.map(\.epoch) == [0])
        // Handed in again until a final notary block shows it.
        #expect(closings(read(notary.append([]), &driver)).count == 1)
    }

    @Test("towards the cut a validator signs only what relies on recorded blocks, and tells why it waits")
    func defers() {
        let trade = Trade(test)
        var driver = driver(trade)
        var notary = TestChain(test, .notary)
        #expect(closings(read(&notary, through: 8, &driver)).isEmpty)
        var before = driver
        #expect(isSigned(before.publish(.candidate(trade.block))) == true)
        #expect(closings(read(&notary, through: 9, &driver)).count == 1)
        #expect(isSigned(driver.publish(.candidate(trade.block))) == false)
        #expect(isSigned(read(notary.append([record(trade)]), &driver)) == true)
    }

    @Test("the promise outlives a restart that has lost everything else")
    func survives() {
        let trade = Trade(test)
        let vote = VoteRow(chain: beta, epoch: 0, slot: 0, duty: .close, hash: .zero, bytes: [])
        var driver = driver(trade, StoredState(votes: [vote]))
        #expect(isSigned(driver.publish(.candidate(trade.block))) == false)
        var other = self.driver(trade)
        #expect(isSigned(other.publish(.candidate(trade.block))) == true)
    }
}
