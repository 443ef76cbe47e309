import Cryptography
import Ledger
import Wire

/// Finds cross transactions that have not ended, and says what each waits for.
package final class PendingDesk {
    /// A leg that a chain holds.
    package struct Leg: Encodable, Sendable {
        package var chain: String, debit: String, credit: String, asset: String, amount: String
    }

    /// A cross transaction of which some chain holds value.
    package struct Row: Encodable, Sendable {
        package var xid: String
        /// What it waits for.
        package var state: String
        /// The chain whose answer decides it.
        package var deciding_chain: String
        /// In the deciding chain's chain time, milliseconds.
        package var deadline_milliseconds: UInt64
        /// Until then by the deciding chain's clock; negative when it is past, nil when that chain does not answer.
        package var left_milliseconds: Int64?
        package var legs: [Leg]
    }

    /// How much a chain holds at which block.
    package struct ChainRow: Encodable, Sendable {
        package var chain: String
        /// Cross transactions it holds value for; of the account alone, when one was named.
        package var held: UInt64
        package var height: UInt64
    }

    /// What is open in the network.
    package struct Report: Encodable, Sendable {
        /// Those that come to their deadline first, first.
        package var pending: [Row]
        package var chains: [ChainRow]
        /// Chains of which no collector answers: what they hold is not here.
        package var silent: [String]
    }

    private let inquiry: Inquiry
    private var network: Network { inquiry.configuration.network }

    package init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// Entries read of one chain at most: of more than these, those that came last are counted and not shown.
    package static let entriesPerChain = 4_096

    /// What a chain answers, page by page.
    private struct Answer {
        var entries: [CrossEntry]
        var count: UInt64
        var height: Height
        var time: ChainTime
    }

    /// - Parameters:
    ///   - chain: only what this chain holds; nil for all.
    ///   - account: only what is held from this account; nil for all.
    ///   - limit: rows at most, each with what it waits for.
    /// - Throws: when no collector answers at all.
    package func report(chain: ChainID? = nil, account: PublicKey? = nil, limit: Int) throws -> Report {
        var answers: [ChainID: Answer] = [:]
        // A deadline is told by the clock of the chain that decides.
        var clocks: [ChainID: ChainTime] = [:]
        var silent: [String] = []
        let asked = network.chains.map(\.id).filter { chain == nil || $0 == chain }
        for other in network.chains.map(\.id) where !asked.contains(other) { clocks[other] = try holds(HoldsQuery(chain: other, limit: 1))?.time }
        for chain in asked {
            guard let answer = try holds(HoldsQuery(chain: chain, account: account)) else {
                silent.append(chain.description)
                continue
            }
            (answers[chain], clocks[chain]) = (answer, answer.time)
        }
        guard !answers.isEmpty else { throw Inquiry.silence }
        var open: [Digest: (entry: CrossEntry, legs: [Leg])] = [:]
        for chain in asked {
            for entry in answers[chain]?.entries ?? [] { open[entry.xid, default: (entry, [])].legs += legs(entry, chain, account) }
        }
        let sorted = open.values.sorted { ($0.entry.deadline, $0.entry.xid) < ($1.entry.deadline, $1.entry.xid) }
        let rows = try sorted.prefix(limit).map { item in
            let now = clocks[item.entry.decidingChain]
            return Row(
                xid: item.entry.xid.hex, state: try state(of: item.entry.xid), deciding_chain: item.entry.decidingChain.description,
                deadline_milliseconds: item.entry.deadline, left_milliseconds: now.map { Int64(clamping: item.entry.deadline) - Int64(clamping: $0) },
                legs: item.legs)
        }
        let chains = asked.compactMap { chain in answers[chain].map { ChainRow(chain: chain.description, held: $0.count, height: $0.height) } }
        return Report(pending: rows, chains: chains, silent: silent)
    }

    private func state(of xid: Digest) throws -> String { Standing(try inquiry.standings(of: xid), network).text }

    private func legs(_ entry: CrossEntry, _ chain: ChainID, _ account: PublicKey?) -> [Leg] {
        entry.legs.filter { account == nil || $0.debit == account }.map {
            Leg(
                chain: chain.description, debit: $0.debit.address.text, credit: $0.credit.address.text, asset: $0.asset.description,
                amount: "\($0.amount)")
        }
    }

    /// What the collector of a chain that has read furthest says; nil when none answers.
    private func holds(_ query: HoldsQuery) throws -> Answer? {
        let services = (network.chain(query.chain)?.nodes ?? []).map { Service.name(.collector, chain: query.chain, node: $0.id) }
        var best: (service: String, holds: Holds)?
        for (service, answer) in zip(services, try inquiry.ask(services.map { ($0, .fetchHolds(query)) })) {
            guard case .holds(let holds)? = answer else { continue }
            if best.map({ $0.holds.height < holds.height }) ?? true { best = (service, holds) }
        }
        guard let (service, first) = best else { return nil }
        var answer = Answer(entries: try decoded(first, service), count: first.count, height: first.height, time: first.time)
        var newest = first.entries.count
        while newest == Limits.holdsPerAnswer, query.limit == Limits.holdsPerAnswer, answer.entries.count < PendingDesk.entriesPerChain, let last = answer.entries.last {
            var next = query
            next.after = HoldsQuery.Place(height: last.openedHeight, xid: last.xid)
            guard case .holds(let more)? = try inquiry.ask([(service, .fetchHolds(next))])[0] else { break }
            answer.entries += try decoded(more, service)
            newest = more.entries.count
        }
        return answer
    }

    private func decoded(_ holds: Holds, _ service: String) throws -> [CrossEntry] {
        try holds.entries.map { bytes in
            guard let entry = CrossEntry(decoding: bytes) else {
                throw Failure(.failed, "\(service) answers with bytes that are no entry of its chain", "Are its program and this one of the same version? concordat --version")
            }
            return entry
        }
    }
}
