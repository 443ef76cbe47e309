import Cryptography
import Ledger
import RoleKit
import Runtime
import Wire

/// Makes the first inputs of every door: real frames of a simulated network, its stored rows, files, and numbers at their limits.
package struct Seeds {
    /// Door → inputs, each once.
    package private(set) var inputs: [String: [[UInt8]]] = [:]
    private static let perKind = 3
    private var transactionCounts: [UInt8: Int] = [:]
    private var bodies: [Digest: Block] = [:]

    package init() {
        let entries = Recording.make(payments: 60)
        addFrames(entries)
        addScripts(entries)
        addStores(entries)
        addExtremes()
        addChains()
        addLedger()
        addTexts()
        addBanks()
        addTaps()
        addFiles()
        addBus()
    }

    mutating func add(_ door: String, _ bytes: [UInt8], limit: Int = Int.max) {
        guard inputs[door, default: []].count < limit, !inputs[door, default: []].contains(bytes) else { return }
        inputs[door, default: []].append(bytes)
    }

    // MARK: frames

    private mutating func addFrames(_ entries: [Recording.Entry]) {
        var seen: [String: Int] = [:]
        func isNew(_ kind: String) -> Bool {
            seen[kind, default: 0] += 1
            return seen[kind]! <= Seeds.perKind
        }
        for entry in entries {
            for effect in entry.effects {
                switch effect {
                case .publish(let topic, let message):
                    if isNew("\(Seeds.kind(message)) \(topic.name.prefix { $0 != "." })") { add("message", message.encoded()) }
                    addParts(of: message)
                case .call(_, _, let request, _) where isNew("request \(Seeds.kind(request))"): add("request", request.encoded())
                case .reply(_, let response) where isNew("response \(Seeds.kind(response))"):
                    add("response", response.encoded)
                    if case .receipt(let receipt) = response { add("receipt", receipt.encoded) }
                case .push(_, let notice) where isNew("notice \(Seeds.kind(notice))"): add("notice", notice.encoded)
                default: break
                }
            }
            if case .requested(let request, _, _) = entry.input, isNew("asked \(Seeds.kind(request))") { add("request", request.encoded()) }
        }
    }

    private static func kind(_ value: Any) -> String { Mirror(reflecting: value).children.first?.label ?? "\(value)" }

    private mutating func addParts(of message: Message) {
        switch message {
        case .accepted(let batch):
            for item in batch.transactions.prefix(2) { add("pooled", item.encoded, limit: 8) }
        case .candidate(let block):
            add("header", block.header.bytes, limit: 6)
            addTransactions(of: block)
        case .certified(let certified): add("certified", certified.encoded, limit: 4)
        case .vote(let vote): add("vote", vote.encoded, limit: 6)
        case .certificate(let certificate): add("certificate", certificate.encoded, limit: 6)
        case .final(let final):
            add("final-header", final.encoded, limit: 6)
            if let certificate = final.finality.certificate { add("certificate", certificate.encoded, limit: 6) }
            addReceipt(final)
        case .leg(let notice): add("leg-notice", notice.encoded, limit: 6)
        default: break
        }
    }

    /// A few transactions of each kind, and the blocks that they are in.
    private mutating func addTransactions(of block: Block) {
        let chain = block.header.chain
        let choice: UInt8 = chain == Stage.alpha ? 0 : chain == Stage.beta ? 1 : 2
        for transaction in block.transactions {
            transactionCounts[transaction.kindNumber, default: 0] += 1
            guard transactionCounts[transaction.kindNumber]! <= Seeds.perKind else { continue }
            add("transaction", [choice] + transaction.bytes)
            add("block", block.encoded, limit: 16)
        }
        bodies[block.hash] = block
    }

    private mutating func addReceipt(_ final: FinalHeader) {
        guard let block = bodies[final.hash], let transaction = block.transactions.first else { return }
        let part = Receipt.Part(
            chain: final.header.chain, transaction: transaction.bytes, outcome: block.outcomes[0], index: 0, path: [final.hash], final: final,
            record: .init(transaction: transaction.bytes, index: 1, path: [], final: final))
        let receipt = Receipt(id: transaction.id, parts: [part])
        add("receipt", receipt.encoded, limit: 3)
        add("response", Response.receipt(receipt).encoded, limit: 16)
        add("response", Response.blocks([FinalBlock(block: block, final: final)], head: final.header.height).encoded, limit: 20)
    }

    private mutating func addElectorates() {
        let members = Stage.network.chains[0].nodes.map { Electorate.Member(node: $0.id, key: $0.key, weight: 7) }
        let first = EpochEntry.FirstHeight(chain: Stage.alpha, height: 9)
        let entry = EpochEntry(epoch: 1, seed: members[0].key.digest, members: members, firstHeights: [first])
        add("epoch-entry", entry.encoded)
        add("stake-entry", StakeEntry(node: "alpha-1", bonds: members.prefix(1).map { .init(account: $0.key, amount: 5) }).encoded)
        for kind in [StakeOrder.Kind.bond, .unbond] {
            let order = StakeOrder(
                kind, chain: Stage.alpha, network: Stage.network.id, node: "alpha-1", amount: 5, nonce: 1, signer: Stage.cast.people[0])
            add("transaction", [0] + Transaction(kind == .bond ? .bond(order) : .unbond(order), chain: Stage.alpha, network: Stage.network.id).bytes)
        }
    }

    // MARK: roles

    private mutating func addScripts(_ entries: [Recording.Entry]) {
        for (door, address) in RoleStage.all {
            let own = entries.filter { $0.address == address }
            for (first, count) in [(0, 20), (0, 60), (200, 40)] {
                let script = RoleStage.script(of: Array(own.dropFirst(first).prefix(count)))
                if !script.isEmpty { add("role-\(door)", Array(script.prefix(24_000))) }
            }
        }
    }

    private mutating func addStores(_ entries: [Recording.Entry]) {
        for (door, address) in RoleStage.all {
            var disk = PlayDisk()
            let own = entries.filter { $0.address == address }
            for (index, entry) in own.enumerated() {
                for case .persist(let operations) in entry.effects { try? disk.commit(operations) }
                if index == own.count / 8 || index == own.count / 2 || index == own.count - 1 {
                    add("store-\(door)", Array(RoleStage.stored(disk).prefix(16_000)))
                    if index == own.count / 2 { addBlocks(of: disk) }
                }
            }
        }
    }

    private mutating func addBlocks(of disk: PlayDisk) {
        for table in [StoreTable.blocks, StoredScript.notaryArchive] {
            for row in disk.rows(table, from: 0, limit: 3) { add("final-block", row.value, limit: 6) }
        }
        for row in disk.rows(.branch, from: 0, limit: 2) { add("final-header", row.value, limit: 8) }
    }

    // MARK: entries and proofs

    private mutating func addLedger() {
        let key = Stage.cast.people[0].publicKey
        let state = LedgerState(network: Stage.network, chain: Stage.alpha)
        if let account = state.account(key) { add("account", account.encoded) }
        add("account", Account(key: key).encoded)
        let leg = HeldLeg(index: 0, debit: key, credit: key, asset: Stage.cast.assets[Stage.alpha]!, amount: 5)
        add("cross-entry", CrossEntry(xid: key.digest, holdStatus: .held, decision: .none, decidingChain: Stage.beta, deadline: 7, legs: [leg, leg]).encoded)
        add("cross-entry", CrossEntry(xid: key.digest, holdStatus: .rejected, decision: .committed, decidingChain: Stage.alpha, deadline: .max, legs: []).encoded)
        add("chain-head", ChainHead(chain: Stage.beta, height: 7, hash: key.digest, time: 9).encoded)
        addElectorates()
        for (index, key) in ProofTree.keys.enumerated() {
            let evidence = StateEvidence(block: key, proof: ProofTree.proof(of: key))
            let transaction = Transaction(.settle(Resolution(xid: key, evidence: evidence)), chain: Stage.alpha, network: Stage.network.id)
            add("state-proof", [UInt8(index)] + transaction.bytes)
        }
    }
}
