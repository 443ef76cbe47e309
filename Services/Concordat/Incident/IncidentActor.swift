import Cryptography
import Determinism
import RoleKit
import Wire

/// One role of a recorded incident: the core of the real one, with a key of its own that counts for nothing.
protocol IncidentActing: AnyObject {
    var address: RoleAddress { get }
    var subscriptions: [Topic] { get }
    /// When its next timer runs out, in milliseconds of the recording's clock; nil for none.
    var nextTimerMilliseconds: UInt64? { get }
    var finding: IncidentFinding { get }
    func take(_ input: RoleInput, at milliseconds: UInt64)
    /// Lets its next timer run out.
    func runTimer()
}

/// How a role fared.
struct IncidentFinding {
    var address: RoleAddress
    /// Newest final height it has come to.
    var height: Height
    var turns = 0
    /// What it found wrong in what it was told.
    var peerFaults: UInt64 = 0
    var badSignatures: UInt64 = 0
    var refused: UInt64 = 0
    /// What it would have raised: code, detail, and the recording's clock.
    var raised: [(code: String, detail: String, milliseconds: UInt64)] = []
    /// Why it stopped, when it did: a stored row that it could not use.
    var fault: String?
}

/// Drives a core from facts and a clock that are both recorded: the same recording always gives the same run.
final class IncidentActor<Core: RoleCore>: IncidentActing {
    private var context: RoleContext
    private var core: Core
    private var store = IncidentStore()
    private var timers: [TimerID: UInt64] = [:]
    private let library: IncidentLibrary
    private(set) var finding: IncidentFinding

    init(_ context: RoleContext, _ library: IncidentLibrary, at milliseconds: UInt64) throws {
        self.context = context
        self.library = library
        core = try Core(context: context, recovered: StoredState())
        finding = IncidentFinding(address: context.address, height: 0)
        take(.started, at: milliseconds)
    }

    var address: RoleAddress { context.address }
    var subscriptions: [Topic] { core.subscriptions }
    var nextTimerMilliseconds: UInt64? { timers.values.min() }

    func runTimer() {
        guard let due = timers.values.min(), let timer = timers.filter({ $0.value == due }).keys.min(by: { ($0.kind, $0.key) < ($1.kind, $1.key) }) else { return }
        timers[timer] = nil
        take(.timerFired(timer), at: due)
    }

    func take(_ input: RoleInput, at milliseconds: UInt64) {
        var inputs = [input]
        // Answers of a turn are handed over one after the other, as the shell does.
        while !inputs.isEmpty, finding.fault == nil {
            let moment = Moment(monotonicMilliseconds: milliseconds - library.beginMilliseconds, wallMilliseconds: milliseconds)
            let effects = core.apply(inputs.removeFirst(), at: moment)
            finding.turns += 1
            for effect in effects { inputs += carryOut(effect, at: milliseconds) }
        }
        finding.height = core.height
    }

    /// - Returns: what the core is to be told of it.
    private func carryOut(_ effect: RoleEffect, at milliseconds: UInt64) -> [RoleInput] {
        switch effect {
        case .persist(let operations):
            for operation in operations { store.carryOut(operation) }
        case .check(let token, let checks): return [.checked(token: token, checks.map(context.verify))]
        case .call(let call, _, let request, _): return [.answered(call: call, library.answer(request))]
        case .read(let token, let table, let from, let limit): return [.rows(token: token, store.rows(table, from: from, limit: limit))]
        case .find(let token, let table, let key, let limit): return [.rows(token: token, store.places(table, key: key, limit: limit))]
        case .setTimer(let timer, let after): timers[timer] = milliseconds + max(after, 1)
        case .cancelTimer(let timer): timers[timer] = nil
        case .count(let counter, let amount): count(counter, amount)
        case .raise(let code, let detail, _): finding.raised.append((code, detail, milliseconds))
        case .unusable(let fault): finding.fault = "\(fault)"
        case .networkGrew(let entry): return grow(entry)
        // It has no say: what it would publish, answer or mine goes nowhere.
        case .publish, .reply, .push, .mine, .stopMining, .note: break
        }
        return []
    }

    private func count(_ counter: Counter, _ amount: UInt64) {
        switch counter {
        case .peerFault: finding.peerFaults += amount
        case .badSignature: finding.badSignatures += amount
        case .refused: finding.refused += amount
        case .duplicate, .overloaded, .received, .sent, .rejected, .caughtUp: break
        }
    }

    /// Begins anew from its store, as the shell does when a chain has joined (A16).
    private func grow(_ entry: ChainEntry) -> [RoleInput] {
        context.network = context.network.grown(by: entry)
        timers = [:]
        do {
            core = try Core(context: context, recovered: store.recovered(Core.recoveredTables))
            return [.started]
        } catch {
            finding.fault = "\(error)"
            return []
        }
    }
}
