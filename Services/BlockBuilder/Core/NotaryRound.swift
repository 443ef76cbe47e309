import Cryptography
import Determinism

/// The notaries that a candidate is handed to, some at a time, until one has taken it (A12).
struct NotaryRound: Sendable {
    /// A notary that has not answered yet.
    private struct Asked: Sendable {
        var call: UInt64
        var node: String
        var since: Moment
    }

    let block: Digest
    /// Nodes that have not had their turn.
    private var waiting: ArraySlice<String>
    private var asked: [Asked] = []
    private(set) var isTaken = false

    init(of block: Digest, among nodes: [String]) {
        self.block = block
        waiting = nodes[...]
    }

    /// Whether somebody may still take it.
    var isOpen: Bool { isTaken || !asked.isEmpty }

    /// The next nodes' turn: whoever took it before has brought no certificate.
    mutating func next(_ count: Int) -> [String] {
        isTaken = false
        let nodes = Array(waiting.prefix(count))
        waiting = waiting.dropFirst(count)
        return nodes
    }

    mutating func note(_ call: UInt64, to node: String, at now: Moment) { asked.append(Asked(call: call, node: node, since: now)) }

    /// Somebody has answered; nil when nobody was asked with this call.
    mutating func end(_ call: UInt64, isTaken: Bool, at now: Moment) -> (node: String, elapsedMilliseconds: UInt64)? {
        guard let place = asked.firstIndex(where: { $0.call == call }) else { return nil }
        let ended = asked.remove(at: place)
        if isTaken { self.isTaken = true }
        return (ended.node, now.milliseconds(since: ended.since))
    }

    /// Who has not answered in time, and for how long; they are not waited for any more.
    mutating func giveUp(at now: Moment) -> [(node: String, elapsedMilliseconds: UInt64)] {
        defer { asked = [] }
        return asked.map { ($0.node, now.milliseconds(since: $0.since)) }
    }
}
