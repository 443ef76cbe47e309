import CollectorCore
import RoleKit
import Testing
import TestSupport
import ValidatorCore
import Wire

@Suite("What a role cannot read of its own store")
struct StoredFaultTests {
    private let test = TestNetwork()

    private func context(_ role: Role, _ chain: ChainID, _ node: String) -> RoleContext {
        RoleContext(network: test.network, address: RoleAddress(role: role, chain: chain, node: node), signer: test.nodeKeys[.notary]![0].signer)
    }

    @Test("a validator names the table and the row of a block that it cannot read")
    func validator() {
        let stored = StoredState(rows: [.blocks: [StoredRow(key: 1, value: [0, 255])]])
        #expect(throws: StoredFault(.blocks, key: 1, "this block cannot be read")) {
            try ValidatorRole(context: context(.validator, TestNetwork.alpha, "notary-1"), recovered: stored)
        }
    }

    @Test("a collector names the table and the row of what it cannot read", arguments: [StoreTable.accepted, .legs, .ended])
    func collector(_ table: StoreTable) {
        let stored = StoredState(rows: [table: [StoredRow(key: 3, value: [255])]])
        #expect {
            try CollectorRole(context: context(.collector, TestNetwork.alpha, "alpha-1"), recovered: stored)
        } throws: { error in
            (error as? StoredFault).map { $0.table == table && $0.key == 3 } ?? false
        }
    }
}
