import Chain
import ConsensusCore
import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// Simplex with voters of unequal weight, and with electorates that follow each other.
@Suite struct ElectorateTests {
    private static let rule = EpochRule(slots: 64, margin: 16)

    /// Votes of some members, given to a machine that has none of its own.
    private func effects(_ chain: VotingChain, of positions: [Int], kind: VoteKind, slot: Slot = 1) -> [SimplexEffect] {
        var simplex = Simplex(settings: chain.settings(0))
        let hash: Digest = kind == .skip ? .zero : chain.candidate(slot).hash
        return positions.flatMap { simplex.apply(.vote(chain.vote($0, kind, slot, hash)), at: .zero) }
    }

    @Test("weight makes a certificate, not the number of those who vote", arguments: VoteKind.allCases)
    func weightCounts(kind: VoteKind) {
        let chain = VotingChain(4, stakes: [40, 20, 20, 20])
        #expect(effects(chain, of: [1, 2, 3], kind: kind).certificates.isEmpty)
        #expect(effects(chain, of: [0, 1], kind: kind).certificates.isEmpty)
        #expect(effects(chain, of: [0, 1, 2], kind: kind).certificates.count == 1)
        let heavy = VotingChain(4, stakes: [70, 10, 10, 10])
        #expect(effects(heavy, of: [0], kind: kind).certificates.count == 1)
    }

    @Test("a peer's certificate of many light members is refused, one of few heavy ones is taken")
    func certificates() {
        let chain = VotingChain(4, stakes: [40, 20, 20, 20])
        #expect(chain.started(0).applying(.certificate(chain.certificate(.skip, 1, by: [1, 2, 3])), at: .zero).faults == [.noQuorum])
        #expect(chain.started(0).applying(.certificate(chain.certificate(.skip, 1, by: [0, 3, 2])), at: .zero).faults.isEmpty)
    }

    @Test("exactly two thirds are no quorum, one unit more is")
    func edge() {
        #expect(effects(VotingChain(3, stakes: [2, 2, 2]), of: [0, 1], kind: .skip).certificates.isEmpty)
        #expect(effects(VotingChain(3, stakes: [3, 2, 2]), of: [0, 1], kind: .skip).certificates.count == 1)
    }

    @Test("any two quorums of an electorate share more than may be faulty, whatever the weights", arguments: 1...40 as ClosedRange<UInt64>)
    func intersection(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let members = (0..<6).map { Electorate.Member(node: "n-\($0)", key: VotingChain.key($0 + 1), weight: 1 + random.below(50)) }
        let electorate = try #require(Electorate(members))
        let sets = (0..<64).map { mask in (0..<6).filter { mask >> $0 & 1 == 1 } }.filter { electorate.isQuorum($0) }
        for one in sets {
            for other in sets {
                #expect(electorate.weight(of: one.filter(other.contains)) > electorate.faultyWeight)
            }
        }
    }

    @Test("leaders are drawn as often as their weight says, alike everywhere")
    func leaders() throws {
        let chain = VotingChain(3, stakes: [60, 30, 10])
        let electorate = chain.description.genesisElectorate
        var counts = [0, 0, 0]
        for slot in Slot(1)...10_000 { counts[try #require(electorate.position(of: electorate.leader(of: slot).key))] += 1 }
        #expect((5_700...6_300).contains(counts[0]) && (2_700...3_300).contains(counts[1]) && (800...1_200).contains(counts[2]))
    }

    @Test("slots fall into epochs; the cut lies a margin before the end")
    func epochs() {
        let rule = EpochRule(slots: 10, margin: 4)
        #expect([0, 1, 10, 11, 20, 21].map { rule.epoch(of: $0) } == [0, 0, 0, 1, 1, 2])
        #expect(rule.cut(of: 0) == 6 && rule.cut(of: 1) == 16)
        #expect([6, 7, 10, 11, 16, 17].map { rule.settledEpoch(by: $0) } == [nil, 1, 1, nil, nil, 2])
        #expect(rule.lastSlot(of: .max - 1) == .max && rule.settledEpoch(by: .max) != nil)
    }

    // MARK: electorates that follow each other

    /// Epoch 1 of a chain of four is voted on by three of them, another than in epoch 0 in front.
    private func next(_ chain: VotingChain) -> EpochEntry {
        EpochEntry(
            epoch: 1, seed: .zero,
            members: [3, 1, 2].map { Electorate.Member(node: "alpha-\($0 + 1)", key: chain.description.nodes[$0].key, weight: 1) })
    }

    /// A machine whose final slot is the last of epoch 0.
    private func machine(_ chain: VotingChain, _ position: Int, knowsNext: Bool) -> Simplex {
        let settings = chain.settings(position)
        if knowsNext { settings.book.learn(next(chain), of: chain.description.id, isShown: false) }
        var simplex = Simplex(settings: settings)
        _ = simplex.apply(.started, at: .zero)
        _ = simplex.apply(.certificate(chain.certificate(.final, 60, chain.candidate(60).hash)), at: .zero)
        return simplex
    }

    /// Skip of a slot of epoch 1, signed by members at positions of that epoch.
    private func skip(_ chain: VotingChain, _ slot: Slot, by positions: [Int]) -> Certificate {
        let nodes = [3, 1, 2]
        let statement = chain.statement(.skip, slot)
        let signatures = positions.map { (position: $0, signature: chain.vote(nodes[$0], .skip, slot).signature) }
        return Certificate(statement: statement, signers: SignerSet(signatures, of: 3))
    }

    @Test("slots of the next epoch are voted on by its own electorate; the old one's certificate is refused")
    func changes() {
        let chain = VotingChain(4, epochs: ElectorateTests.rule)
        let simplex = machine(chain, 1, knowsNext: true)
        #expect(simplex.applying(.certificate(skip(chain, 65, by: [0, 1, 2])), at: .zero).faults.isEmpty)
        #expect(simplex.applying(.certificate(chain.certificate(.skip, 65)), at: .zero).faults == [.badSignature])
        #expect(simplex.applying(.certificate(skip(chain, 64, by: [0, 1, 2])), at: .zero).faults == [.badSignature])
        var stale = skip(chain, 65, by: [0, 1, 2])
        stale.statement.epoch = 0
        #expect(simplex.applying(.certificate(stale), at: .zero).faults == [.wrongEpoch])
        #expect(simplex.applying(.vote(chain.vote(0, .skip, 65)), at: .zero).faults == [.unknownMember])
    }

    @Test("a node outside a slot's electorate follows and votes nothing")
    func outsider() {
        let chain = VotingChain(4, epochs: ElectorateTests.rule)
        var simplex = machine(chain, 0, knowsNext: true)
        for slot in Slot(61)...64 { _ = simplex.apply(.certificate(chain.certificate(.skip, slot)), at: .zero) }
        let effects = simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 9_000_000))
        #expect(effects.votes.isEmpty && simplex.frontier == 65)
        var member = machine(chain, 1, knowsNext: true)
        for slot in Slot(61)...64 { _ = member.apply(.certificate(chain.certificate(.skip, slot)), at: .zero) }
        #expect(member.apply(.timerFired(.skip), at: Moment(milliseconds: 9_000_000)).votes.contains(chain.statement(.skip, 65)))
    }

    @Test("while the electorate of a slot is not known nothing is voted there; once it is, the slot goes on, and its leader leads")
    func waits() {
        let chain = VotingChain(4, epochs: ElectorateTests.rule)
        let leader = Int(64 % 3)
        let position = [3, 1, 2][leader]
        let settings = chain.settings(position)
        var simplex = Simplex(settings: settings)
        _ = simplex.apply(.started, at: .zero)
        _ = simplex.apply(.certificate(chain.certificate(.final, 64, chain.candidate(64).hash)), at: .zero)
        #expect(simplex.apply(.vote(chain.vote(1, .skip, 65)), at: .zero).faults == [.unknownEpoch])
        #expect(simplex.apply(.timerFired(.skip), at: Moment(milliseconds: 9_000_000)).votes.isEmpty)
        settings.book.learn(next(chain), of: chain.description.id, isShown: false)
        let effects = simplex.apply(.electorateKnown, at: Moment(milliseconds: 9_000_000))
        #expect(effects.leads.map(\.slot) == [65] && effects.delay(.skip) != nil)
    }

    @Test("no slot is open further ahead of the final one than the margin")
    func window() {
        let chain = VotingChain(4, epochs: ElectorateTests.rule)
        let simplex = chain.started(3)
        #expect(simplex.isOpen(16) && !simplex.isOpen(17))
        #expect(simplex.applying(.vote(chain.vote(0, .skip, 17)), at: .zero).faults == [.tooFarAhead])
    }
}
