import Cryptography
import Foundation
import Runtime
import Wire

/// What slows value down or stops it, over the whole network (G-1 to G-6).
package final class BrakeDesk {
    /// A cap, one way, on one chain.
    package struct CapRow: Encodable, Sendable {
        package var contract: String
        package var chain: String
        package var asset: String
        /// `in`: what is paid into the contract, `out`: what it pays.
        package var way: String
        package var mode: String
        package var used: UInt64
        package var amount: UInt64
        package var share_percent: UInt64
        package var window_milliseconds: UInt64
        /// Until nothing is used any more.
        package var full_in_milliseconds: UInt64?
        /// Payments that a cap in log-only mode would have refused or put off.
        package var would_refuse: UInt64
    }

    /// Payments of at least an amount, put off for some time, on one chain.
    package struct DelayRow: Encodable, Sendable {
        package var contract: String
        package var chain: String
        package var asset: String
        package var mode: String
        package var amount: UInt64
        package var milliseconds: UInt64
        package var would_refuse: UInt64
    }

    /// A payment that a brake puts off.
    package struct WaitingRow: Encodable, Sendable {
        package var id: String
        package var chain: String
        package var contract: String
        package var amount: UInt64
        package var reason: String
    }

    /// A target that is, or was, paused, or that somebody wants to be.
    package struct PauseRow: Encodable, Sendable {
        /// What one notary wants.
        package struct Wish: Encodable, Sendable { package var level: String, notary: String }
        package var target: String
        package var level: String
        package var number: UInt64
        package var notary_height: UInt64
        /// Chains that have taken the newest change in.
        package var taken_by: [String]
        /// Counted on the chains while it was observed.
        package var would_refuse: UInt64
        package var wishes: [Wish]
    }

    /// All of it.
    package struct Report: Encodable, Sendable {
        package var caps: [CapRow]
        package var delays: [DelayRow]
        package var waiting: [WaitingRow]
        package var pauses: [PauseRow]
    }

    package let inquiry: Inquiry
    private var network: Network { inquiry.configuration.network }

    package init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// What the collector of each chain that has read furthest says; a chain of which none answers is left out.
    private func views() throws -> [ChainID: (view: BrakeView, waiting: [BrakeView.Waiting])] {
        let asked = inquiry.collectors
        var best: [ChainID: (view: BrakeView, waiting: [BrakeView.Waiting])] = [:]
        for (question, answer) in zip(asked, try inquiry.ask(asked.map { ($0.service, .brakes) })) {
            guard case .brakes(let view)? = answer else { continue }
            // A payment waits at whichever collector took it.
            let known = best[question.chain]?.waiting ?? []
            let waiting = known + view.waiting.filter { item in !known.contains { $0.id == item.id } }
            let newest = best[question.chain].map { $0.view.height >= view.height ? $0.view : view } ?? view
            best[question.chain] = (newest, waiting)
        }
        guard !best.isEmpty else { throw Failure(.unreachable, "no collector answers", "See how the network is: concordat status. Start it: concordat up") }
        return best
    }

    /// How all targets stand, as the recorder that has read most says.
    package func pauses() throws -> [PauseState] {
        let services = network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
        let answers = try inquiry.ask(services.map { ($0, .pauses) }).compactMap { answer -> [PauseState]? in
            if case .pauses(let states)? = answer { states } else { nil }
        }
        guard !answers.isEmpty else { throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. Start it: concordat up") }
        var best: [PauseState] = []
        for state in answers.joined() {
            guard let place = best.firstIndex(where: { $0.target == state.target }) else {
                best.append(state)
                continue
            }
            if (state.number, state.wishes.count) > (best[place].number, best[place].wishes.count) { best[place] = state }
        }
        return best
    }

    /// Everything, with caps from most used to least.
    package func report() throws -> Report {
        let views = try views()
        let all = network.contracts + (try ContractDesk(inquiry).all()).map(\.terms.contract)
        var caps: [CapRow] = []
        var delays: [DelayRow] = []
        for contract in all where all.allSatisfy({ $0.id != contract.id || $0.version <= contract.version || !$0.hasSides(of: contract) }) {
            for (side, brakes) in [(contract.first, contract.brakes.first), (contract.second, contract.brakes.second)] {
                guard let brakes, let view = views[side.chain]?.view else { continue }
                let entry = view.meters.first { $0.contract == contract.id && $0.asset == side.asset }
                if let cap = brakes.cap {
                    caps += [("in", entry?.paidIn ?? Meter()), ("out", entry?.paidOut ?? Meter())].map { way, meter in
                        row(contract, side, cap, way, meter, at: max(view.time, UInt64(Date().timeIntervalSince1970 * 1_000)))
                    }
                }
                if let delay = brakes.delay {
                    delays.append(
                        DelayRow(
                            contract: contract.id, chain: side.chain.description, asset: side.asset.description, mode: BrakeDesk.mode(delay.isObserved),
                            amount: delay.amount, milliseconds: delay.milliseconds, would_refuse: (entry?.paidIn.early ?? 0) + (entry?.paidOut.early ?? 0)))
                }
            }
        }
        let waiting = views.sorted { $0.key < $1.key }.flatMap { chain, found in
            found.waiting.map {
                WaitingRow(id: $0.id.hex, chain: chain.description, contract: $0.contract, amount: $0.amount, reason: $0.reason.code)
            }
        }
        return Report(
            caps: caps.sorted { ($1.share_percent, $0.contract, $0.chain, $0.way) < ($0.share_percent, $1.contract, $1.chain, $1.way) }, delays: delays,
            waiting: waiting, pauses: try pauses().map { row($0, views.mapValues(\.view)) })
    }

    private static func mode(_ isObserved: Bool) -> String { isObserved ? "observed" : "enforced" }

    private func row(_ contract: Contract, _ side: ContractSide, _ cap: SideBrakes.Cap, _ way: String, _ meter: Meter, at now: ChainTime) -> CapRow {
        let used = meter.refilled(at: now, under: cap).used
        let product = used.multipliedFullWidth(by: 100)
        let share = product.high < cap.amount ? cap.amount.dividingFullWidth(product).quotient : .max
        return CapRow(
            contract: contract.id, chain: side.chain.description, asset: side.asset.description, way: way, mode: BrakeDesk.mode(cap.isObserved), used: used,
            amount: cap.amount, share_percent: share, window_milliseconds: cap.windowMilliseconds,
            full_in_milliseconds: meter.milliseconds(until: 0, at: now, under: cap), would_refuse: meter.overCap)
    }

    private func row(_ state: PauseState, _ views: [ChainID: BrakeView]) -> PauseRow {
        let taken = views.sorted { $0.key < $1.key }.compactMap { chain, view -> (String, PauseEntry)? in
            view.pauses.first { $0.target == state.target }.map { (chain.description, $0) }
        }
        return PauseRow(
            target: state.target.text, level: state.level.state, number: state.number, notary_height: state.notaryHeight,
            taken_by: state.number == 0 ? [] : taken.filter { $0.1.number >= state.number }.map(\.0), would_refuse: taken.reduce(0) { $0 + $1.1.observed },
            wishes: state.wishes.map { PauseRow.Wish(level: $0.level.state, notary: $0.notary) })
    }
}

extension PauseLevel {
    /// How a target stands.
    package var state: String {
        switch self {
        case .open: "open"
        case .observed: "observed"
        case .paused: "paused"
        }
    }
}
