import BankCore
import Cryptography
import Determinism
import Runtime
import WalletShell
import Wire

/// Finds out what became of credits that were accepted: asks a collector of the bank's own chain, again and again.
final class CreditWatch {
    private enum Asked {
        case head
        case status(String)
    }

    private let chain: ChainDescription
    private let connections: WalletConnections
    private var open: [String: CreditEntry] = [:]
    private var asked: [UInt64: Asked] = [:]
    private var lastCall: UInt64 = 0
    /// Whose collector is asked: the same for the time and for what stood there at that time or later.
    private var node = 0
    private var dueMilliseconds: UInt64 = 0
    /// Chain time of the head that the statuses now under way were asked after.
    private var time: ChainTime = 0
    /// The credit that was asked after last: the others have their turn first.
    private var last = ""

    private static let pauseMilliseconds: UInt64 = 250
    private static let timeoutMilliseconds: UInt64 = 3_000
    private static let statusesAtOnce = 200

    init(_ configuration: NetworkConfiguration, chain: ChainDescription) {
        self.chain = chain
        connections = WalletConnections(configuration)
    }

    func add(_ credit: CreditEntry) { open[credit.xid] = credit }

    private var service: String { Service.name(.collector, chain: chain.id, node: chain.nodes[node % chain.nodes.count].id) }

    private func ask(_ request: Request, _ what: Asked) throws {
        lastCall += 1
        asked[lastCall] = what
        try connections.request(call: lastCall, service: service, request, timeoutMilliseconds: CreditWatch.timeoutMilliseconds)
    }

    /// One round, without waiting; what is decided goes to `decided`.
    func turn(_ decided: (_ xid: String, _ isCommitted: Bool) throws -> Void) throws {
        guard !open.isEmpty else { return }
        let now = BusClock.now().monotonicMilliseconds
        if asked.isEmpty, now >= dueMilliseconds {
            dueMilliseconds = now + CreditWatch.pauseMilliseconds
            try ask(.head(chain.id), .head)
        }
        for event in try connections.receive(waitMilliseconds: 0) {
            switch event {
            case .answered(let call, let response):
                guard let what = asked.removeValue(forKey: call) else { continue }
                try learn(what, response, decided)
            case .unanswered(let call):
                guard asked.removeValue(forKey: call) != nil else { continue }
                node += 1
            case .noticed, .reconnected: continue
            }
        }
    }

    private func learn(_ what: Asked, _ response: Response, _ decided: (String, Bool) throws -> Void) throws {
        switch (what, response) {
        case (.head, .head(let final, _)):
            time = final?.header.time ?? 0
            let waiting = open.keys.sorted()
            let first = waiting.firstIndex { $0 > last } ?? 0
            for xid in (waiting[first...] + waiting[..<first]).prefix(CreditWatch.statusesAtOnce) {
                last = xid
                guard let digest = Hexadecimal.decode(xid).flatMap({ Digest($0) }) else { preconditionFailure("a credit is named by its xid") }
                try ask(.status(digest), .status(xid))
            }
        case (.status(let xid), .status(let status)):
            guard let credit = open[xid] else { return }
            switch status.state {
            case .committed, .settled, .final: try end(xid, true, decided)
            case .refused, .refunded: try end(xid, false, decided)
            // The chain's time is past the deadline, and what was asked after that shows no commit: there never will be one (rule R2).
            case .unknown, .pending, .held, .rejected: if time > credit.deadline { try end(xid, false, decided) }
            }
        default: node += 1
        }
    }

    private func end(_ xid: String, _ isCommitted: Bool, _ decided: (String, Bool) throws -> Void) throws {
        open[xid] = nil
        try decided(xid, isCommitted)
    }
}
