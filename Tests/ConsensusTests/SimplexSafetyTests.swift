import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import Testing
import Wire

/// What a node refuses, shows as evidence, and never does twice.
@Suite struct SimplexSafetyTests {
    let chain = VotingChain(4)

    @Test("votes that cannot count are dropped with the reason", arguments: SimplexFault.allCases)
    func dropsVotes(fault: SimplexFault) {
        let block = chain.candidate(1).hash
        var simplex = chain.started(3)
        let input: SimplexInput
        switch fault {
        case .unknownEpoch:
            let chain = VotingChain(4, epochs: EpochRule(slots: 64, margin: 16))
            simplex = chain.started(3)
            _ = simplex.apply(.certificate(chain.certificate(.final, 60, block)), at: .zero)
            input = .vote(chain.vote(0, .skip, 65))
        case .wrongChain:
            let statement = Statement(chain: .notary, epoch: 0, slot: 1, kind: .skip, hash: .zero)
            input = .vote(Vote(statement, network: chain.network, signer: chain.signer(0)))
        case .wrongEpoch:
            let statement = Statement(chain: chain.description.id, epoch: 1, slot: 1, kind: .skip, hash: .zero)
            input = .vote(Vote(statement, network: chain.network, signer: chain.signer(0)))
        case .unknownMember: input = .vote(VotingChain(5).vote(4, .skip, 1))
        case .badSignature:
            var vote = chain.vote(0, .notar, 1, block)
            vote.signature = chain.vote(0, .notar, 2, block).signature
            input = .vote(vote)
        case .noQuorum: input = .certificate(chain.certificate(.notar, 1, block, by: [0, 1]))
        case .tooFarAhead: input = .vote(chain.vote(0, .skip, UInt64(Limits.slotsAhead) + 1))
        case .stale:
            _ = simplex.apply(.certificate(chain.certificate(.final, 1, block)), at: .zero)
            input = .vote(chain.vote(0, .notar, 1, block))
        case .duplicate:
            _ = simplex.apply(.vote(chain.vote(0, .notar, 1, block)), at: .zero)
            input = .vote(chain.vote(0, .notar, 1, block))
        case .contradiction:
            _ = simplex.apply(.vote(chain.vote(0, .notar, 1, block)), at: .zero)
            _ = simplex.apply(.vote(chain.vote(0, .notar, 1, chain.candidate(1, "b").hash)), at: .zero)
            input = .vote(chain.vote(0, .notar, 1, chain.candidate(1, "c").hash))
        }
        let effects = simplex.apply(input, at: .zero)
        #expect(effects == [.dropped(fault)])
    }

    @Test("a certificate with a bad signature among good ones is dropped")
    func dropsForgedCertificate() {
        let block = chain.candidate(1).hash
        let good = chain.certificate(.notar, 1, block)
        let signatures = zip(0..., good.signers.signatures).map { position, signature in
            (position: position, signature: position == 2 ? chain.vote(2, .skip, 1).signature : signature)
        }
        let forged = Certificate(statement: good.statement, signers: SignerSet(signatures, of: 4))
        #expect(chain.started(3).applying(.certificate(forged), at: .zero) == [.dropped(.badSignature)])
    }

    @Test("a second Notar vote of a member for a slot is evidence, not weight")
    func showsDoubleNotar() throws {
        var simplex = chain.started(3)
        let first = chain.vote(0, .notar, 1, chain.candidate(1).hash)
        let second = chain.vote(0, .notar, 1, chain.candidate(1, "b").hash)
        _ = simplex.apply(.vote(first), at: .zero)
        let evidence = simplex.apply(.vote(second), at: .zero).evidence
        #expect(evidence == [Evidence(chain: chain.description.id, kind: .doubleVote, first: first.encoded, second: second.encoded)])
        #expect(simplex.apply(.vote(second), at: .zero).evidence.isEmpty)
        for position in [1, 2] {
            let vote = chain.vote(position, .notar, 1, chain.candidate(1, "b").hash)
            #expect(simplex.apply(.vote(vote), at: .zero).certificates.isEmpty)
        }
    }

    @Test("Skip and Final of one member for one slot contradict each other")
    func showsSkipAndFinal() {
        var simplex = chain.started(3)
        _ = simplex.apply(.vote(chain.vote(0, .skip, 1)), at: .zero)
        #expect(simplex.apply(.vote(chain.vote(0, .final, 1, chain.candidate(1).hash)), at: .zero).evidence.count == 1)
    }

    @Test("Notar and Skip of one member for one slot are legal")
    func notarAndSkipAreLegal() {
        var simplex = chain.started(3)
        _ = simplex.apply(.vote(chain.vote(0, .notar, 1, chain.candidate(1).hash)), at: .zero)
        #expect(simplex.apply(.vote(chain.vote(0, .skip, 1)), at: .zero).evidence.isEmpty)
    }

    @Test("certificates that exclude each other are reported, the first one stands")
    func reportsConflicts() {
        var simplex = chain.started(3)
        let block = chain.candidate(1).hash
        let skip = chain.certificate(.skip, 1)
        let final = chain.certificate(.final, 1, block)
        let other = chain.certificate(.final, 1, chain.candidate(1, "b").hash)
        _ = simplex.apply(.certificate(skip), at: .zero)
        #expect(simplex.apply(.certificate(final), at: .zero).contains(.conflict(skip, final)))
        #expect(simplex.apply(.certificate(other), at: .zero).contains(.conflict(final, other)))
        #expect(simplex.finalHash == block)
    }

    @Test("every vote is ordered to disk before it is ordered to the network")
    func persistsBeforeBroadcast() {
        let lonely = VotingChain(1)
        var simplex = lonely.started(0)
        let effects = simplex.apply(.candidateValid(lonely.candidate(1)), at: .zero)
        #expect(effects.votes.map(\.kind) == [.notar, .final])
        for (index, effect) in effects.enumerated() {
            guard case .broadcastVote(let vote) = effect else { continue }
            guard case .persist(let row) = effects[index - 1] else {
                Issue.record("a vote leaves without having been stored")
                continue
            }
            #expect(row.bytes == vote.encoded && row.slot == vote.statement.slot && row.hash == vote.statement.hash)
            #expect(row.duty == (vote.statement.kind == .notar ? .notar : .decide))
        }
    }

    @Test("a restart in mid-slot honours every recovered vote and sends it again as it was")
    func restartHonoursVotes() {
        let block = chain.candidate(1)
        var simplex = chain.started(1)
        var effects = simplex.apply(.candidateValid(block), at: .zero)
        effects += simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000))
        let rows = effects.compactMap { if case .persist(let row) = $0 { row } else { nil } }
        #expect(rows.map(\.duty) == [.notar, .decide])

        var restarted = Simplex(settings: chain.settings(1), recovered: SimplexRecovery(votes: rows))
        #expect(restarted.apply(.candidateValid(chain.candidate(1, "b")), at: .zero).isEmpty)
        let sent = restarted.apply(.started, at: .zero)
        #expect(sent.compactMap { if case .broadcastVote(let vote) = $0 { vote.encoded } else { nil } } == rows.map(\.bytes))
        #expect(!sent.contains { if case .persist = $0 { true } else { false } })
        #expect(restarted.apply(.certificate(chain.certificate(.notar, 1, block.hash)), at: .zero).votes.isEmpty)
        #expect(restarted.apply(.timerFired(.skip), at: Moment(milliseconds: 999_000)).votes == [chain.statement(.skip, 2)])
    }

    @Test("a recovered vote whose bytes are unreadable still binds")
    func unreadableVoteBinds() {
        let row = VoteRow(chain: chain.description.id, epoch: 0, slot: 1, duty: .decide, hash: .zero, bytes: [1, 2, 3])
        let notar = VoteRow(
            chain: chain.description.id, epoch: 0, slot: 1, duty: .notar, hash: chain.candidate(1).hash, bytes: [])
        var simplex = chain.started(1, recovered: SimplexRecovery(votes: [notar, row]))
        #expect(simplex.apply(.candidateValid(chain.candidate(1)), at: .zero).votes.isEmpty)
        #expect(simplex.apply(.certificate(chain.certificate(.notar, 1, chain.candidate(1).hash)), at: .zero).votes.isEmpty)
    }

    @Test("a store that has two votes of a duty, under two epochs, binds: nothing is voted in that slot or below")
    func twiceVotedBinds() {
        let rows = [0, 7].map { VoteRow(chain: chain.description.id, epoch: $0, slot: 1, duty: .notar, hash: chain.candidate(1).hash, bytes: []) }
        var simplex = chain.started(1, recovered: SimplexRecovery(votes: rows))
        var effects = simplex.apply(.candidateValid(chain.candidate(1)), at: .zero)
        effects += simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000))
        #expect(effects.votes.isEmpty)
    }

    @Test("nothing is voted at or below the recovered floor")
    func floorHolds() {
        var simplex = chain.started(3, recovered: SimplexRecovery(floor: 2))
        var effects = simplex.apply(.candidateValid(chain.candidate(1)), at: .zero)
        effects += simplex.apply(.certificate(chain.certificate(.skip, 1)), at: .zero)
        effects += simplex.apply(.candidateValid(chain.candidate(2)), at: .zero)
        effects += simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 99_000))
        #expect(effects.votes.isEmpty)
        effects += simplex.apply(.certificate(chain.certificate(.skip, 2)), at: .zero)
        #expect(simplex.apply(.candidateValid(chain.candidate(3)), at: .zero).votes.map(\.slot) == [3])
    }

    @Test("a vote by the own key that this node does not know is an alarm, and binds it")
    func ownKeyElsewhere() {
        let stray = chain.vote(1, .notar, 1, chain.candidate(1, "b").hash)
        var simplex = chain.started(1)
        #expect(simplex.apply(.vote(stray), at: .zero) == [.impostor(stray)])
        #expect(simplex.apply(.candidateValid(chain.candidate(1)), at: .zero).votes.isEmpty)
    }
}
