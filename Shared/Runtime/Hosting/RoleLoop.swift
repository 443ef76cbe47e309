import Cryptography
import Determinism
import Foundation
import Logging
import RoleKit
import Wire

/// One role's thread: waits, applies, commits, speaks. Everything a turn persists is on disk before anything of that turn leaves.
final class RoleLoop<Core: RoleCore> {
    let settings: RoleHostSettings
    let store: RoleStore
    let mailbox: RoleMailbox
    let logger: Logger
    private let lines: TransactionLines
    private let report: (RoleSnapshot) -> Void
    private let zmq: ZMQContext
    private let miner: MiningWorker
    private var timers = TimerTable()
    /// Facts for the next turn.
    var inputs: [RoleInput] = []
    /// Of a recorder whose older blocks go elsewhere.
    var archive: ArchiveKeeper?
    /// Reads whose rows are in an archive that cannot be reached.
    var unread: [UInt64] = []
    /// When the store was last looked at for blocks that may leave it, monotonic milliseconds.
    var trimmedMilliseconds: UInt64 = 0
    /// Publishes that the bus had no credit for, oldest first; nothing new is taken while there are any.
    private var backlog: [(topic: String, body: [UInt8])] = []
    private var meter = RoleMeter()
    private var isStarted = false
    private var pulse = RolePulse()
    private var draining = Draining()
    private var isDiskFull = false
    /// What the core last said of that; it says so again at every start.
    private var signsNothingBecause: String?
    /// When something was last handed to the core, Unix milliseconds.
    private var processedMilliseconds: UInt64?
    /// A chain has joined: the role begins anew.
    private var grown: ChainEntry?
    private var reportedMilliseconds: UInt64 = 0
    /// Whether the last report found the bus's connection standing.
    private var isReportedConnected = false
    /// Something has happened since the last report.
    private var isUnreported = true

    /// Facts handed to the core before effects are carried out.
    private static var inputsPerTurn: Int { 256 }
    /// Pause before a full disk is tried again.
    private static var fullDiskMilliseconds: UInt64 { 500 }
    /// Facts kept while the disk is full; what arrives beyond that counts as lost.
    private static var fullDiskInputs: Int { 8_192 }
    /// Between two reports of how the role stands while it has something to do, and while it has not.
    private static var reportMilliseconds: UInt64 { 200 }
    private static var idleReportMilliseconds: UInt64 { 5_000 }

    init(
        context: ZMQContext, settings: RoleHostSettings, store: RoleStore, mailbox: RoleMailbox, logger: Logger,
        report: @escaping (RoleSnapshot) -> Void
    ) {
        self.settings = settings
        self.store = store
        self.mailbox = mailbox
        self.logger = logger
        lines = TransactionLines(logger: logger, network: settings.context.network.id)
        self.report = report
        zmq = context
        miner = MiningWorker(mailbox: mailbox)
    }

    /// What ended a run.
    enum End {
        case stopped
        /// It was asked to drain, and nothing waits any more.
        case drained
        case failed(any Error)
        /// A chain has joined, and the store says so: the role is to begin anew.
        case grown(ChainEntry)
    }

    /// Runs until stopped, or until the network has grown.
    func run() -> End {
        defer { archive?.stop() }
        do {
            let recovered = try recovered(Core.recoveredTables)
            var core = try Core(context: settings.context.grown(by: recovered[.joined]), recovered: recovered)
            var configuration = settings.bus
            configuration.subscriptions = core.subscriptions.map { BusPattern($0.name) }
            configuration.services = settings.context.address.services
            let client = try BusClient(context: zmq, configuration: configuration)
            archive?.start()
            while !mailbox.isStopped, grown == nil, !draining.isOver {
                try turn(&core, client)
                if mailbox.isDraining { try drain(core, client) }
                tell(core, client)
            }
            try client.leave()
            return grown.map { .grown($0) } ?? (draining.isOver ? .drained : .stopped)
        } catch let fault as StoredFault {
            if mailbox.isStopped { return .stopped }
            return .failed(RoleStoreFault(fault, folder: store.folder))
        } catch {
            return .failed(error)
        }
    }

    /// Takes nothing new on, and sees whether all that was taken on has ended.
    private func drain(_ core: Core, _ client: BusClient) throws {
        if draining.begin(at: BusClock.now()) {
            logger.notice("draining: nothing new is taken on", metadata: ["waiting": "\(core.waiting)"])
            try client.offer([])
        }
        draining.look(isIdle: core.waiting == 0 && inputs.isEmpty && backlog.isEmpty, at: BusClock.now())
        if draining.isOver { logger.notice("drained") }
    }

    private func turn(_ core: inout Core, _ client: BusClient) throws {
        if inputs.isEmpty || !isStarted || !backlog.isEmpty {
            let now = BusClock.now()
            let report = Int(isUnreported ? RoleLoop.reportMilliseconds : RoleLoop.idleReportMilliseconds)
            let wait = min(
                client.millisecondsUntilWork(), timers.millisecondsUntilDue(at: now), report, isStarted ? pulse.millisecondsUntilDue(at: now) : .max,
                mailbox.isDraining ? Draining.lookMilliseconds : .max)
            _ = try ZMQPoller.wait(client.pollItems + [.descriptor(mailbox.wake.descriptor)], timeoutMilliseconds: wait)
        }
        let begin = RolePulse.clock()
        for event in try client.receive() { take(event, client, core) }
        try flushBacklog(client)
        guard isStarted else { return }
        try beat(core, client)
        guard backlog.isEmpty else { return }
        inputs += mailbox.take()
        for alarm in try tendArchive() { try carryOut(alarm, client, BusClock.now()) }
        let now = BusClock.now()
        inputs += timers.takeDue(at: now).map { .timerFired($0) }
        guard !inputs.isEmpty || !unread.isEmpty else { return }
        let batch = inputs.prefix(RoleLoop.inputsPerTurn)
        inputs.removeFirst(batch.count)
        isUnreported = true
        processedMilliseconds = now.wallMilliseconds
        let turnBegin = RolePulse.clock()
        var effects: [RoleEffect] = []
        for input in batch { effects += core.apply(input, at: now) }
        effects += answerUnread(&core, at: now)
        for case .unusable(let fault) in effects { throw fault }
        do {
            try commit(effects, core, client)
        } catch let fault as RoleStoreFault where fault.isConflict {
            // Nothing of the turn leaves; people must hear that the role wanted to contradict itself.
            try publish(.alarm, .alarm(Alarm(source: settings.context.address.description, code: "vote_conflict", detail: fault.summary, severity: .critical)), client)
            try client.leave()
            throw fault
        }
        for effect in effects { try carryOut(effect, client, now) }
        pulse.turned(since: begin, received: batch.count, effects: effects, waiting: core.waiting, at: now)
        meter.turns.add(nanoseconds: RolePulse.clock() &- turnBegin)
    }

    /// Turns what the bus brings into facts; what cannot be read is a peer's fault: counted and dropped.
    private func take(_ event: BusEvent, _ client: BusClient, _ core: Core) {
        let network = settings.context.network.id
        switch event {
        case .delivered(let frame):
            do {
                let message = try Message(decoding: frame.body, network: network)
                // A program of the version before does not know it.
                guard message.version <= settings.bus.versions.upperBound else { break }
                meter.count(received: frame.topic)
                meter.hear(message, publisher: frame.stamp.publisher, on: settings.context.address.chain)
                lines.received(message, on: frame.topic, by: frame.stamp.publisher)
                inputs.append(.delivered(message, publisher: frame.stamp.publisher))
            } catch {
                fault("a frame on \(frame.topic) by \(frame.stamp.publisher): \(error)")
            }
        case .called(let id, _, let body, _, let connection):
            meter.countRequest()
            do {
                let request = try Request(decoding: body, network: network)
                lines.asked(request, on: settings.context.address.chain)
                inputs.append(.requested(request, token: id, client: connection.isEmpty ? nil : connection))
            } catch {
                fault("a request: \(error)")
                try? client.reply(id, Response.failure(.malformed, detail: "\(error)").encoded)
            }
        case .answered(let id, let result):
            if case .failure = result { meter.countUnanswered() }
            inputs.append(.answered(call: id, answer(result)))
        case .lost(let topic, _, _, _):
            meter.countLostStream()
            if let topic = Topic(name: topic) { inputs.append(.lost(topic)) }
        case .restarted(let site):
            logger.notice("the bus of \(site) has started anew")
            inputs += core.subscriptions.map { .lost($0) }
        case .welcomed:
            guard !isStarted else { break }
            isStarted = true
            inputs.insert(.started, at: 0)
        case .broken(let topic, let site, let sequence):
            logger.error("the bus of \(site) broke the chain of \(topic) at \(sequence)")
        case .refused(.wrongVersion, let detail): logger.critical("the bus refused: \(detail), and this program \(settings.bus.versions.lowerBound) to \(settings.bus.versions.upperBound)")
        case .refused(let reason, let detail): logger.warning("the bus refused: \(reason.rawValue) \(detail)")
        case .disconnected:
            meter.countDisconnect()
            logger.info("the connection to the bus broke")
        case .pushed, .acknowledged, .services: break
        }
    }

    private func answer(_ result: Result<[UInt8], BusReason>) -> Response {
        switch result {
        case .success(let body):
            do {
                return try Response(decoding: body, network: settings.context.network.id)
            } catch {
                fault("an answer: \(error)")
                return .failure(.malformed, detail: "\(error)")
            }
        case .failure(let reason): return .failure(reason == .overloaded ? .overloaded : .notReady, detail: reason.rawValue)
        }
    }

    private func fault(_ what: String) {
        meter.count(.peerFault, by: 1)
        let count = meter.counters[.peerFault] ?? 0
        // The first few are worth a line each, then every so many.
        if count <= 10 || count % 1_000 == 0 { logger.warning("dropped \(what)", metadata: ["count": "\(count)"]) }
    }

    /// One commit for the whole turn. On a full disk the role takes nothing on and signs nothing until there is room again.
    private func commit(_ effects: [RoleEffect], _ core: Core, _ client: BusClient) throws {
        var operations: [StoreOperation] = []
        for effect in effects {
            if case .persist(let more) = effect { operations += more }
        }
        guard !operations.isEmpty else { return }
        if let archive { operations = archive.noting(operations) }
        while true {
            do {
                let begin = DispatchTime.now().uptimeNanoseconds
                try store.commit(operations)
                meter.commits.add(nanoseconds: DispatchTime.now().uptimeNanoseconds &- begin)
                archive?.hasCommitted()
                if isDiskFull { logger.notice("there is room on the disk again") }
                isDiskFull = false
                return
            } catch let fault {
                guard fault.problem == .diskFull, !mailbox.isStopped else { throw fault }
                if !isDiskFull { logger.critical("\(fault)") }
                isDiskFull = true
                try holdOut(core, client)
            }
        }
    }

    /// Waits a while for room on the disk. Whoever asks for something is told why there is no answer; the rest is kept.
    private func holdOut(_ core: Core, _ client: BusClient) throws {
        let end = BusClock.now().monotonicMilliseconds + RoleLoop.fullDiskMilliseconds
        while !mailbox.isStopped {
            tell(core, client)
            let now = BusClock.now().monotonicMilliseconds
            guard now < end else { return }
            _ = try ZMQPoller.wait(client.pollItems, timeoutMilliseconds: min(client.millisecondsUntilWork(), Int(end - now)))
            for event in try client.receive() {
                if case .called(let id, _, _, _, _) = event {
                    try client.reply(id, Response.failure(.overloaded, detail: "no space is left on the disk of this role").encoded)
                } else {
                    take(event, client, core)
                }
            }
            guard inputs.count > RoleLoop.fullDiskInputs else { continue }
            inputs.removeAll { if case .delivered = $0 { true } else { false } }
            inputs += core.subscriptions.map { .lost($0) }
        }
    }

    private func carryOut(_ effect: RoleEffect, _ client: BusClient, _ now: Moment) throws {
        switch effect {
        case .persist, .unusable: break
        case .publish(let topic, let message): try publish(topic, message, client)
        case .call(let id, let service, let request, let timeout):
            meter.countCall()
            try client.call(id, service: service, request.encoded(), timeoutMilliseconds: UInt32(clamping: timeout))
        case .reply(RoleLoop.ownToken, _): break
        case .reply(let token, let response):
            lines.replied(response)
            try client.reply(token, response.encoded)
        case .push(let connection, let notice): try client.push(connection, notice.encoded)
        case .setTimer(let id, let wait): timers.set(id, afterMilliseconds: wait, at: now)
        case .cancelTimer(let id): timers.cancel(id)
        case .check(let token, let checks): SignatureWorkers.check(token: token, checks, into: mailbox)
        case .mine(let token, let job): miner.mine(token: token, job)
        case .stopMining: miner.stop()
        case .read(let token, let table, let from, let limit):
            if let archive, archive.takes(token: token, table, from: from, limit: limit) { break }
            inputs.append(.rows(token: token, limit > 0 ? try store.rows(table, from: from, limit: limit) : []))
        case .find(let token, let table, let key, let limit):
            inputs.append(.rows(token: token, try store.places(table, of: key, limit: limit)))
        case .count(let counter, let amount): meter.count(counter, by: amount)
        case .raise(let code, let detail, let severity):
            meter.countAlarm(code)
            if code == RoleSnapshot.signsNothingCode { signsNothingBecause = detail }
            logger.critical("\(code): \(detail)", metadata: ["severity": "\(severity.rawValue)"])
            let alarm = Alarm(source: settings.context.address.description, code: code, detail: detail, severity: severity)
            try publish(.alarm, .alarm(alarm), client)
        case .networkGrew(let entry): grown = grown ?? entry
        case .note(let line): logger.debug("\(line)")
        }
    }

    private func publish(_ topic: Topic, _ message: Message, _ client: BusClient) throws {
        guard message.version <= settings.bus.versions.upperBound else { return }
        let body = message.encoded()
        meter.count(sent: topic.name)
        lines.sent(message, on: topic)
        guard backlog.isEmpty else { return backlog.append((topic.name, body)) }
        do {
            _ = try client.publish(topic.name, body)
        } catch .overloaded {
            backlog.append((topic.name, body))
        } catch {
            logger.error("the bus does not take \(topic.name): \(error.rawValue)")
        }
    }

    private func flushBacklog(_ client: BusClient) throws {
        while let first = backlog.first {
            do {
                _ = try client.publish(first.topic, first.body)
            } catch .overloaded {
                return
            } catch {
                logger.error("the bus does not take \(first.topic): \(error.rawValue)")
            }
            backlog.removeFirst()
        }
    }

    /// Says how the role does. What the bus has no room for then is not kept: the next one says more.
    private func beat(_ core: Core, _ client: BusClient) throws {
        guard pulse.millisecondsUntilDue(at: BusClock.now()) == 0,
            let beat = pulse.beat(of: snapshot(core, client), unsent: backlog.count, at: BusClock.now())
        else { return }
        let message = Message.beat(beat)
        if message.version <= settings.bus.versions.upperBound { _ = try? client.publish(Topic.beat.name, message.encoded()) }
    }

    /// Reports how the role stands: at once when the bus comes or goes, else now and then.
    private func tell(_ core: Core, _ client: BusClient) {
        let now = BusClock.now().monotonicMilliseconds
        let pause = isUnreported || isDiskFull ? RoleLoop.reportMilliseconds : RoleLoop.idleReportMilliseconds
        guard client.isJoined != isReportedConnected || now >= reportedMilliseconds + pause || reportedMilliseconds == 0 else { return }
        (reportedMilliseconds, isReportedConnected, isUnreported) = (now, client.isJoined, false)
        report(snapshot(core, client))
    }

    private func snapshot(_ core: Core, _ client: BusClient) -> RoleSnapshot {
        var snapshot = RoleSnapshot(address: settings.context.address.description)
        snapshot.height = core.height
        snapshot.heardHeight = meter.heardHeight(nodes: settings.context.chain.listed.count)
        snapshot.waiting = core.waiting
        snapshot.oldestWaitingMilliseconds = core.oldestWaitingMilliseconds
        snapshot.isStarted = isStarted
        snapshot.isConnected = client.isJoined
        snapshot.isDiskFull = isDiskFull
        snapshot.signsNothingBecause = signsNothingBecause
        snapshot.isDraining = mailbox.isDraining
        snapshot.inputsCount = inputs.count
        snapshot.backlogCount = backlog.count
        snapshot.unacknowledgedCount = client.unacknowledgedCount
        snapshot.aliveMilliseconds = BusClock.now().monotonicMilliseconds
        snapshot.processedMilliseconds = processedMilliseconds
        snapshot.meter = meter
        snapshot.archive = archive?.standing
        return snapshot
    }
}
