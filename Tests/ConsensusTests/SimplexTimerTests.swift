import ConsensusCore
import Cryptography
import Determinism
import Testing
import Wire

/// Rules 6 and 8: what happens when nothing happens.
@Suite struct SimplexTimerTests {
    let chain = VotingChain(4)

    @Test("Rule 6: with work waiting a slot is skipped T0 after it was entered, not earlier")
    func skipsAfterTimeout() {
        var simplex = chain.started(1)
        #expect(simplex.apply(.work(true), at: .zero).delay(.skip) == chain.timing.skipMilliseconds)
        let early = Moment(milliseconds: chain.timing.skipMilliseconds - 1)
        #expect(simplex.apply(.timerFired(.skip), at: early).votes.isEmpty)
        let due = Moment(milliseconds: chain.timing.skipMilliseconds)
        #expect(simplex.apply(.timerFired(.skip), at: due).votes == [chain.statement(.skip, 1)])
        #expect(simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000)).votes.isEmpty)
    }

    @Test("Rule 6: no Skip after Final in the same slot")
    func doesNotSkipWhatItFinalized() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        _ = simplex.apply(.candidateValid(block), at: .zero)
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, block.hash)), at: .zero).votes.count == 1)
        let votes = simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000)).votes
        #expect(votes == [chain.statement(.skip, 2)])
    }

    @Test("Rule 6: a notarized slot that this node did not vote Final in is skipped in time, too")
    func skipsNotarizedSlot() {
        var simplex = chain.started(3)
        _ = simplex.apply(.certificate(chain.certificate(.notar, 1, chain.candidate(1).hash)), at: .zero)
        let votes = simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000)).votes
        #expect(votes == [chain.statement(.skip, 1), chain.statement(.skip, 2)])
    }

    @Test("Rule 6: an idle slot is given a heartbeat more, and work that comes meanwhile starts its timeout")
    func idleSlotWaits() {
        var simplex = chain.started(1)
        let idle = chain.timing.heartbeatMilliseconds + chain.timing.skipMilliseconds
        #expect(simplex.apply(.work(false), at: .zero).delay(.skip) == nil)
        #expect(simplex.apply(.timerFired(.skip), at: Moment(milliseconds: idle - 1)).votes.isEmpty)
        let effects = chain.started(1).applying(.work(true), at: Moment(milliseconds: 1_000))
        #expect(effects.delay(.skip) == chain.timing.skipMilliseconds)
        #expect(simplex.apply(.timerFired(.skip), at: Moment(milliseconds: idle)).votes == [chain.statement(.skip, 1)])
    }

    @Test("Rule 6: work that comes and goes cannot put a slot off beyond a heartbeat")
    func workCannotDelayForever() {
        var simplex = chain.started(1)
        let idle = chain.timing.heartbeatMilliseconds + chain.timing.skipMilliseconds
        for time in stride(from: UInt64(0), to: idle, by: 500) {
            _ = simplex.apply(.work(true), at: Moment(milliseconds: time))
            _ = simplex.apply(.work(false), at: Moment(milliseconds: time + 1))
        }
        #expect(simplex.apply(.timerFired(.skip), at: Moment(milliseconds: idle)).votes == [chain.statement(.skip, 1)])
    }

    @Test("Rule 6: timeouts grow by half with each slot since the last final one, and come back down with it")
    func timeoutsGrow() {
        var simplex = chain.started(0)
        _ = simplex.apply(.work(true), at: .zero)
        var expected = chain.timing.skipMilliseconds
        for slot in UInt64(1)...6 {
            let effects = simplex.apply(.certificate(chain.certificate(.skip, slot)), at: .zero)
            expected = expected * 3 / 2
            #expect(effects.delay(.skip) == expected)
        }
        let final = chain.certificate(.final, 7, chain.candidate(7).hash)
        #expect(simplex.apply(.certificate(final), at: .zero).delay(.skip) == chain.timing.skipMilliseconds)
    }

    @Test("Rule 6: a long row of skipped slots does not overflow the timeout")
    func timeoutStaysInRange() {
        var simplex = chain.started(0)
        for slot in UInt64(1)...UInt64(Limits.slotsAhead) {
            _ = simplex.apply(.certificate(chain.certificate(.skip, slot)), at: .zero)
        }
        #expect(simplex.frontier == UInt64(Limits.slotsAhead))
    }

    @Test("Rule 8: a standstill re-sends the newest Final certificate, and certificates and own votes above it")
    func resends() {
        let first = chain.candidate(1)
        let second = chain.candidate(2, on: first)
        var simplex = chain.started(3)
        _ = simplex.apply(.certificate(chain.certificate(.final, 1, first.hash)), at: .zero)
        _ = simplex.apply(.candidateValid(second), at: .zero)
        _ = simplex.apply(.certificate(chain.certificate(.notar, 2, second.hash)), at: .zero)
        let effects = simplex.apply(.timerFired(.standstill), at: Moment(milliseconds: 3_000))
        #expect(effects.certificates == [chain.statement(.final, 1, first.hash), chain.statement(.notar, 2, second.hash)])
        #expect(effects.votes == [chain.statement(.notar, 2, second.hash), chain.statement(.final, 2, second.hash)])
        #expect(!effects.contains { if case .persist = $0 { true } else { false } })
    }

    @Test("Rule 8: attempts back off to a fixed distance and start anew with the next final block")
    func backsOff() {
        var simplex = chain.started(3)
        let base = chain.timing.standstillMilliseconds
        let delays = (1...4).map { _ in simplex.apply(.timerFired(.standstill), at: .zero).delay(.standstill) }
        #expect(delays == [2 * base, 4 * base, 4 * base, 4 * base])
        let final = chain.certificate(.final, 1, chain.candidate(1).hash)
        #expect(simplex.apply(.certificate(final), at: .zero).delay(.standstill) == base)
    }

    @Test("Rule 8: one attempt sends at most a named number of messages, and the next goes on from there")
    func boundsAttempts() {
        var simplex = chain.started(3)
        let slots = UInt64(Limits.standstillMessages + 10)
        for slot in 1...slots { _ = simplex.apply(.certificate(chain.certificate(.skip, slot)), at: .zero) }
        let first = simplex.apply(.timerFired(.standstill), at: .zero).certificates
        let second = simplex.apply(.timerFired(.standstill), at: .zero).certificates
        #expect(first.count == Limits.standstillMessages && second.count == Limits.standstillMessages)
        #expect(Set(first + second).count == Int(slots))
    }
}

extension Simplex {
    /// The effects alone.
    func applying(_ input: SimplexInput, at now: Moment) -> [SimplexEffect] {
        var copy = self
        return copy.apply(input, at: now)
    }
}
