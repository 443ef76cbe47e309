import ConsensusCore
import Cryptography
import Determinism
import Testing
import Wire

/// One slot in full, as one member sees it: a change in what is said, or in what order, shows here.
@Suite struct SimplexTranscriptTests {
    @Test("a slot from candidate to final block, seen by a member that does not lead it")
    func oneSlot() {
        let chain = VotingChain(4)
        let block = chain.candidate(1)
        var simplex = Simplex(settings: chain.settings(1))
        let inputs: [(String, SimplexInput)] = [
            ("started", .started),
            ("work", .work(true)),
            ("vote notar by 0", .vote(chain.vote(0, .notar, 1, block.hash))),
            ("candidate valid", .candidateValid(block)),
            ("vote notar by 2", .vote(chain.vote(2, .notar, 1, block.hash))),
            ("vote notar by 3", .vote(chain.vote(3, .notar, 1, block.hash))),
            ("vote final by 0", .vote(chain.vote(0, .final, 1, block.hash))),
            ("vote final by 3", .vote(chain.vote(3, .final, 1, block.hash))),
            ("vote final by 2", .vote(chain.vote(2, .final, 1, block.hash))),
        ]
        var lines: [String] = []
        for (name, input) in inputs {
            lines.append("> \(name)")
            lines += simplex.apply(input, at: .zero).map(line)
        }
        #expect(lines.joined(separator: "\n") == SimplexTranscriptTests.expected)
    }

    private static let expected = """
        > started
        setTimer standstill 3000
        setTimer skip 5500
        > work
        setTimer skip 1500
        > vote notar by 0
        > candidate valid
        persist notar 1
        broadcast vote notar 1
        > vote notar by 2
        keep notar 1
        broadcast certificate notar 1
        notarized 1
        lead 2 on 1
        persist decide 1
        broadcast vote final 1
        setTimer skip 2250
        > vote notar by 3
        > vote final by 0
        > vote final by 3
        keep final 1
        broadcast certificate final 1
        finalized 1
        setTimer standstill 3000
        > vote final by 2
        dropped stale
        """

    private func line(_ effect: SimplexEffect) -> String {
        switch effect {
        case .persist(let row): "persist \(row.duty) \(row.slot)"
        case .keep(let certificate): "keep \(certificate.statement.kind) \(certificate.statement.slot)"
        case .broadcastVote(let vote): "broadcast vote \(vote.statement.kind) \(vote.statement.slot)"
        case .broadcastCertificate(let certificate):
            "broadcast certificate \(certificate.statement.kind) \(certificate.statement.slot)"
        case .lead(let duty): "lead \(duty.slot) on \(duty.parentSlot)"
        case .notarized(let certificate): "notarized \(certificate.statement.slot)"
        case .finalized(let certificate): "finalized \(certificate.statement.slot)"
        case .setTimer(let timer, let delay): "setTimer \(timer) \(delay)"
        case .cancelTimer(let timer): "cancelTimer \(timer)"
        case .accuse: "accuse"
        case .conflict: "conflict"
        case .impostor: "impostor"
        case .dropped(let fault): "dropped \(fault)"
        }
    }
}
