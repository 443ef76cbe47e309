import ConsensusCore
import Cryptography
import Determinism
import Testing
import Wire

/// Exactly a quorum suffices, one fewer does not.
@Suite struct QuorumEdgeTests {
    @Test("exactly a quorum of votes forms a certificate, one fewer does not", arguments: [(1, 1), (4, 3), (7, 5)], VoteKind.allCases)
    func formsAtQuorum(size: (members: Int, quorum: Int), kind: VoteKind) {
        let chain = VotingChain(size.members)
        let hash: Digest = kind == .skip ? .zero : chain.candidate(1).hash
        // Votes arrive before the machine starts, so that it adds none of its own.
        var simplex = Simplex(settings: chain.settings(0))
        for position in 0..<size.quorum {
            let effects = simplex.apply(.vote(chain.vote(position, kind, 1, hash)), at: .zero)
            #expect(effects.certificates.isEmpty == (position < size.quorum - 1))
        }
    }

    @Test("a certificate of one fewer than a quorum is refused", arguments: [4, 7])
    func refusesShortCertificate(members: Int) {
        let chain = VotingChain(members)
        let short = chain.certificate(.skip, 1, by: Array(0..<Quorum.size(of: members) - 1))
        #expect(chain.started(0).applying(.certificate(short), at: .zero).faults == [.noQuorum])
        let enough = chain.certificate(.skip, 1, by: Array((members - Quorum.size(of: members))..<members))
        #expect(chain.started(0).applying(.certificate(enough), at: .zero).faults.isEmpty)
    }

    @Test("a chain of one node finalizes its candidates by itself")
    func singleNode() {
        let chain = VotingChain(1)
        var simplex = Simplex(settings: chain.settings(0))
        var lead = simplex.apply(.started, at: .zero).leads.first
        var parent: CandidateReference?
        for slot in UInt64(1)...20 {
            #expect(lead == LeadDuty(slot: slot, parentSlot: parent?.slot ?? 0, parent: parent?.hash ?? chain.genesis))
            let block = chain.candidate(slot, on: parent)
            let effects = simplex.apply(.candidateValid(block), at: .zero)
            #expect(simplex.finalSlot == slot && simplex.finalHash == block.hash)
            lead = effects.leads.last
            parent = block
        }
    }

    @Test("a chain of one node goes on after a slot without a block")
    func singleNodeSkips() {
        let chain = VotingChain(1)
        var simplex = chain.started(0)
        let effects = simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000))
        #expect(effects.leads == [LeadDuty(slot: 2, parentSlot: 0, parent: chain.genesis)])
    }
}
