import Cryptography
import Determinism
import Schema
import Wire

extension Bus {
    /// Introduces a connection, or renews what is known of it (BUS-1, BUS-2).
    mutating func takeHello(_ peer: Peer, _ user: String?, _ hello: PBHello, _ now: Moment) {
        guard rules.versions.contains(hello.version) else {
            count(.wrongVersion)
            // Whoever knows an older one asks for that; a newer program is told to people.
            if hello.version > BusLimits.protocolVersion { warn("\(hello.name) speaks version \(hello.version), this bus \(spoken): upgrade this site") }
            return reject(peer, .wrongVersion, "this bus speaks \(spoken)")
        }
        guard Digest(hello.network) == rules.network else {
            count(.wrongNetwork)
            return reject(peer, .wrongNetwork, "this bus belongs to another network")
        }
        guard peer.door.isLocal == (user == nil), Bus.isName(hello.name) else {
            count(.wrongName)
            return reject(peer, .wrongName, "this is no name that may come in here")
        }
        if peer.door.isForClients {
            helloOfClient(peer, user, hello, now)
        } else {
            helloOfMember(peer, user, hello, now)
        }
    }

    /// Versions spoken here, for people.
    private var spoken: String {
        let (low, high) = (rules.versions.lowerBound, rules.versions.upperBound)
        return low == high ? "version \(low)" : "versions \(low) to \(high)"
    }

    private mutating func helloOfClient(_ peer: Peer, _ user: String?, _ hello: PBHello, _ now: Moment) {
        if let known = connections[peer], known.user == user {
            guard connections[peer]?.bucket.take(now: now) == true else { return count(.rateLimited) }
            return welcome(known, attempt: hello.attempt, now)
        }
        forget(peer, now)
        guard clientCount < BusLimits.clientConnections else {
            count(.overloaded)
            return reject(peer, .overloaded, "this bus has as many clients as it takes")
        }
        lastClient += 1
        clientCount += 1
        let name = "\(rules.site)/\(bootEpoch)-\(lastClient)"
        let connection = Connection(peer: peer, name: name, user: user, rights: nil, version: hello.version, now: now)
        connections[peer] = connection
        clientPeers[name] = peer
        welcome(connection, attempt: hello.attempt, now)
    }

    private mutating func helloOfMember(_ peer: Peer, _ user: String?, _ hello: PBHello, _ now: Moment) {
        let member = rules.members[hello.name] == nil ? BusRules.member(ofInstance: hello.name) : hello.name
        guard let rights = rules.members[member], user == nil || user == member else {
            count(.wrongName)
            return reject(peer, .wrongName, "the name is not the one of this transport key")
        }
        guard hello.services.count <= BusLimits.servicesPerReplica,
            hello.services.allSatisfy({ service in Bus.isName(service) && rights.answers.contains { $0.matches(service) } })
        else {
            count(.forbiddenReply)
            return reject(peer, .forbidden, "this member may not answer such services")
        }
        // A member that comes anew has lost its earlier connection, whether the bus knows that yet or not.
        if let earlier = memberPeers[hello.name], earlier != peer { forget(earlier, now) }
        if let known = connections[peer], known.name != hello.name || known.user != user { forget(peer, now) }
        guard connections[peer] != nil || connections.count - clientCount < BusLimits.memberConnections else {
            count(.overloaded)
            return reject(peer, .overloaded, "this bus has as many members as it takes")
        }
        let before = localServices
        var connection = connections[peer] ?? Connection(peer: peer, name: hello.name, user: user, rights: rights, version: hello.version, now: now)
        connection.version = hello.version
        setReplica(peer, from: connection.services, to: hello.services)
        connection.services = hello.services
        connections[peer] = connection
        memberPeers[hello.name] = peer
        welcome(connection, attempt: hello.attempt, now)
        tellServices(ifOtherThan: before, now)
    }

    private mutating func welcome(_ connection: Connection, attempt: UInt64, _ now: Moment) {
        var frame = PBFromBus()
        frame.welcome.site = rules.site
        frame.welcome.bootEpoch = bootEpoch
        frame.welcome.attempt = attempt
        if connection.version > BusLimits.oldestProtocolVersion { frame.welcome.version = connection.version }
        if let rights = connection.rights {
            frame.welcome.heads = logs.keys.map { head(of: $0) }
            frame.welcome.credit = UInt32(BusLimits.publishCredit)
            if rights.linkedSite != nil { frame.welcome.services = localServices }
        } else {
            frame.welcome.connection = connection.name
        }
        send(connection.peer, frame, now)
    }

    /// A clean leave: what it was to answer goes to others; it has promised not to have begun it (BUS-24).
    mutating func takeGoodbye(_ connection: Connection, _ now: Moment) {
        let before = localServices
        setReplica(connection.peer, from: connection.services, to: [])
        for id in calls.ids(for: .replica(connection.peer)) { redispatch(id, now) }
        forget(connection.peer, servicesBefore: before, now)
    }

    /// A frame could not be handed over: the connection has gone, or does not read.
    mutating func undeliverable(_ peer: Peer, _ frame: PBFromBus, _ now: Moment) {
        guard let connection = connections[peer] else { return }
        let before = localServices
        setReplica(peer, from: connection.services, to: [])
        // This call never left the bus, so it may go to another replica; the others may have been begun (BUS-23).
        if case .call(let call)? = frame.frame, calls[call.id]?.target == .replica(peer) { redispatch(call.id, now) }
        count(.forgottenConnection)
        forget(peer, servicesBefore: before, now)
    }

    /// Drops what is known of a connection, and ends the calls that it was to answer.
    /// - Parameter servicesBefore: what was answered here when this began; nil when that is now.
    mutating func forget(_ peer: Peer, servicesBefore: [String]? = nil, _ now: Moment) {
        guard let connection = connections[peer] else { return }
        let before = servicesBefore ?? localServices
        setReplica(peer, from: connection.services, to: [])
        connections.removeValue(forKey: peer)
        if connection.rights == nil {
            clientPeers[connection.name] = nil
            clientCount -= 1
        } else if memberPeers[connection.name] == peer {
            memberPeers[connection.name] = nil
        }
        for id in calls.ids(for: .replica(peer)) {
            count(.brokenCall)
            end(id, .noService, now)
        }
        tellServices(ifOtherThan: before, now)
    }

    private mutating func setReplica(_ peer: Peer, from old: [String], to new: [String]) {
        for service in old where !new.contains(service) {
            replicas[service]?.removeAll { $0 == peer }
            if replicas[service]?.isEmpty == true { replicas[service] = nil }
        }
        for service in new where replicas[service]?.contains(peer) != true { replicas[service, default: []].append(peer) }
    }

    /// Letters, digits and `. - _ / @`, at most `BusLimits.nameBytes`.
    static func isName(_ name: String) -> Bool {
        name.utf8.count <= BusLimits.nameBytes && BusTopic.isValid(name.split(separator: "@", omittingEmptySubsequences: false).joined())
    }

    // MARK: time

    mutating func tick(_ now: Moment) {
        for (_, entry) in calls.removeEnded(nowMilliseconds: now.monotonicMilliseconds) {
            count(.callTimeout)
            release(entry)
            reply(to: entry.caller, id: entry.callerID, .timeout)
        }
        if let beat = nextBeatMilliseconds, now.monotonicMilliseconds >= beat { self.beat(now) }
        if now.monotonicMilliseconds >= nextProbeMilliseconds { probe(now) }
        endCutOffs(now)
    }

    /// Makes sure that a head interval runs.
    mutating func wantBeat(_ now: Moment) {
        if nextBeatMilliseconds == nil { nextBeatMilliseconds = now.monotonicMilliseconds + BusTiming.headMilliseconds }
    }

    private mutating func beat(_ now: Moment) {
        tellQuietHeads(now)
        // A replica that owes answers is looked after: a router tells that a connection has gone only to who sends on it.
        let busy = connections.values.filter { $0.answeringCount > 0 }.map(\.peer)
        sendSign(to: busy, now)
        nextBeatMilliseconds = nil
        if !changed.isEmpty || !changedBefore.isEmpty || calls.count > 0 { wantBeat(now) }
    }

    /// A sign of life for those who got nothing for a while; it also finds out who has gone.
    private mutating func probe(_ now: Moment) {
        nextProbeMilliseconds = now.monotonicMilliseconds + BusTiming.probeMilliseconds
        let idle = connections.values.filter {
            $0.servedMilliseconds + BusTiming.probeMilliseconds / 2 <= now.monotonicMilliseconds
        }
        sendSign(to: idle.map(\.peer), now)
    }

    private mutating func sendSign(to peers: [Peer], _ now: Moment) {
        var frame = PBFromBus()
        frame.heads = PBTopicHeads()
        sendAll(peers, frame, now)
    }

    mutating func sendAll(_ peers: [Peer], _ frame: PBFromBus, _ now: Moment) {
        guard !peers.isEmpty else { return }
        for peer in peers { connections[peer]?.servedMilliseconds = now.monotonicMilliseconds }
        effects.append(.sendAll(peers, frame))
    }
}
