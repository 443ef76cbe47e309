import Chain
import Cryptography
import TestSupport
import Wire

/// A block of beta that relies on the first block of alpha, which opens a hold.
struct Trade {
    var alpha: TestChain
    var block: Block
    /// What the block holds.
    var items: [BlockItem]
    /// The block with its notary certificate.
    var certified: CertifiedCandidate

    /// - Parameter milliseconds: time of alpha's block; another one makes another branch.
    init(_ test: TestNetwork, after milliseconds: UInt64 = 1_000) {
        alpha = TestChain(test, TestNetwork.alpha)
        var other = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        let open = Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id)
        alpha.append([BlockItem(transaction: open, foreign: [])], after: milliseconds)
        let confirm = Confirm(
            cross: cross, confirmations: [Authorization(key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))],
            holds: [alpha.evidence(cross.xid)])
        items = [BlockItem(transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [alpha.last!])]
        block = other.candidate(items)
        certified = other.certified(of: block)
    }

    /// What the sibling that follows alpha's first block says.
    var head: BranchHead { BranchHead(notary: "notary-1", chain: TestNetwork.alpha, height: 1, block: alpha.last!.hash, crosses: []) }
}
