import Determinism
import Schema
import Wire

extension Bus {
    /// Takes a request and hands it to the least loaded replica, or to a linked bus that has one (BUS-21).
    mutating func takeCall(_ connection: Connection, _ call: PBCall, _ now: Moment) {
        let isAllowed = (connection.rights?.calls ?? rules.clientServices).contains { $0.matches(call.service) }
        guard isAllowed || connection.rights?.linkedSite != nil, Bus.isName(call.service) else {
            count(.forbiddenCall)
            reply(to: connection.peer, id: call.id, .forbidden)
            return overstepped(connection, "calls \(Bus.isName(call.service) ? call.service : "what is no service")", now)
        }
        let most = connection.rights == nil ? BusLimits.callsPerClient : BusLimits.callsPerMember
        guard calls.count < BusLimits.calls, connection.callingCount < most else {
            count(.overloaded)
            return reply(to: connection.peer, id: call.id, .overloaded)
        }
        let target: CallTable.Target
        switch chooseTarget(call.service, isLinked: connection.rights?.linkedSite != nil) {
        case .success(let chosen): target = chosen
        case .failure(let reason):
            count(reason == .overloaded ? .overloaded : .noService)
            return reply(to: connection.peer, id: call.id, reason)
        }
        let timeout = call.timeoutMilliseconds == 0 ? BusTiming.callDefaultMilliseconds : call.timeoutMilliseconds
        let bounded = min(timeout, BusTiming.callLongestMilliseconds)
        var forwarded = PBCall()
        forwarded.id = calls.nextID()
        forwarded.service = call.service
        forwarded.body = call.body
        forwarded.timeoutMilliseconds = bounded
        (forwarded.caller, forwarded.client) = origin(connection, call)
        let entry = CallTable.Entry(
            caller: connection.peer, callerID: call.id, call: forwarded, target: target,
            deadlineMilliseconds: now.monotonicMilliseconds + UInt64(bounded))
        calls.insert(forwarded.id, entry, nowMilliseconds: now.monotonicMilliseconds)
        connections[connection.peer]?.callingCount += 1
        count(.called)
        dispatch(entry, now)
    }

    /// Who a call came from: only a linked bus is believed when it names somebody else.
    private func origin(_ connection: Connection, _ call: PBCall) -> (caller: String, client: String) {
        guard let rights = connection.rights else { return (connection.user ?? connection.name, connection.name) }
        return rights.linkedSite == nil ? (connection.name, "") : (call.caller, call.client)
    }

    /// The replica with the fewest calls under way; among equals the one that was not chosen for longest.
    /// - Parameter isLinked: the call came from a linked bus and goes no further, so that no call can go in circles.
    private func chooseTarget(_ service: String, isLinked: Bool) -> Result<CallTable.Target, BusReason> {
        let all = (replicas[service] ?? []).compactMap { connections[$0] }
        let free = all.filter { $0.answeringCount < BusLimits.callsPerReplica }
        if let least = free.min(by: { ($0.answeringCount, $0.chosenAt) < ($1.answeringCount, $1.chosenAt) }) {
            return .success(.replica(least.peer))
        }
        guard all.isEmpty else { return .failure(.overloaded) }
        guard !isLinked else { return .failure(.noService) }
        let offering = links.filter { $0.value.services.contains(service) }
        guard let least = offering.min(by: { $0.value.callsUnderWay < $1.value.callsUnderWay }) else { return .failure(.noService) }
        guard least.value.callsUnderWay < BusLimits.callsPerMember else { return .failure(.overloaded) }
        return .success(.link(least.key))
    }

    /// Hands a call to its target.
    private mutating func dispatch(_ entry: CallTable.Entry, _ now: Moment) {
        switch entry.target {
        case .replica(let peer):
            lastChoice += 1
            connections[peer]?.answeringCount += 1
            connections[peer]?.chosenAt = lastChoice
            var frame = PBFromBus()
            frame.call = entry.call
            send(peer, frame, now)
        case .link(let site):
            links[site]?.callsUnderWay += 1
            effects.append(.callOverLink(site: site, entry.call))
        }
        wantBeat(now)
    }

    /// Hands a call that was not delivered to another target, or ends it.
    mutating func redispatch(_ id: UInt64, _ now: Moment) {
        guard let entry = calls[id] else { return }
        unload(entry.target)
        let isLinked = connections[entry.caller]?.rights?.linkedSite != nil
        switch chooseTarget(entry.call.service, isLinked: isLinked) {
        case .success(let target):
            calls.retarget(id, target)
            count(.movedCall)
            if let moved = calls[id] { dispatch(moved, now) }
        case .failure(let reason):
            guard let entry = calls.remove(id) else { return }
            connections[entry.caller]?.callingCount -= 1
            count(reason == .overloaded ? .overloaded : .noService)
            reply(to: entry.caller, id: entry.callerID, reason)
        }
    }

    /// Takes an answer from who was to give it (BUS-22).
    mutating func answer(_ reply: PBReply, by target: CallTable.Target, _ now: Moment) {
        guard let entry = calls[reply.id], entry.target == target else { return count(.lateReply) }
        _ = calls.remove(reply.id)
        release(entry)
        guard connections[entry.caller] != nil else { return count(.lateReply) }
        var frame = PBFromBus()
        frame.reply.id = entry.callerID
        if reply.error.isEmpty {
            frame.reply.body = reply.body
        } else {
            frame.reply.error = (BusReason(rawValue: reply.error) ?? .malformed).rawValue
        }
        count(.replied)
        send(entry.caller, frame, now)
    }

    /// Ends a call without an answer.
    mutating func end(_ id: UInt64, _ reason: BusReason, _ now: Moment) {
        guard let entry = calls.remove(id) else { return }
        release(entry)
        reply(to: entry.caller, id: entry.callerID, reason)
    }

    /// Frees what a call that left the table held.
    mutating func release(_ entry: CallTable.Entry) {
        unload(entry.target)
        connections[entry.caller]?.callingCount -= 1
    }

    private mutating func unload(_ target: CallTable.Target) {
        switch target {
        case .replica(let peer): connections[peer]?.answeringCount -= 1
        case .link(let site): links[site]?.callsUnderWay -= 1
        }
    }

    /// Tells a caller why there is no answer; who has gone need not know.
    mutating func reply(to peer: Peer, id: UInt64, _ reason: BusReason) {
        guard connections[peer] != nil else { return }
        var frame = PBFromBus()
        frame.reply.id = id
        frame.reply.error = reason.rawValue
        effects.append(.send(peer, frame))
    }

    /// Brings news to a client connection, here or at the bus that has it (BUS-26).
    mutating func takePush(_ connection: Connection, _ push: PBPush, _ now: Moment) {
        guard let rights = connection.rights, !rights.answers.isEmpty || rights.linkedSite != nil else {
            count(.forbiddenPush)
            reject(connection.peer, .forbidden, "only who answers services pushes to clients")
            return overstepped(connection, "pushes news to clients", now)
        }
        let site = push.client.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        if site == rules.site {
            guard let peer = clientPeers[push.client] else { return count(.unknownClient) }
            var frame = PBFromBus()
            frame.push = push
            count(.pushed)
            return send(peer, frame, now)
        }
        guard rights.linkedSite == nil, links[site] != nil else { return count(.unknownClient) }
        count(.pushed)
        effects.append(.pushOverLink(site: site, push))
    }
}
