import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import Wire

/// Members of one chain over a network that loses, doubles, delays and reorders, all drawn from one seed. One member is
/// byzantine: it tells every peer something else. Members crash and come back with what they stored. After `healMilliseconds`
/// nothing is lost any more and progress is due; the byzantine member goes on.
struct SimplexSchedule {
    static let healMilliseconds: UInt64 = 8_000
    static let endMilliseconds: UInt64 = 150_000

    enum Event {
        case input(Int, SimplexInput)
        case timer(Int, SimplexTimer, generation: UInt64)
        case crash(Int)
        case restart(Int)
    }

    let chain: VotingChain
    let byzantine: Int
    var random: SeededRandom
    var queue = EventQueue<Event>()
    var nodes: [Simplex?]
    var disks: [SimplexDisk]
    /// Candidates made so far, by slot; any node may ask for one (Rule 2).
    var candidates: [Slot: [CandidateReference]] = [:]
    /// Current generation of each timer: an older one no longer fires.
    var generations: [[SimplexTimer: UInt64]]
    var now: UInt64 = 0
    /// What each slot was found final with, by anyone honest.
    var finals: [Slot: Digest] = [:]
    var failures: [String] = []

    init(seed: UInt64, members: Int) {
        chain = VotingChain(members)
        random = SeededRandom(seed: seed)
        byzantine = Int(random.below(UInt64(members)))
        nodes = []
        disks = [SimplexDisk](repeating: SimplexDisk(), count: members)
        generations = [[SimplexTimer: UInt64]](repeating: [:], count: members)
        for position in 0..<members {
            nodes.append(Simplex(settings: chain.settings(position)))
            queue.add(.input(position, .started), at: random.below(200))
            queue.add(.input(position, .work(true)), at: 200)
        }
        for _ in 0..<2 {
            let victim = Int(random.below(UInt64(members)))
            let time = random.below(SimplexSchedule.healMilliseconds)
            queue.add(.crash(victim), at: time)
            queue.add(.restart(victim), at: time + random.below(2_000))
        }
    }

    /// Runs until every honest member has seen a final slot beyond the newest one of the time of healing.
    mutating func run() {
        var goal: Slot?
        while let (time, event) = queue.next(), failures.isEmpty {
            now = time
            guard now < SimplexSchedule.endMilliseconds else {
                failures.append("no progress after healing: final slots \(honestFinalSlots), goal \(goal ?? 0)")
                return
            }
            if goal == nil, now >= SimplexSchedule.healMilliseconds { goal = (honestFinalSlots.max() ?? 0) + 3 }
            perform(event)
            if let goal, honestFinalSlots.allSatisfy({ $0 >= goal }) { return checkAncestry() }
        }
    }

    var honest: [Int] { nodes.indices.filter { $0 != byzantine } }
    var honestFinalSlots: [Slot] { honest.map { nodes[$0]?.finalSlot ?? 0 } }
    private var moment: Moment { Moment(milliseconds: now) }

    private mutating func perform(_ event: Event) {
        switch event {
        case .input(let position, let input): give(input, to: position)
        case .timer(let position, let timer, let generation):
            if generations[position][timer] == generation { give(.timerFired(timer), to: position) }
        case .crash(let position):
            nodes[position] = nil
            for timer in SimplexTimer.allCases { generations[position][timer, default: 0] += 1 }
        case .restart(let position):
            guard nodes[position] == nil else { return }
            nodes[position] = Simplex(settings: chain.settings(position), recovered: disks[position].recovery)
            give(.started, to: position)
            give(.work(true), to: position)
        }
    }

    private mutating func give(_ input: SimplexInput, to position: Int) {
        let moment = moment
        guard let effects = nodes[position]?.apply(input, at: moment) else { return }
        for effect in effects { perform(effect, by: position) }
    }

    private mutating func perform(_ effect: SimplexEffect, by position: Int) {
        switch effect {
        case .persist(let row):
            if !disks[position].insert(row), position != byzantine { failures.append("node \(position) votes twice in slot \(row.slot)") }
        case .keep(let certificate): disks[position].certificates.append(certificate)
        case .broadcastVote(let vote): sendVote(vote, from: position)
        case .broadcastCertificate(let certificate):
            for peer in nodes.indices where peer != position { send(.certificate(certificate), to: peer) }
        case .lead(let duty): propose(duty, by: position)
        case .notarized(let certificate): resolve(certificate.statement, for: position)
        case .finalized(let certificate): recordFinal(certificate.statement, by: position)
        case .setTimer(let timer, let delay):
            generations[position][timer, default: 0] += 1
            queue.add(.timer(position, timer, generation: generations[position][timer] ?? 0), at: now + max(1, delay))
        case .cancelTimer(let timer): generations[position][timer, default: 0] += 1
        case .accuse, .dropped: break
        case .conflict: if position != byzantine { failures.append("conflicting certificates at \(position)") }
        case .impostor: failures.append("node \(position) met a vote of its own that it does not know")
        }
    }

    /// An honest leader sends one candidate to all; a byzantine one sends two, each to some.
    private mutating func propose(_ duty: LeadDuty, by position: Int) {
        let parent = CandidateReference(slot: duty.parentSlot, hash: duty.parent, parentSlot: 0, parent: .zero)
        let isGenesis = duty.parentSlot == 0
        // A restarted leader proposes the same block again: its builder keeps what it signed.
        let block = candidates[duty.slot]?.first ?? chain.candidate(duty.slot, on: isGenesis ? nil : parent)
        if position == byzantine {
            let twin = chain.candidate(duty.slot, on: isGenesis ? nil : parent, "twin")
            candidates[duty.slot] = [block, twin]
            for peer in nodes.indices { send(.candidateValid(random.below(2) == 0 ? block : twin), to: peer) }
        } else {
            candidates[duty.slot] = [block]
            for peer in nodes.indices where peer != position { send(.candidateValid(block), to: peer) }
            queue.add(.input(position, .candidateValid(block)), at: now)
        }
    }

    /// A byzantine member tells each peer one of several contradicting things, or all of them.
    private mutating func sendVote(_ vote: Vote, from position: Int) {
        for peer in nodes.indices where peer != position {
            guard position == byzantine else {
                send(.vote(vote), to: peer)
                continue
            }
            let slot = vote.statement.slot
            var choices = [vote, chain.vote(position, .skip, slot)]
            for block in candidates[slot] ?? [] {
                choices.append(chain.vote(position, .notar, slot, block.hash))
                choices.append(chain.vote(position, .final, slot, block.hash))
            }
            for choice in choices where random.below(2) == 0 { send(.vote(choice), to: peer) }
        }
    }

    /// Rule 2: whoever learns that a block is notarized gets it from somebody.
    private mutating func resolve(_ statement: Statement, for position: Int) {
        guard let block = candidates[statement.slot]?.first(where: { $0.hash == statement.hash }) else { return }
        queue.add(.input(position, .candidateValid(block)), at: now + 20 + random.below(300))
    }

    private mutating func send(_ input: SimplexInput, to peer: Int) {
        if now < SimplexSchedule.healMilliseconds {
            guard !random.chance(perMillion: 200_000) else { return }
            queue.add(.input(peer, input), at: now + random.below(600))
            if random.chance(perMillion: 100_000) { queue.add(.input(peer, input), at: now + random.below(2_000)) }
        } else {
            queue.add(.input(peer, input), at: now + 1 + random.below(40))
        }
    }

    private mutating func recordFinal(_ statement: Statement, by position: Int) {
        disks[position].advance(to: statement.slot)
        guard position != byzantine else { return }
        if let known = finals[statement.slot], known != statement.hash { failures.append("slot \(statement.slot) has two final blocks") }
        finals[statement.slot] = statement.hash
    }

    /// Every final block is an ancestor of the next one (Simplex.md, Theorem 2.6).
    private mutating func checkAncestry() {
        let slots = finals.keys.sorted()
        for (earlier, later) in zip(slots, slots.dropFirst()) {
            var slot = later
            var hash = finals[later]
            while slot > earlier {
                guard let block = candidates[slot]?.first(where: { $0.hash == hash }) else { break }
                slot = block.parentSlot
                hash = block.parent
            }
            if slot != earlier || hash != finals[earlier] { failures.append("final slot \(later) does not descend from \(earlier)") }
        }
    }
}

/// What one member's store holds.
struct SimplexDisk {
    var votes: [VoteRow] = []
    var certificates: [Certificate] = []
    var floor: Slot = 0

    var recovery: SimplexRecovery { SimplexRecovery(certificates: certificates, votes: votes, floor: floor) }

    /// - Returns: false when a vote for the duty is there already: the store would stop the role.
    mutating func insert(_ row: VoteRow) -> Bool {
        guard row.slot > floor, !votes.contains(where: { $0.slot == row.slot && $0.duty == row.duty }) else { return false }
        votes.append(row)
        return true
    }

    mutating func advance(to slot: Slot) {
        floor = slot
        votes.removeAll { $0.slot <= slot }
        certificates.removeAll { $0.statement.slot < slot || ($0.statement.slot == slot && $0.statement.kind != .final) }
    }
}
