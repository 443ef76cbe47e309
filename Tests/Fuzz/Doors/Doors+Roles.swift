import BuilderCore
import CollectorCore
import ConsensusCore
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import ValidatorCore
import Wire

extension Door {
    /// Roles: messages, requests and answers of peers who may lie, and stores that hold anything.
    static let roles: [Door] = [
        role("collector", CollectorRole.self, at: RoleAddress(role: .collector, chain: Stage.alpha, node: "alpha-1")),
        role("builder", BuilderRole.self, at: RoleAddress(role: .builder, chain: Stage.alpha, node: "alpha-1")),
        role("consensus", ConsensusRole.self, at: RoleAddress(role: .consensus, chain: Stage.alpha, node: "alpha-1")),
        role("notary-consensus", ConsensusRole.self, at: RoleAddress(role: .consensus, chain: .notary, node: "notary-1")),
        role("validator", ValidatorRole.self, at: RoleAddress(role: .validator, chain: Stage.alpha, node: "notary-1")),
        role("recorder", RecorderRole.self, at: RoleAddress(role: .recorder, chain: .notary, node: "notary-1")),
        store("collector", CollectorRole.self, at: RoleAddress(role: .collector, chain: Stage.alpha, node: "alpha-1")),
        store("builder", BuilderRole.self, at: RoleAddress(role: .builder, chain: Stage.alpha, node: "alpha-1")),
        store("consensus", ConsensusRole.self, at: RoleAddress(role: .consensus, chain: Stage.alpha, node: "alpha-1")),
        store("notary-consensus", ConsensusRole.self, at: RoleAddress(role: .consensus, chain: .notary, node: "notary-1")),
        store("validator", ValidatorRole.self, at: RoleAddress(role: .validator, chain: Stage.alpha, node: "notary-1")),
        store("recorder", RecorderRole.self, at: RoleAddress(role: .recorder, chain: .notary, node: "notary-1")),
    ]

    private static func role<Core: RoleCore>(_ name: String, _ type: Core.Type, at address: RoleAddress) -> Door {
        Door("role-\(name)", .script(prefix: 1), longest: 65_536) { bytes in
            var play = try RolePlay<Core>(address, PlayDisk())
            for step in Script(bytes, stepsMax: 256).steps {
                try play.take(step)
                if play.hasEnded { break }
            }
            return true
        }
    }

    /// A role that starts from any rows: it refuses them, or runs on.
    private static func store<Core: RoleCore>(_ name: String, _ type: Core.Type, at address: RoleAddress) -> Door {
        Door("store-\(name)", .script(prefix: 8), longest: 65_536) { bytes in
            guard var play = try? RolePlay<Core>(address, StoredScript.disk(bytes)) else { return false }
            try play.pass(milliseconds: 10_000)
            return !play.hasEnded
        }
    }
}

/// Rows of a store as a script: the operation names the table (the one after the last holds votes), 8 bytes the key.
package enum StoredScript {
    package static let tables: [StoreTable] = [
        .blocks, .candidates, .certificates, .certified, .accepted, .ended, .legs, .branch, .facts, notaryArchive, .snapshots, .snapshotParts,
        .outcomes,
    ]

    /// Where the recorder of the stage's network, which has two chains, keeps the notary chain's blocks.
    static let notaryArchive = StoreTable(rawValue: "archive_2")

    static func disk(_ bytes: [UInt8]) -> PlayDisk {
        var disk = PlayDisk()
        for step in Script(bytes, stepsMax: 128).steps where step.content.count >= 8 {
            let key = step.content.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            let value = Array(step.content.dropFirst(8))
            let choice = Int(step.operation) % (tables.count + 1)
            if choice < tables.count {
                disk.put(tables[choice], key, value)
            } else if let vote = vote(slot: key, value) {
                disk.put(vote)
            }
        }
        return disk
    }

    /// The step that gives a row.
    package static func step(_ choice: Int, key: UInt64, value: [UInt8]) -> Script.Step { Script.Step(UInt8(choice), key.bigEndianBytes + value) }

    /// The value of a vote: chain (0 alpha, 1 beta, 2 notary), epoch, duty, 32 bytes of hash, the message.
    package static func value(of vote: VoteRow) -> [UInt8] {
        [vote.chain == Stage.alpha ? 0 : vote.chain == Stage.beta ? 1 : 2, UInt8(vote.epoch & 255), vote.duty.rawValue] + vote.hash.bytes + vote.bytes
    }

    private static func vote(slot: UInt64, _ value: [UInt8]) -> VoteRow? {
        guard value.count >= 35, let duty = VoteDuty(rawValue: value[2]), let hash = Digest(value[3..<35]) else { return nil }
        let chain = [Stage.alpha, Stage.beta, .notary][Int(value[0]) % 3]
        return VoteRow(chain: chain, epoch: UInt64(value[1]), slot: slot, duty: duty, hash: hash, bytes: Array(value[35...]))
    }
}

/// One role among peers that send it anything, over a disk and a clock.
struct RolePlay<Core: RoleCore> {
    private let context: RoleContext
    private var core: Core
    private var now = Moment(monotonicMilliseconds: 1_000_000, wallMilliseconds: 1_800_000_000_000)
    private var disk: PlayDisk
    private var timers: [(id: TimerID, due: UInt64)] = []
    private var calls: [UInt64] = []
    private var tokens: UInt64 = 1 << 50
    private var turns = 0
    /// The role found a row of its store unusable.
    private(set) var hasEnded = false

    init(_ address: RoleAddress, _ disk: PlayDisk) throws {
        guard let signer = Stage.cast.nodeSigners[address.node] else { preconditionFailure("the stage has every node's key") }
        context = RoleContext(network: Stage.network, address: address, signer: signer, verify: Stage.holds)
        self.disk = disk
        core = try Core(context: context, recovered: disk.recovered(Core.recoveredTables))
        try feed(.started)
    }

    mutating func take(_ step: Script.Step) throws {
        let selector = step.content.first ?? 0
        let content = Array(step.content.dropFirst())
        let network = context.network.id
        switch step.operation % 8 {
        case 0, 1:
            guard let message = try? Message(decoding: content, network: network) else { return }
            try feed(.delivered(message, publisher: Stage.addresses[Int(selector) % Stage.addresses.count].description))
        case 2:
            guard let request = try? Request(decoding: content, network: network) else { return }
            tokens += 1
            try feed(.requested(request, token: tokens, client: selector % 2 == 0 ? "alpha/1-\(selector)" : nil))
        case 3:
            guard !calls.isEmpty, let response = try? Response(decoding: content, network: network) else { return }
            try feed(.answered(call: calls.remove(at: Int(selector) % calls.count), response))
        case 4: try pass(milliseconds: UInt64(selector) * 20)
        case 5:
            guard !timers.isEmpty else { return }
            let timer = timers.remove(at: Int(selector) % timers.count)
            try feed(.timerFired(timer.id))
        case 6:
            let topics = core.subscriptions
            guard !topics.isEmpty else { return }
            try feed(.lost(topics[Int(selector) % topics.count]))
        default: try restart()
        }
    }

    /// Lets time pass, and timers fire when they are due.
    mutating func pass(milliseconds: UInt64) throws {
        let end = now.monotonicMilliseconds + milliseconds
        var fired = 0
        while let next = timers.min(by: { $0.due < $1.due }), next.due <= end, fired < 64, !hasEnded {
            timers.removeAll { $0.id == next.id }
            advance(to: max(now.monotonicMilliseconds, next.due))
            try feed(.timerFired(next.id))
            fired += 1
        }
        advance(to: end)
    }

    private mutating func advance(to monotonic: UInt64) {
        guard monotonic > now.monotonicMilliseconds else { return }
        now.wallMilliseconds += monotonic - now.monotonicMilliseconds
        now.monotonicMilliseconds = monotonic
    }

    /// A crash, and a new start: what the role stored itself, it must be able to use.
    private mutating func restart() throws {
        do {
            core = try Core(context: context, recovered: disk.recovered(Core.recoveredTables))
        } catch {
            throw Broken("a role cannot use what it stored itself: \(error)")
        }
        timers = []
        calls = []
        try feed(.started)
    }

    private mutating func feed(_ input: RoleInput) throws {
        var waiting = [input]
        while let next = waiting.first, !hasEnded {
            waiting.removeFirst()
            turns += 1
            guard turns < 10_000 else { throw Broken("a role goes on talking to itself for ever") }
            let effects = core.apply(next, at: now)
            for case .unusable in effects {
                hasEnded = true
                return
            }
            for case .persist(let operations) in effects { try disk.commit(operations) }
            for effect in effects { try carryOut(effect, &waiting) }
        }
    }

    private mutating func carryOut(_ effect: RoleEffect, _ waiting: inout [RoleInput]) throws {
        switch effect {
        case .publish(let topic, let message):
            try demand(Topic(name: topic.name) == topic, "a role publishes on a topic that has no name")
            try demand((try? Message(decoding: message.encoded(), network: context.network.id)) != nil, "a role says what nobody can read")
        case .call(let id, _, let request, _):
            try demand((try? Request(decoding: request.encoded(), network: context.network.id)) != nil, "a role asks what nobody can read")
            if calls.count < 64 { calls.append(id) }
        case .reply(_, let response):
            try demand((try? Response(decoding: response.encoded, network: context.network.id)) != nil, "a role answers what nobody can read")
        case .push(_, let notice):
            try demand((try? Notice(decoding: notice.encoded, network: context.network.id)) != nil, "a role pushes what nobody can read")
        case .setTimer(let id, let wait):
            timers.removeAll { $0.id == id }
            timers.append((id, now.monotonicMilliseconds + min(wait, 1 << 40)))
            try demand(timers.count < 4_096, "a role sets timers without end")
        case .cancelTimer(let id): timers.removeAll { $0.id == id }
        case .check(let token, let checks): waiting.append(.checked(token: token, checks.map(Stage.holds)))
        case .read(let token, let table, let from, let limit): waiting.append(.rows(token: token, disk.rows(table, from: from, limit: limit)))
        case .find(let token, let table, let key, let limit): waiting.append(.rows(token: token, disk.places(table, of: key, limit: limit)))
        case .persist, .count, .raise, .unusable, .note, .mine, .stopMining, .networkGrew: break
        }
    }
}

/// Tables and votes of one role.
struct PlayDisk {
    private var tables: [StoreTable: [UInt64: [UInt8]]] = [:]
    private var places: [StoreTable: Set<IndexEntry>] = [:]
    private(set) var votes: [VoteRow] = []
    private var forgottenBelow: Slot = 0

    mutating func put(_ table: StoreTable, _ key: UInt64, _ value: [UInt8]) { tables[table, default: [:]][key] = value }

    mutating func put(_ vote: VoteRow) { votes.append(vote) }

    mutating func commit(_ operations: [StoreOperation]) throws(Broken) {
        for operation in operations {
            switch operation {
            case .put(let table, let key, let value): tables[table, default: [:]][key] = value
            case .delete(let table, let key): tables[table]?[key] = nil
            case .deleteThrough(let table, let key): tables[table] = tables[table]?.filter { $0.key > key }
            case .index(let table, let entries): places[table, default: []].formUnion(entries)
            case .vote(let vote):
                try demand(vote.slot >= forgottenBelow, "a role votes for slot \(vote.slot), which is over")
                let old = votes.first { $0.chain == vote.chain && $0.epoch == vote.epoch && $0.slot == vote.slot && $0.duty == vote.duty }
                try demand(old == nil || old == vote, "a role votes twice for slot \(vote.slot)")
                if old == nil { votes.append(vote) }
            case .forgetVotes(let slot):
                votes.removeAll { $0.slot < slot }
                forgottenBelow = max(forgottenBelow, slot)
            }
        }
    }

    func rows(_ table: StoreTable, from key: UInt64, limit: Int) -> [StoredRow] {
        (tables[table] ?? [:]).filter { $0.key >= key }.sorted { $0.key < $1.key }.prefix(max(0, limit)).map { StoredRow(key: $0.key, value: $0.value) }
    }

    func places(_ table: StoreTable, of key: UInt64, limit: Int) -> [StoredRow] {
        (places[table] ?? []).filter { $0.key == key }.sorted().prefix(max(0, limit)).map { StoredRow(key: $0.place, value: []) }
    }

    func recovered(_ names: [StoreTable]) -> StoredState {
        var rows: [StoreTable: [StoredRow]] = [:]
        for name in names { rows[name] = self.rows(name, from: 0, limit: Int.max) }
        let sorted = votes.sorted { ($0.slot, $0.duty.rawValue) < ($1.slot, $1.duty.rawValue) }
        return StoredState(rows: rows, votes: sorted, forgottenBelow: forgottenBelow) { table, key, limit in self.rows(table, from: key, limit: limit) }
    }
}
