import Chain
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import TestSupport
import Testing
import Wire

/// Where recorders find transactions.
@Suite struct ArchiveIndexTests {
    @Test("a transaction that comes again where it was before its chain went back has one place")
    func onePlace() throws {
        let test = TestNetwork()
        var chain = TestChain(test, TestNetwork.alpha)
        let transfer = Transfer(
            chain: TestNetwork.alpha, network: test.network.id, to: test.bob.publicKey, asset: TestNetwork.assetX, amount: 5, nonce: 0, memo: "",
            signer: test.alice.signer)
        let transaction = Transaction(.transfer(transfer), chain: TestNetwork.alpha, network: test.network.id)
        let block = chain.append([BlockItem(transaction: transaction, foreign: [])]).block
        var index = ArchiveIndex(policy: SnapshotPolicy(), marks: [nil])
        index.add(block, position: 0)
        var rows: [StoredRow] = []
        for case .index(.places, let entries) in index.rewind(0, to: 0, test.network.genesisHash(of: TestNetwork.alpha)) {
            rows += entries.map { StoredRow(key: $0.place, value: []) }
        }
        // What waited went to disk without the block that was left; an earlier turn may have written that too.
        rows.append(StoredRow(key: ArchiveIndex.Place(chain: 0, transaction: 0, height: 1).packed, value: []))
        index.add(block, position: 0)
        let places = index.places(of: transaction.id, stored: rows)
        #expect(places.count == 1 && places.first?.height == 1)
    }
}
