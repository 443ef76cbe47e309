import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import Testing
import Wire

/// One table of steps for each published rule (Simplex.md section 3.1).
@Suite struct SimplexRuleTests {
    let chain = VotingChain(4)

    // Rule 1

    @Test("Rule 1: the frontier is the smallest slot with neither Notar nor Skip")
    func frontierMoves() {
        var simplex = chain.started(0)
        #expect(simplex.frontier == 1)
        _ = simplex.apply(.certificate(chain.certificate(.skip, 2)), at: .zero)
        #expect(simplex.frontier == 1)
        _ = simplex.apply(.certificate(chain.certificate(.notar, 1, chain.candidate(1).hash)), at: .zero)
        #expect(simplex.frontier == 3)
    }

    @Test("Rule 1: Final of a later slot clears every slot before it")
    func finalClears() {
        var simplex = chain.started(0)
        _ = simplex.apply(.certificate(chain.certificate(.final, 9, chain.candidate(9).hash)), at: .zero)
        #expect(simplex.frontier == 10)
        #expect(simplex.finalSlot == 9)
    }

    // Rule 3

    @Test("Rule 3: the leader of the first slot leads it on genesis as soon as it starts")
    func firstLeader() {
        var simplex = Simplex(settings: chain.settings(0))
        #expect(simplex.apply(.started, at: .zero).leads == [LeadDuty(slot: 1, parentSlot: 0, parent: chain.genesis)])
        var other = Simplex(settings: chain.settings(1))
        #expect(other.apply(.started, at: .zero).leads.isEmpty)
    }

    @Test("Rule 3: the base is the newest notarized slot with only skipped slots above it")
    func baseOfLead() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, block.hash)), at: .zero).leads.isEmpty)
        #expect(simplex.apply(.certificate(chain.certificate(.skip, 2)), at: .zero).leads.isEmpty)
        let leads = simplex.apply(.certificate(chain.certificate(.skip, 3)), at: .zero).leads
        #expect(leads == [LeadDuty(slot: 4, parentSlot: 1, parent: block.hash)])
    }

    @Test("Rule 3: a slot that is already cleared is not led")
    func clearedSlotIsNotLed() {
        var simplex = chain.started(1)
        _ = simplex.apply(.certificate(chain.certificate(.skip, 2)), at: .zero)
        #expect(simplex.apply(.certificate(chain.certificate(.skip, 1)), at: .zero).leads.isEmpty)
        #expect(simplex.frontier == 3)
    }

    // Rule 4

    @Test("Rule 4: a valid candidate on genesis is notarized at once")
    func notarizes() {
        var simplex = chain.started(1)
        let effects = simplex.apply(.candidateValid(chain.candidate(1)), at: .zero)
        #expect(effects.votes == [chain.statement(.notar, 1, chain.candidate(1).hash)])
    }

    @Test("Rule 4, condition 1: a second candidate of a slot is not notarized")
    func notarizesOnce() {
        var simplex = chain.started(1)
        _ = simplex.apply(.candidateValid(chain.candidate(1)), at: .zero)
        #expect(simplex.apply(.candidateValid(chain.candidate(1, "b")), at: .zero).votes.isEmpty)
    }

    @Test("Rule 4, condition 2: a candidate waits until its parent is notarized")
    func waitsForParent() {
        let parent = chain.candidate(1)
        let child = chain.candidate(2, on: parent)
        var simplex = chain.started(3)
        #expect(simplex.apply(.candidateValid(child), at: .zero).votes.isEmpty)
        let other = chain.certificate(.notar, 1, chain.candidate(1, "b").hash)
        var misled = simplex
        #expect(misled.apply(.certificate(other), at: .zero).votes.isEmpty)
        let effects = simplex.apply(.certificate(chain.certificate(.notar, 1, parent.hash)), at: .zero)
        #expect(effects.votes == [chain.statement(.notar, 2, child.hash)])
    }

    @Test("Rule 4, condition 3: every slot between parent and candidate needs its Skip certificate")
    func waitsForSkips() {
        let child = chain.candidate(3)
        var simplex = chain.started(3)
        #expect(simplex.apply(.candidateValid(child), at: .zero).votes.isEmpty)
        #expect(simplex.apply(.certificate(chain.certificate(.skip, 1)), at: .zero).votes.isEmpty)
        let effects = simplex.apply(.certificate(chain.certificate(.skip, 2)), at: .zero)
        #expect(effects.votes == [chain.statement(.notar, 3, child.hash)])
    }

    @Test("Rule 4: a slot that this node skipped may still be notarized by it")
    func notarizesAfterSkip() {
        var simplex = chain.started(1)
        let deadline = Moment(milliseconds: chain.timing.heartbeatMilliseconds + chain.timing.skipMilliseconds)
        #expect(simplex.apply(.timerFired(.skip), at: deadline).votes == [chain.statement(.skip, 1)])
        let effects = simplex.apply(.candidateValid(chain.candidate(1)), at: deadline)
        #expect(effects.votes == [chain.statement(.notar, 1, chain.candidate(1).hash)])
    }

    @Test("Rule 4: a candidate whose parent lies below the final slot is of no use")
    func refusesForkBelowFinal() {
        var simplex = chain.started(3)
        _ = simplex.apply(.certificate(chain.certificate(.final, 1, chain.candidate(1).hash)), at: .zero)
        #expect(simplex.apply(.candidateValid(chain.candidate(2)), at: .zero).votes.isEmpty)
    }

    // Rule 5

    @Test("Rule 5: own Notar and its certificate make a Final vote")
    func finalizes() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        #expect(simplex.apply(.candidateValid(block), at: .zero).votes.count == 1)
        let effects = simplex.apply(.certificate(chain.certificate(.notar, 1, block.hash)), at: .zero)
        #expect(effects.votes == [chain.statement(.final, 1, block.hash)])
    }

    @Test("Rule 5, condition 1: without own Notar there is no Final vote")
    func finalNeedsOwnNotar() {
        var simplex = chain.started(3)
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, chain.candidate(1).hash)), at: .zero).votes.isEmpty)
    }

    @Test("Rule 5, condition 2: own Notar for another block than the notarized one gives no Final vote")
    func finalNeedsSameBlock() {
        var simplex = chain.started(3)
        _ = simplex.apply(.candidateValid(chain.candidate(1)), at: .zero)
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, chain.candidate(1, "b").hash)), at: .zero).votes.isEmpty)
    }

    @Test("Rule 5, condition 3: after own Skip there is no Final vote")
    func finalNeedsNoSkip() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        _ = simplex.apply(.candidateValid(block), at: .zero)
        let late = Moment(milliseconds: 60_000)
        #expect(simplex.apply(.timerFired(.skip), at: late).votes == [chain.statement(.skip, 1)])
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, block.hash)), at: late).votes.isEmpty)
    }

    // Rule 7

    @Test("Rule 7: a quorum of votes forms a certificate, which is sent once")
    func formsCertificate() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        #expect(simplex.apply(.vote(chain.vote(0, .notar, 1, block.hash)), at: .zero).certificates.isEmpty)
        #expect(simplex.apply(.vote(chain.vote(1, .notar, 1, block.hash)), at: .zero).certificates.isEmpty)
        let effects = simplex.apply(.vote(chain.vote(2, .notar, 1, block.hash)), at: .zero)
        #expect(effects.certificates == [chain.statement(.notar, 1, block.hash)])
        let again = simplex.apply(.certificate(chain.certificate(.notar, 1, block.hash, by: [0, 1, 3])), at: .zero)
        #expect(again.certificates.isEmpty)
        #expect(again.faults == [.duplicate])
    }

    @Test("Rule 7: a received certificate is sent on once")
    func passesCertificateOn() {
        var simplex = chain.started(3)
        let skip = chain.certificate(.skip, 1)
        #expect(simplex.apply(.certificate(skip), at: .zero).certificates == [skip.statement])
        #expect(simplex.apply(.certificate(skip), at: .zero).certificates.isEmpty)
    }

    @Test("Rule 7: votes for different blocks of a slot do not add up")
    func countsByStatement() {
        var simplex = chain.started(3)
        for (position, variant) in [(0, "a"), (1, "a"), (2, "b")] {
            let vote = chain.vote(position, .notar, 1, chain.candidate(1, variant).hash)
            #expect(simplex.apply(.vote(vote), at: .zero).certificates.isEmpty)
        }
    }

    @Test("a Final certificate makes its block the final one and ends all slots up to it")
    func adoptsFinal() {
        let block = chain.candidate(1)
        var simplex = chain.started(3)
        let certificate = chain.certificate(.final, 1, block.hash)
        let effects = simplex.apply(.certificate(certificate), at: .zero)
        #expect(effects.contains(.finalized(certificate)))
        #expect(simplex.finalHash == block.hash)
        #expect(simplex.apply(.vote(chain.vote(0, .skip, 1)), at: .zero).faults == [.stale])
    }
}

extension VotingChain {
    /// A candidate on genesis.
    func candidate(_ slot: Slot, _ variant: String) -> CandidateReference { candidate(slot, on: nil, variant) }
}
