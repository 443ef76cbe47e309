import Determinism
import Wire

/// What a wallet knows of one chain's time.
struct ChainClock: Sendable {
    private var known: (time: ChainTime, heard: Moment)?

    /// Whether what is known is young enough to set a deadline by.
    func isFresh(at now: Moment) -> Bool {
        guard let known else { return false }
        return now.milliseconds(since: known.heard) <= WalletTiming.chainTimeMilliseconds
    }

    /// Takes the time of a final block; 0 stands for a chain that has none yet.
    mutating func learn(_ time: ChainTime, at now: Moment) {
        guard let former = known, former.time > time else {
            known = (time, now)
            return
        }
        known = (former.time, now)
    }

    /// The chain's time now, as far as can be told. A chain that has made no block for long makes its next with the clock's time.
    func estimate(at now: Moment) -> ChainTime {
        guard let known else { return now.wallMilliseconds }
        let time = known.time + now.milliseconds(since: known.heard)
        return time + WalletTiming.staleChainMilliseconds < now.wallMilliseconds ? now.wallMilliseconds : time
    }
}
