import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Hands orders to pegs, many at once, and keeps account of what becomes of each (B1, B4).
final class BridgeRun {
    /// What became of an order.
    struct Result: Encodable {
        var line: Int
        var id: String
        var peg: String
        var order: String
        var amount: UInt64
        /// `issued`, `released`; `locked`, `redeemed` when it has not appeared; `rejected`; `open` when it is in no block either.
        var outcome: String
        var reason: String
        var detail: String
        var transaction: String
        /// From handing it in until it was seen in a final block.
        var block_milliseconds: UInt64?
        /// From handing it in until it was seen on the other chain.
        var appeared_milliseconds: UInt64?
    }

    /// An order on its way.
    private struct Pending {
        var position: Int
        var id: Digest
        var peg: Contract
        var begunMilliseconds: UInt64
        var isFinal = false
    }

    /// Whose nonces are given out on a chain.
    private struct Account: Hashable {
        var key: PublicKey
        var chain: ChainID
    }

    private let accounts: Accounts
    private let desk: BridgeDesk
    private let kind: BridgeOrder.Kind
    private let pegs: [Contract]
    private var network: Network { accounts.configuration.network }
    private(set) var results: [Result] = []
    private var pending: [Pending] = []
    private var nextNonces: [Account: UInt64] = [:]
    private var signers: [String: Signer] = [:]
    private var round = 0
    /// Why the first order that made no sense made none.
    private(set) var firstFault: OrderFault?

    /// Looks up the pegs.
    init(_ kind: BridgeOrder.Kind, _ accounts: Accounts) throws {
        self.kind = kind
        self.accounts = accounts
        desk = BridgeDesk(Inquiry(accounts.configuration))
        pegs = try desk.pegs()
    }

    /// Orders under way at once: no account may have more, since nonces are used within a window.
    private static let concurrency = Limits.nonceWindow
    private static let pauseSeconds = 0.1

    /// Orders every line, and waits for what becomes of it; bad lines are refused one by one.
    ///
    /// - Parameter seconds: how long to wait, once all have been handed in, until they have appeared; 0 until they stand in a block.
    /// - Parameter progress: orders ended, and all.
    /// - Returns: a result a line, ascending.
    func order(_ file: BridgeFile, seconds: Int, isAborted: () -> Bool, progress: (_ ended: Int, _ all: Int) -> Void) throws -> [Result] {
        for fault in file.faults {
            let detail = fault.column.isEmpty ? fault.problem : "column \(fault.column): \(fault.problem)"
            results.append(
                Result(
                    line: fault.number, id: fault.id, peg: "", order: name, amount: 0, outcome: "rejected", reason: fault.kind.rawValue, detail: detail,
                    transaction: ""))
        }
        var waiting = file.lines[...]
        let all = results.count + waiting.count
        var pace = ProgressPace()
        var end: UInt64?
        while !waiting.isEmpty || !pending.isEmpty {
            while pending.count < BridgeRun.concurrency, let line = waiting.popFirst() { try begin(line) }
            try look(isFinalEnough: seconds == 0)
            if waiting.isEmpty { end = end ?? BusClock.now().monotonicMilliseconds + max(UInt64(seconds) * 1_000, BridgeRun.blockMilliseconds(seconds)) }
            if pace.isDue { pace.say(done: all - waiting.count - pending.count, of: all, progress) }
            if isAborted() || end.map({ BusClock.now().monotonicMilliseconds >= $0 }) ?? false { break }
            if !pending.isEmpty { Thread.sleep(forTimeInterval: BridgeRun.pauseSeconds) }
        }
        for line in waiting { results.append(result(of: line)) }
        if seconds > 0 { try explainWaiting() }
        pace.say(done: all - waiting.count - pending.count, of: all, progress)
        return results.sorted { $0.line < $1.line }
    }

    /// How long an order may take to stand in a block when nobody waits for more.
    private static func blockMilliseconds(_ seconds: Int) -> UInt64 { seconds == 0 ? 60_000 : 0 }

    private var name: String { kind == .lock ? "lock" : "redeem" }

    private func result(of line: BridgeFile.Line) -> Result {
        Result(
            line: line.number, id: line.id, peg: line.peg, order: name, amount: line.amount, outcome: "open", reason: "", detail: "", transaction: "")
    }

    private func begin(_ line: BridgeFile.Line) throws {
        results.append(result(of: line))
        let position = results.count - 1
        do {
            let (transaction, peg) = try signed(line)
            results[position].transaction = transaction.id.hex
            let now = BusClock.now().monotonicMilliseconds
            if let refusal = try desk.inquiry.handIn(.submit(transaction.bytes), to: origin(of: peg).chain) {
                reject(position, refusal.reason, refusal.detail)
            } else {
                pending.append(Pending(position: position, id: transaction.id, peg: peg, begunMilliseconds: now))
            }
        } catch let fault as OrderFault {
            firstFault = firstFault ?? fault
            reject(position, fault.reason, fault.problem)
        }
    }

    /// The side that value leaves, and the one where it appears.
    private func origin(of peg: Contract) -> ContractSide { kind == .lock ? peg.first : peg.second }
    private func target(of peg: Contract) -> ContractSide { kind == .lock ? peg.second : peg.first }

    private func reject(_ position: Int, _ reason: Reason, _ detail: String) {
        results[position].outcome = "rejected"
        results[position].reason = reason.code
        results[position].detail = detail
    }

    /// The order of a line.
    ///
    /// - Throws: an `OrderFault` when it names nobody, no peg, or an amount that the peg does not take.
    private func signed(_ line: BridgeFile.Line) throws -> (Transaction, Contract) {
        guard let peg = pegs.first(where: { $0.id == line.peg }) else {
            let closest = Suggestion.closest(to: line.peg, among: pegs.map(\.id))
            throw OrderFault(.unknownContract, "there is no peg \(line.peg)" + (closest.map { "; did you mean \($0)?" } ?? ""))
        }
        let own = origin(of: peg)
        guard (peg.minimumAmount...peg.maximumAmount).contains(line.amount) else {
            throw OrderFault(.termsViolated, "\(peg.id) takes \(peg.minimumAmount) to \(peg.maximumAmount) \(own.asset) at once")
        }
        let receiver = try accounts.payee(line.to).get()
        let signer = try signer(line.from)
        let order = BridgeOrder(
            kind, chain: own.chain, network: network.id, contract: peg.id, version: peg.version, amount: line.amount, receiver: receiver.key,
            nonce: try nonce(Account(key: signer.publicKey, chain: own.chain), name: line.from), memo: line.memo, signer: signer)
        return (Transaction(kind == .lock ? .lock(order) : .redeem(order), chain: own.chain, network: network.id), peg)
    }

    private func signer(_ name: String) throws -> Signer {
        if let known = signers[name] { return known }
        do {
            let signer = try accounts.signer(name)
            signers[name] = signer
            return signer
        } catch let failure as Failure {
            throw OrderFault(.unknownPayer, failure.problem)
        }
    }

    private func nonce(_ account: Account, name: String) throws -> UInt64 {
        if let next = nextNonces[account] {
            nextNonces[account] = next + 1
            return next
        }
        let service = Service.name(.collector, chain: account.chain)
        guard case .account(let view)?? = try desk.inquiry.ask([(service, .account(account.key))]).first else { throw Inquiry.silence }
        guard view.exists else { throw OrderFault(.unknownPayer, "\(name) has no account on \(account.chain)") }
        nextNonces[account] = view.nonceBase + 1
        return view.nonceBase
    }

    /// Asks how everything stands that is under way.
    private func look(isFinalEnough: Bool) throws {
        round += 1
        try lookForBlocks()
        if isFinalEnough {
            for item in pending where item.isFinal { results[item.position].outcome = kind == .lock ? "locked" : "redeemed" }
            pending.removeAll(where: \.isFinal)
        } else {
            try lookAcross()
        }
    }

    /// Asks a node of the chain each, another one every time, whether orders stand in final blocks.
    private func lookForBlocks() throws {
        let asked = pending.indices.filter { !pending[$0].isFinal }
        let answers = try desk.inquiry.ask(
            asked.map { index in
                let (id, chain) = (pending[index].id, origin(of: pending[index].peg).chain)
                let nodes = network.chain(chain)?.nodes ?? []
                return (Service.name(.collector, chain: chain, node: nodes[(round + index) % nodes.count].id), .status(id))
            })
        var ended: Set<Int> = []
        for (index, answer) in zip(asked, answers) {
            guard case .status(let status)? = answer else { continue }
            let item = pending[index]
            switch status.state {
            case .final:
                pending[index].isFinal = true
                results[item.position].outcome = kind == .lock ? "locked" : "redeemed"
                results[item.position].block_milliseconds = BusClock.now().monotonicMilliseconds - item.begunMilliseconds
            case .rejected:
                reject(item.position, status.reason ?? .notAllowed, "")
                ended.insert(item.position)
            default: continue
            }
        }
        pending.removeAll { ended.contains($0.position) }
    }

    /// What has not appeared may be put off by a brake: which one is told.
    private func explainWaiting() throws {
        for item in pending where item.isFinal {
            results[item.position].reason = try desk.brake(on: item.id, kind == .lock ? .locked : .redeemed, of: item.peg)?.code ?? ""
        }
    }

    /// Asks the other chains which orders have appeared.
    private func lookAcross() throws {
        for peg in pegs {
            let asked = pending.filter { $0.isFinal && $0.peg.id == peg.id }.prefix(Limits.bridgeItemsPerAnswer)
            guard !asked.isEmpty else { continue }
            let ordered: BridgeItem.Kind = kind == .lock ? .locked : .redeemed
            let query = BridgeQuery(contract: peg.id, kind: ordered.consumption, orders: asked.map(\.id))
            let appeared = Set(try desk.view(query, on: target(of: peg).chain).items.map(\.order))
            for item in asked where appeared.contains(item.id) {
                results[item.position].outcome = kind == .lock ? "issued" : "released"
                results[item.position].appeared_milliseconds = BusClock.now().monotonicMilliseconds - item.begunMilliseconds
            }
            pending.removeAll { appeared.contains($0.id) }
        }
    }
}

extension BridgeRun {
    /// Reads a file of orders; one that is none at all is refused as a whole.
    static func read(_ path: String) throws -> BridgeFile {
        let text = try TextFile.read(path, byteCountMax: WalletLimits.fileBytes, whenMissing: "Name a file of orders, for example examples/bridge/locks.csv.")
        let file = BridgeFile(Array(text.utf8))
        if file.lines.isEmpty, let fault = file.faults.first, fault.number == 1 {
            throw Failure(.configuration, "\(path), line 1: \(fault.problem)", "See examples/bridge/locks.csv for the form.")
        }
        return file
    }

    /// A line for each outcome, and for each reason.
    static func summary(_ results: [Result]) -> [String] {
        var counts: [String: Int] = [:]
        var reasons: [String: Int] = [:]
        for result in results {
            counts[result.outcome, default: 0] += 1
            if !result.reason.isEmpty { reasons["\(result.outcome): \(result.reason)", default: 0] += 1 }
        }
        let line = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "   ")
        return ["\(results.first?.order ?? "order")s \(results.count)   \(line)"] + reasons.sorted { $0.key < $1.key }.map { "  \($0.key) \($0.value)" }
    }
}
