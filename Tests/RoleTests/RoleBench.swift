import Cryptography
import Determinism
import RoleKit
import Wire

/// Drives one core as the shell does: stores what it persists, and starts it again from that.
struct RoleBench<Role: RoleCore> {
    let context: RoleContext
    var role: Role
    var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TradingNetwork.start + 1_000)
    private(set) var rows: [StoreTable: [UInt64: [UInt8]]] = [:]
    private(set) var places: [StoreTable: [IndexEntry]] = [:]
    private(set) var votes: [VoteRow] = []

    init(_ context: RoleContext) {
        self.context = context
        role = try! Role(context: context, recovered: StoredState())
    }

    /// Hands a fact over and stores what is to be stored.
    mutating func feed(_ input: RoleInput) -> [RoleEffect] {
        let effects = role.apply(input, at: now)
        for case .persist(let operations) in effects {
            for operation in operations { store(operation) }
        }
        return effects
    }

    /// As `feed`, answering every signature check truthfully; all effects in order.
    mutating func run(_ input: RoleInput) -> [RoleEffect] {
        var effects = feed(input)
        var position = 0
        while position < effects.count {
            if case .check(let token, let checks) = effects[position] { effects += feed(.checked(token: token, checks.map(\.holds))) }
            position += 1
        }
        return effects
    }

    mutating func pass(milliseconds: UInt64) {
        now.monotonicMilliseconds += milliseconds
        now.wallMilliseconds += milliseconds
    }

    /// A crash and a new start from what was stored.
    mutating func restart() { role = try! Role(context: context, recovered: stored) }

    /// What a start would find.
    var stored: StoredState {
        let tables = rows.mapValues { table in table.map { StoredRow(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key } }
        return StoredState(rows: tables, votes: votes.sorted { $0.slot < $1.slot })
    }

    /// The reply to a request, with everything that has to be read for it.
    mutating func answer(_ input: RoleInput) -> Response? {
        var effects = run(input)
        while !effects.isEmpty {
            switch effects.removeFirst() {
            case .reply(_, let response): return response
            case .read(let token, let table, let from, let limit):
                effects += run(.rows(token: token, Array(stored[table].filter { $0.key >= from }.prefix(limit))))
            case .find(let token, let table, let key, let limit):
                let found = (places[table] ?? []).filter { $0.key == key }.map(\.place).sorted().prefix(limit)
                effects += run(.rows(token: token, found.map { StoredRow(key: $0, value: []) }))
            default: continue
            }
        }
        return nil
    }

    /// Rows of a table by ascending key.
    func table(_ table: StoreTable) -> [[UInt8]] { (rows[table] ?? [:]).sorted { $0.key < $1.key }.map(\.value) }

    /// The final block, body first, as the bus brings it.
    mutating func follow(_ block: FinalBlock) -> [RoleEffect] {
        run(.delivered(.candidate(block.block), publisher: "builder.alpha@alpha-1/1"))
            + run(.delivered(.final(block.final!), publisher: "consensus.alpha@alpha-1/1"))
    }

    private mutating func store(_ operation: StoreOperation) {
        switch operation {
        case .put(let table, let key, let value): rows[table, default: [:]][key] = value
        case .delete(let table, let key): rows[table]?[key] = nil
        case .deleteThrough(let table, let key): rows[table] = rows[table]?.filter { $0.key > key }
        case .index(let table, let entries): for entry in entries { places[table, default: []].append(entry) }
        case .vote(let row):
            let old = votes.first { $0.slot == row.slot && $0.duty == row.duty && $0.chain == row.chain && $0.epoch == row.epoch }
            precondition(old == nil || old == row, "a second, different vote stops the role")
            if old == nil { votes.append(row) }
        case .forgetVotes(let slot): votes.removeAll { $0.slot < slot }
        }
    }
}

extension [RoleEffect] {
    /// Answers to requests, in order.
    var replies: [Response] { compactMap { if case .reply(_, let response) = $0 { response } else { nil } } }
    var published: [Message] { compactMap { if case .publish(_, let message) = $0 { message } else { nil } } }
    var pushed: [(client: String, notice: Notice)] { compactMap { if case .push(let client, let notice) = $0 { (client, notice) } else { nil } } }
    var calls: [(call: UInt64, service: String, request: Request)] {
        compactMap { if case .call(let call, let service, let request, _) = $0 { (call, service, request) } else { nil } }
    }
    var candidates: [Block] { published.compactMap { if case .candidate(let block) = $0 { block } else { nil } } }
    var spread: [PooledTransaction] { published.flatMap { message -> [PooledTransaction] in
            if case .accepted(let batch) = message { batch.transactions } else { [] }
        } }
    var certified: [CertifiedCandidate] { published.compactMap { if case .certified(let item) = $0 { item } else { nil } } }
    var submitResults: [SubmitResult] { replies.compactMap { if case .submit(let result) = $0 { result } else { nil } } }
    var poolStates: [UInt64] { published.compactMap { if case .pool(let state) = $0 { state.waiting } else { nil } } }

    func count(of counter: Counter) -> UInt64 {
        reduce(0) { if case .count(counter, let by) = $1 { $0 + by } else { $0 } }
    }

    /// Position of the first effect that something outside can notice.
    var firstVisible: Int? {
        firstIndex {
            switch $0 {
            case .publish, .reply, .push, .call: true
            default: false
            }
        }
    }

    var firstPersist: Int? { firstIndex { if case .persist = $0 { true } else { false } } }

    func timer(_ kind: UInt8) -> UInt64? {
        compactMap { if case .setTimer(let id, let milliseconds) = $0, id.kind == kind { milliseconds } else { nil } }.last
    }
}
