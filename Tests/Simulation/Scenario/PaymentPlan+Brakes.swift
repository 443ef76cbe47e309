import Cryptography
import Determinism
import Wire

extension PaymentPlan {
    /// In most runs a contract has brakes on some side: caps that a few payments fill, delays that some payments reach; some only watch.
    ///
    /// Dice of their own: a seed plays the same payments with brakes and without.
    func drawBrakes(_ contract: String, version: UInt32, most: Amount) -> ContractBrakes {
        let dice = Blake2b.hash(.network, cast.network.id.bytes + Array(contract.utf8) + [UInt8(truncatingIfNeeded: version)])
        var random = SeededRandom(seed: dice.a)
        func side() -> SideBrakes? {
            let cap = random.below(2) == 0
                ? SideBrakes.Cap(amount: most / 2 + random.below(most * 3), windowMilliseconds: 2_000 + random.below(10_000), isObserved: random.below(3) == 0) : nil
            let delay = random.below(3) == 0
                ? SideBrakes.Delay(amount: 1 + random.below(most), milliseconds: 1_000 + random.below(5_000), isObserved: random.below(3) == 0) : nil
            return SideBrakes(cap: cap, delay: delay)
        }
        return ContractBrakes(first: side(), second: side())
    }
}
