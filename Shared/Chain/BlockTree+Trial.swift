import Cryptography
import Ledger
import Wire

extension BlockTree {
    /// What would become of a transaction alone in a block on the newest final one; leaves no trace.
    ///
    /// The answer `invalid` for a reason that is not temporary holds for every later block too: the final state never goes back.
    /// - Parameter time: chain time of that block; raised to just above the final block's when it is not.
    package mutating func trial(_ item: BlockItem, time: ChainTime = 0) -> Application {
        draft(on: finalHash, slot: finalSlot + 1, time: max(time, finalTime + 1)) { ledger in
            let application = ledger.apply(item.transaction, foreign: ForeignBlocks(item.foreign))
            ledger.abandon()
            return application
        }
    }
}
