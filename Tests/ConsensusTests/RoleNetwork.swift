import Chain
import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Wire

/// Consensus roles of one chain over a perfect network with virtual time, their stores, and a builder that answers every Lead.
struct RoleNetwork {
    enum Event {
        case input(String, RoleInput)
        case timer(String, TimerID, generation: UInt64)
    }

    let test: TestNetwork
    let chain: ChainDescription
    var roles: [String: ConsensusRole] = [:]
    var stores: [String: RoleStore] = [:]
    var queue = EventQueue<Event>()
    var now: UInt64 = 0
    /// Nodes that neither hear nor speak.
    var isolated: Set<String> = []
    /// Executes what has been built, to build on it.
    var builder: BlockTree
    var pool: [BlockItem] = []
    var built: [Slot: Block] = [:]
    /// Changes what a builder sends; nil for nothing.
    var isCertifying = true
    var timeShift: UInt64 = 0
    /// What every notary's validator follows, and who was asked for it.
    var validatorBlocks: [FinalBlock] = []
    var validatorCalls: [String] = []
    var published: [(node: String, topic: Topic, message: Message)] = []
    var raised: [String] = []
    var failures: [String] = []
    let snapshots: SnapshotPolicy
    private var generations: [String: [TimerID: UInt64]] = [:]
    private var tokens: [UInt64: (node: String, call: UInt64)] = [:]
    private var lastToken: UInt64 = 0

    init(_ test: TestNetwork, chain: ChainID = TestNetwork.alpha, snapshots: SnapshotPolicy = SnapshotPolicy()) {
        self.test = test
        self.snapshots = snapshots
        self.chain = test.network.chain(chain)!
        builder = BlockTree(book: ElectorateBook(network: test.network), chain: chain) { $0.holds }
        for node in self.chain.nodes { start(node.id) }
    }

    func moment() -> Moment { Moment(monotonicMilliseconds: now, wallMilliseconds: TestNetwork.genesisTime + now) }

    /// Starts a node, or starts it again from what it stored.
    mutating func start(_ node: String) {
        let keys = zip(chain.nodes, test.nodeKeys[chain.id]!).first { $0.0.id == node }!.1
        let context = RoleContext(
            network: test.network, address: RoleAddress(role: .consensus, chain: chain.id, node: node), signer: keys.signer,
            snapshots: snapshots)
        generations[node] = (generations[node] ?? [:]).mapValues { $0 + 1 }
        roles[node] = try! ConsensusRole(context: context, recovered: stores[node, default: RoleStore()].recovered)
        queue.add(.input(node, .started), at: now)
    }

    /// Runs until a condition holds; false when it does not within the time.
    mutating func run(milliseconds: UInt64 = 60_000, until isDone: (RoleNetwork) -> Bool) -> Bool {
        let end = now + milliseconds
        while !isDone(self) {
            guard let (time, event) = queue.next(), time <= end, failures.isEmpty else { return false }
            now = max(now, time)
            switch event {
            case .input(let node, let input): give(input, to: node)
            case .timer(let node, let timer, let generation):
                if generations[node]?[timer] == generation { give(.timerFired(timer), to: node) }
            }
        }
        return true
    }

    mutating func give(_ input: RoleInput, to node: String) {
        let moment = moment()
        guard let effects = roles[node]?.apply(input, at: moment) else { return }
        for effect in effects { perform(effect, by: node) }
    }

    private mutating func perform(_ effect: RoleEffect, by node: String) {
        switch effect {
        case .persist(let operations):
            for operation in operations where !stores[node, default: RoleStore()].perform(operation) {
                failures.append("\(node) stores a second vote for one duty")
            }
        case .publish(let topic, let message): publish(topic, message, by: node)
        case .call(let call, let service, _, _) where service.hasPrefix("validator."):
            validatorCalls.append(service)
            queue.add(.input(node, .answered(call: call, .blocks(validatorBlocks, head: Height(validatorBlocks.count)))), at: now + 1)
        case .call(let call, let service, let request, _):
            lastToken += 1
            tokens[lastToken] = (node, call)
            let target = service.split(separator: "@").last.map(String.init) ?? ""
            if isolated.contains(node) || isolated.contains(target) || roles[target] == nil {
                queue.add(.input(node, .answered(call: call, .failure(.notReady, detail: "unreachable"))), at: now + 500)
            } else {
                queue.add(.input(target, .requested(request, token: lastToken, client: nil)), at: now + 1)
            }
        case .reply(let token, let response):
            guard let asked = tokens.removeValue(forKey: token) else { return }
            queue.add(.input(asked.node, .answered(call: asked.call, response)), at: now + 1)
        case .setTimer(let timer, let delay):
            let generation = (generations[node]?[timer] ?? 0) + 1
            generations[node, default: [:]][timer] = generation
            queue.add(.timer(node, timer, generation: generation), at: now + max(1, delay))
        case .cancelTimer(let timer): generations[node, default: [:]][timer, default: 0] += 1
        case .check(let token, let checks): queue.add(.input(node, .checked(token: token, checks.map(\.holds))), at: now)
        case .read(let token, let table, let from, let limit):
            let rows = stores[node, default: RoleStore()].rows(table).filter { $0.key >= from }.prefix(limit)
            queue.add(.input(node, .rows(token: token, Array(rows))), at: now)
        case .raise(let code, _, _): raised.append(code)
        case .unusable(let fault): failures.append("\(node) cannot use what it stored: \(fault)")
        case .push, .find, .count, .note, .mine, .stopMining, .networkGrew: break
        }
    }

    private mutating func publish(_ topic: Topic, _ message: Message, by node: String) {
        if case .vote(let vote) = message, stores[node]?.holds(vote) != true {
            failures.append("\(node) sends a vote that it has not stored")
        }
        published.append((node, topic, message))
        if case .lead(let lead) = message { return build(lead) }
        guard !isolated.contains(node), topic == .vote(chain.id) else { return }
        for peer in chain.nodes where peer.id != node { deliver(message, to: peer.id) }
    }

    mutating func deliver(_ message: Message, to node: String, publisher: String = "") {
        guard !isolated.contains(node) else { return }
        queue.add(.input(node, .delivered(message, publisher: publisher)), at: now + 2)
    }

    /// What the leader's builder and the notaries would do.
    private mutating func build(_ lead: Lead) {
        guard !isolated.contains(lead.node), builder.contains(lead.parent) else { return }
        let block = built[lead.slot] ?? make(lead)
        built[lead.slot] = block
        _ = builder.validate(block)
        send(block)
    }

    private mutating func make(_ lead: Lead) -> Block {
        let keys = test.leader(of: lead.slot, chain: chain.id)
        let block = builder.build(
            on: lead.parent, slot: lead.slot, time: moment().wallMilliseconds + timeShift, items: pool, notary: (height: 0, hash: .zero),
            signer: keys.signer
        ).block
        pool = []
        return block
    }

    mutating func send(_ block: Block) {
        let maker = TestChain(test, chain.id)
        for node in chain.nodes {
            deliver(.candidate(block), to: node.id)
            if isCertifying { deliver(.certified(maker.certified(block)), to: node.id) }
        }
    }

    /// Votes sent so far about a block.
    func votes(for hash: Digest) -> Int {
        published.reduce(0) { if case .vote(let vote) = $1.message, vote.statement.hash == hash { $0 + 1 } else { $0 } }
    }

    /// Votes that a node has sent of its own.
    func votesSent(by node: String) -> Int {
        let key = chain.nodes.first { $0.id == node }?.key
        return published.reduce(0) { if case .vote(let vote) = $1.message, $1.node == node, vote.voter == key { $0 + 1 } else { $0 } }
    }

    func heights() -> [Height] { chain.nodes.map { roles[$0.id]?.height ?? 0 } }
}

/// One role's store in memory.
struct RoleStore {
    private var tables: [StoreTable: [UInt64: [UInt8]]] = [:]
    private var votes: [VoteRow] = []
    private var forgottenBelow: Slot = 0
    private var damaged: [StoreTable: Set<UInt64>] = [:]

    var recovered: StoredState {
        StoredState(rows: tables.keys.reduce(into: [:]) { $0[$1] = rows($1) }, votes: votes, forgottenBelow: forgottenBelow)
    }

    func rows(_ table: StoreTable) -> [StoredRow] {
        (tables[table] ?? [:]).sorted { $0.key < $1.key }.map {
            StoredRow(key: $0.key, value: $0.value, isDamaged: damaged[table]?.contains($0.key) ?? false)
        }
    }

    mutating func damage(_ table: StoreTable, _ key: UInt64) { damaged[table, default: []].insert(key) }

    mutating func drop(_ table: StoreTable, through key: UInt64) { tables[table] = tables[table]?.filter { $0.key > key } }

    mutating func loseAllButVotes() { tables = [:] }

    func holds(_ vote: Vote) -> Bool { votes.contains { $0.bytes == vote.encoded } }

    /// - Returns: false for a second, different vote of one duty.
    mutating func perform(_ operation: StoreOperation) -> Bool {
        switch operation {
        case .put(let table, let key, let value):
            tables[table, default: [:]][key] = value
            damaged[table]?.remove(key)
        case .delete(let table, let key): tables[table]?[key] = nil
        case .deleteThrough(let table, let key): tables[table] = tables[table]?.filter { $0.key > key }
        case .index: preconditionFailure("consensus has no index")
        case .vote(let row):
            guard row.slot >= forgottenBelow else { return false }
            if let known = votes.first(where: { $0.slot == row.slot && $0.duty == row.duty }) { return known == row }
            votes.append(row)
        case .forgetVotes(let slot):
            votes.removeAll { $0.slot < slot }
            forgottenBelow = max(forgottenBelow, slot)
        }
        return true
    }
}
