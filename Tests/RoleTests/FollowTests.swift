import Cryptography
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// A notary that has followed a final block stays bound to its branch, whatever happens to the blocks it stored (R7).
@Suite struct FollowTests {
    let test = TestNetwork()

    private func bound(to block: Block, forgottenBelow: Height = 0) -> StoredState {
        let row = VoteRow(
            chain: block.header.chain, epoch: 0, slot: block.header.height, duty: .follow, hash: block.hash, bytes: [])
        return StoredState(votes: [row], forgottenBelow: forgottenBelow)
    }

    private func follow(_ item: FinalBlock, _ driver: inout ValidatorDriver) -> [RoleEffect] {
        driver.setTime(item.block.header.time)
        return driver.publish(.candidate(item.block)) + driver.publish(.final(item.final!))
    }

    @Test("a notary binds itself to a final block, in the record of votes, before it says that it follows it")
    func bindsFirst() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append([])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        _ = driver.publish(.candidate(item.block))
        let effects = driver.publish(.final(item.final!))
        let votes = effects.flatMap { effect -> [VoteRow] in
            guard case .persist(let operations) = effect else { return [] }
            return operations.compactMap { if case .vote(let row) = $0 { row } else { nil } }
        }
        #expect(votes == [VoteRow(chain: TestNetwork.alpha, epoch: 0, slot: 1, duty: .follow, hash: item.block.hash, bytes: [])])
        #expect(effects.branchHeads.count == 1 && effects.persistsFirst)
    }

    @Test("a validator whose blocks are gone signs and says nothing until it stands where its notary stood")
    func rejoins() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let items = [chain.append([]), chain.append([])]
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha, recovered: bound(to: items[1].block))
        var effects = follow(items[0], &driver)
        #expect(driver.role.height == 1)
        #expect(effects.branchHeads.isEmpty)
        #expect(driver.publish(.candidate(items[1].block)).verdicts.isEmpty)
        let answer = driver.send(.requested(.fetchBlocks(chain: TestNetwork.alpha, from: 1, limit: 1), token: 1, client: nil))
        guard case .reply(1, .failure(.notReady, _))? = answer.first else {
            Issue.record("a validator that catches up says what it follows")
            return
        }
        effects = follow(items[1], &driver)
        #expect(effects.branchHeads.map(\.block) == [items[1].block.hash])
        let next = chain.candidate([])
        driver.setTime(next.header.time)
        guard case .signed = driver.publish(.candidate(next)).verdicts.first?.verdict else {
            Issue.record("a validator that has caught up signs again")
            return
        }
    }

    @Test("a validator whose notary has followed another block of a height stops, with an alarm")
    func refusesOtherBranch() {
        var chain = TestChain(test, TestNetwork.alpha)
        let first = chain.append([])
        var other = TestChain(test, TestNetwork.alpha)
        let second = other.append([
            .init(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha, recovered: bound(to: first.block))
        let effects = follow(second, &driver)
        #expect(driver.role.height == 0)
        #expect(effects.branchHeads.isEmpty)
        #expect(effects.contains { if case .raise("followed_branch", _, .critical) = $0 { true } else { false } })
        let next = other.candidate([])
        #expect(driver.publish(.candidate(next)).verdicts.isEmpty)
    }

    @Test("stored blocks off the branch that the notary is bound to stop the role before it signs anything")
    func refusesOtherStore() {
        var chain = TestChain(test, TestNetwork.alpha)
        let first = chain.append([])
        var other = TestChain(test, TestNetwork.alpha)
        let second = other.append([
            .init(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        let rows = [StoreTable.blocks: [StoredRow(key: 1, value: second.encoded)]]
        let state = StoredState(rows: rows, votes: bound(to: first.block).votes)
        let context = RoleContext(
            network: test.network, address: RoleAddress(role: .validator, chain: TestNetwork.alpha, node: "notary-1"),
            signer: test.nodeKeys[.notary]![0].signer)
        #expect(throws: StoredFault.self) { try ValidatorRole(context: context, recovered: state) }
    }

    @Test("what a notary has followed long ago is forgotten, the newest blocks are not")
    func forgets() {
        var chain = TestChain(test, TestNetwork.alpha)
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        var votes: [VoteRow] = []
        for _ in 0..<Limits.followedBlocks + 6 {
            for case .persist(let operations) in follow(chain.append([]), &driver) {
                for operation in operations {
                    if case .vote(let row) = operation { votes.append(row) }
                    if case .forgetVotes(let slot) = operation { votes.removeAll { $0.slot < slot } }
                }
            }
        }
        #expect(votes.map(\.slot) == Array(6...Limits.followedBlocks + 6))
    }
}
