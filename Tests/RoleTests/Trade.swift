import Chain
import Crypto
import TestSupport
import Wire

/// A block of beta that relies on the first block of alpha, which opens a hold.
struct Trade {
    var alpha: TestChain
    var block: Block

    init(_ test: TestNetwork) {
        alpha = TestChain(test, TestNetwork.alpha)
        var other = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])])
        let confirm = Confirm(
            cross: cross, confirmations: [Authorization(key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))],
            holds: [alpha.evidence(cross.xid)])
        block = other.candidate([
            BlockItem(transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [alpha.last!])
        ])
    }

    /// What the sibling that follows alpha's first block says.
    var head: BranchHead { BranchHead(notary: "notary-1", chain: TestNetwork.alpha, height: 1, block: alpha.last!.hash, crosses: []) }
}
