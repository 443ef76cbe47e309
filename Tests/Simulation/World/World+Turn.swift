import RoleKit
import Wire

extension World {
    /// Starts (again) from what the disk holds.
    func start(_ instance: Instance) {
        instance.restartPending = false
        guard !instance.isRunning, !isDead(instance) else { return }
        instance.life += 1
        instance.timers.removeAll()
        instance.mining = nil
        instance.load = 0
        instance.pausedUntil = 0
        let recovered = instance.disk.recovered(instance.kind.recoveredTables + [.joined])
        let context = instance.context.grown(by: recovered[.joined])
        var core = instance.kind.make(context: context, recovered: recovered)
        if instance.isByzantine { core = ByzantineCore(core, context: context, habits: instance.habits, seed: random.next()) }
        instance.core = core
        if let conspiracy { conspire(instance, conspiracy) }
        for topic in core.subscriptions {
            let position = self.position(of: topic)
            if !subscribers[position].contains(instance.index) { subscribers[position].append(instance.index) }
        }
        log?(now, "\(instance.name) starts, life \(instance.life)")
        turn(instance, .started)
    }

    /// The position of a topic, given as it is first heard of.
    func position(of topic: Topic) -> Int {
        if let position = topicPositions[topic] { return position }
        topicPositions[topic] = subscribers.count
        subscribers.append([])
        return subscribers.count - 1
    }

    /// One turn of a core: apply, commit, send; with a crash at a drawn point when the seed has them.
    func turn(_ instance: Instance, _ input: RoleInput) {
        let moment = instance.clock.moment(at: now)
        guard let effects = instance.apply(input, at: moment) else { return }
        if instance.isByzantine, let liar = instance.core as? ByzantineCore { tally.add(liar.told) }
        trace.mix(now)
        trace.mix(UInt64(instance.index) << 32 | UInt64(effects.count))
        if effects.isEmpty { return }
        let crash = drawCrash()
        if crash == .crashBeforeCommit {
            self.crash(instance, .crashBeforeCommit)
            return
        }
        guard commit(effects, of: instance) else { return }
        if crash == .crashAfterCommit {
            self.crash(instance, .crashAfterCommit)
            return
        }
        var sendsLeft = crash == .crashWhileSending ? random.below(UInt64(effects.count)) : UInt64.max
        for effect in effects {
            guard sendsLeft > 0 else {
                self.crash(instance, .crashWhileSending)
                return
            }
            if World.isSend(effect) { sendsLeft -= sendsLeft == UInt64.max ? 0 : 1 }
            perform(effect, of: instance)
        }
        if crash == .crashWhileSending { self.crash(instance, .crashWhileSending) }
        for case .networkGrew in effects { return beginAnew(instance) }
    }

    /// A chain has joined: the shell starts the core anew, from what it has stored (A16).
    private func beginAnew(_ instance: Instance) {
        guard instance.isRunning else { return }
        instance.disk.sync()
        instance.core = nil
        instance.life += 1
        instance.timers.removeAll()
        start(instance)
    }

    private func drawCrash() -> FaultKind? {
        guard isFaulty, plan.crashPerMillion > 0 else { return nil }
        guard !crashPoints.isEmpty, random.chance(perMillion: plan.crashPerMillion) else { return nil }
        return crashPoints[Int(random.below(UInt64(crashPoints.count)))]
    }

    /// Commits what the turn persists. False when the store refused and the role is stopped.
    private func commit(_ effects: [RoleEffect], of instance: Instance) -> Bool {
        var operations: [StoreOperation] = []
        var sends = false
        for effect in effects {
            if case .persist(let more) = effect { operations.append(contentsOf: more) }
            if World.isSend(effect) { sends = true }
        }
        guard !operations.isEmpty || sends else { return true }
        do {
            try instance.disk.commit(operations, synced: sends || !plan.has(.unsyncedVanish) || !isFaulty)
        } catch {
            if !instance.isByzantine { judge.voteRefused(error, by: instance.address, at: now) }
            instance.core = nil
            return false
        }
        if !operations.isEmpty, !instance.isByzantine { judge.stored(operations, by: instance.address, at: now) }
        return true
    }

    private static func isSend(_ effect: RoleEffect) -> Bool {
        switch effect {
        case .publish, .call, .reply, .push: true
        default: false
        }
    }

    private func perform(_ effect: RoleEffect, of instance: Instance) {
        switch effect {
        case .persist: break
        case .unusable(let fault): fatalError("\(instance.name) cannot use what it stored itself: \(fault)")
        case .publish(let topic, let message): publish(message, on: topic, by: instance)
        case .call(let id, let service, let request, let timeout):
            call(service, request, from: .instance(instance.index, life: instance.life, id: id), timeoutMilliseconds: timeout)
        case .reply(let token, let response): reply(token, response, by: instance)
        case .push(let client, let notice): push(notice, to: client, by: instance)
        case .setTimer(let id, let delay):
            lastGeneration += 1
            instance.timers[id] = lastGeneration
            queue.push(
                .timer(instance: instance.index, life: instance.life, id, generation: lastGeneration), at: now + max(1, delay * 1_000))
        case .cancelTimer(let id): instance.timers[id] = nil
        case .check(let token, let checks):
            let answers = checks.map(memo.holds)
            queue.push(
                .input(instance: instance.index, life: instance.life, .checked(token: token, answers)), at: now + 50 + random.below(500))
        case .read(let token, let table, let from, let limit):
            let rows = instance.disk.rows(table, from: from, limit: limit)
            queue.push(
                .input(instance: instance.index, life: instance.life, .rows(token: token, rows)), at: now + 50 + random.below(500))
        case .find(let token, let table, let key, let limit):
            let rows = instance.disk.places(table, of: key, limit: limit)
            queue.push(
                .input(instance: instance.index, life: instance.life, .rows(token: token, rows)), at: now + 50 + random.below(500))
        case .mine(let token, let job): mine(job, token: token, by: instance)
        case .stopMining: instance.mining = nil
        case .count(let counter, let amount): counters[counter, default: 0] += amount
        case .raise(let code, let detail, let severity):
            let alarm = Alarm(source: instance.name, code: code, detail: detail, severity: severity)
            alarms.append(alarm)
            if !instance.isByzantine { judge.raised(alarm, at: now) }
            log?(now, "\(instance.name) raises \(code): \(detail)")
        case .networkGrew: break
        case .note(let line): log?(now, "\(instance.name): \(line)")
        }
    }

    /// The process dies; a new one starts after a drawn while.
    func crash(_ instance: Instance, _ kind: FaultKind) {
        guard instance.isRunning else { return }
        tally.add(kind)
        log?(now, "\(instance.name) dies (\(kind.code))")
        instance.core = nil
        instance.life += 1
        instance.timers.removeAll()
        if plan.has(.unsyncedVanish) {
            let lost = instance.disk.loseUnsynced()
            if lost > 0 { tally.add(.unsyncedVanish, UInt64(lost)) }
        }
        if !instance.restartPending {
            instance.restartPending = true
            queue.push(.start(instance: instance.index), at: now + 20_000 + random.below(max(1, plan.longestMicroseconds)))
        }
    }
}
