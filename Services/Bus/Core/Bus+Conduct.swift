import Cryptography
import Determinism
import OrderedCollections
import Wire

/// How members have behaved (BUS-28). One that oversteps again and again is cut off for a while: it neither speaks nor hears.
struct Conduct: Sendable {
    /// What a member may still do against its rights before it is cut off.
    var oversteps: TokenBucket
    var subscriptions: TokenBucket
    /// People have been told of it.
    var isKnown = false

    init(now: Moment) {
        oversteps = TokenBucket(perSecond: BusLimits.overstepsPerSecond, burst: BusLimits.overstepsAtOnce, now: now)
        subscriptions = TokenBucket(perSecond: BusLimits.memberSubscriptionsPerSecond, burst: BusLimits.memberSubscriptions, now: now)
    }
}

extension Bus {
    /// A member did what its rights do not cover; nothing came of it. Clients have no rights to overstep, and little room to try.
    mutating func overstepped(_ connection: Connection, _ what: String, _ now: Moment) {
        guard connection.rights != nil else { return }
        let member = BusRules.member(ofInstance: connection.name)
        var conduct = conducts[member] ?? Conduct(now: now)
        let isTooMuch = !conduct.oversteps.take(now: now)
        if !conduct.isKnown {
            conduct.isKnown = true
            raise("overstep", "\(connection.name) \(what)", .warning, now)
        }
        conducts[member] = conduct
        if isTooMuch { cutOff(member, "it oversteps its rights again and again; last it \(what)", now) }
    }

    /// A member's connection subscribes.
    mutating func subscribed(_ user: String?, _ now: Moment) {
        subscriptionCount += 1
        if subscriptionCount > BusLimits.subscriptions { reopenFanOut() }
        guard let member = user, rules.members[member] != nil, cutOffs[member] == nil else { return }
        var conduct = conducts[member] ?? Conduct(now: now)
        let isTooMuch = !conduct.subscriptions.take(now: now)
        conducts[member] = conduct
        if isTooMuch { cutOff(member, "it subscribes to more than \(BusLimits.memberSubscriptions) topics", now) }
    }

    /// A member sends more frames than anybody needs to.
    mutating func flooded(_ connection: Connection, _ now: Moment) {
        cutOff(BusRules.member(ofInstance: connection.name), "it sends more than \(BusLimits.memberFramesPerSecond) frames a second", now)
    }

    /// Ends all connections of a member, and lets none of it in for a while.
    private mutating func cutOff(_ member: String, _ why: String, _ now: Moment) {
        guard cutOffs[member] == nil else { return }
        cutOffs[member] = now.monotonicMilliseconds + BusTiming.cutOffMilliseconds
        conducts[member] = nil
        count(.cutOff)
        raise("cut_off", "\(member) is cut off for \(BusTiming.cutOffMilliseconds / 1_000) s: \(why)", .critical, now)
        for connection in connections.values where connection.rights != nil && BusRules.member(ofInstance: connection.name) == member {
            reject(connection.peer, .cutOff, why)
            forget(connection.peer, now)
        }
        keepOut()
    }

    /// Lets those in again whose time is over.
    mutating func endCutOffs(_ now: Moment) {
        guard nextCutOffEndMilliseconds.map({ $0 <= now.monotonicMilliseconds }) ?? false else { return }
        cutOffs.removeAll { $0.value <= now.monotonicMilliseconds }
        effects.append(.keepOut(Array(cutOffs.keys)))
    }

    /// When the first of those who are cut off may come again; nil when nobody is.
    var nextCutOffEndMilliseconds: UInt64? { cutOffs.values.min() }

    /// Whether what a connection sends is not even looked at.
    func isCutOff(_ peer: Peer, _ user: String?) -> Bool {
        guard !cutOffs.isEmpty, !peer.door.isForClients else { return false }
        if let user { return cutOffs[user] != nil }
        return connections[peer].map { cutOffs[BusRules.member(ofInstance: $0.name)] != nil } ?? false
    }

    /// Keys were added or taken away, or rights changed (BUS-29): whoever may not be here any more goes at once.
    mutating func ruled(_ new: BusRules, withoutKey lost: [String], _ now: Moment) {
        precondition(new.site == rules.site && new.network == rules.network, "a bus keeps its site and network")
        replace(rules: new)
        for connection in connections.values where connection.rights != nil {
            let member = rules.members[connection.name] == nil ? BusRules.member(ofInstance: connection.name) : connection.name
            if let rights = rules.members[member], !lost.contains(member), connection.services.allSatisfy({ service in rights.answers.contains { $0.matches(service) } }) {
                connections[connection.peer]?.rights = rights
                continue
            }
            count(.revoked)
            warn("\(connection.name) may not be here any more")
            reject(connection.peer, .forbidden, "the configuration does not list this member, its key or its services any more")
            forget(connection.peer, now)
        }
        for member in lost {
            conducts[member] = nil
            cutOffs[member] = nil
        }
        effects.append(.keepOut(Array(cutOffs.keys)))
        if !lost.isEmpty { reopenFanOut() }
    }

    private mutating func keepOut() {
        effects.append(.keepOut(Array(cutOffs.keys)))
        reopenFanOut()
    }

    private mutating func reopenFanOut() {
        subscriptionCount = 0
        count(.reopenedFanOut)
        effects.append(.reopenFanOut)
    }

    /// The bus itself tells people: on the topic `alarm`, under its own name.
    private mutating func raise(_ code: String, _ detail: String, _ severity: Alarm.Severity, _ now: Moment) {
        let name = "bus@\(rules.site)"
        warn("\(code): \(detail)")
        let alarm = Message.alarm(Alarm(source: name, code: code, detail: detail, severity: severity))
        stampAndFanOut("alarm", alarm.encoded(), by: name, now)
    }
}
