/// What an audit judges. Numbers 1 to 9 are the invariants of docs/protocol.md; 0 is the data itself.
package enum Invariant: Int, Sendable, CaseIterable, Comparable {
    /// Something that should be there cannot be read.
    case readable = 0
    /// Per chain and asset nothing appears, vanishes or goes negative.
    case conservation = 1
    /// Per peg, what is in custody is what is out on the side chain and on its way.
    case bridge = 2
    /// One final block per height, and what the notaries recorded is that block.
    case oneFinal = 3
    /// Every final block carries both certificates: a quorum, distinct signers, right epoch, right statement.
    case certificates = 4
    /// A cross transaction is settled everywhere or refunded everywhere, and never without the proof that allows it.
    case allOrNothing = 5
    /// What a collector acknowledged ends in one outcome.
    case acknowledged = 7
    /// Replaying a chain from genesis gives every header, outcome and state root that was stored.
    case replay = 8
    /// No node signs two votes for one chain, epoch, slot and duty.
    case votes = 9

    package static func < (left: Invariant, right: Invariant) -> Bool { left.rawValue < right.rawValue }

    /// What the invariant says, for people.
    package var title: String {
        switch self {
        case .readable: "the data can be read"
        case .conservation: "nothing is created, lost or negative"
        case .oneFinal: "one final block per height, and the notaries recorded that one"
        case .certificates: "every final block carries both quorum certificates"
        case .bridge: "what pegs have in custody is what is out on the side chain and on its way"
        case .allOrNothing: "cross payments settle everywhere or are refunded everywhere"
        case .acknowledged: "every acknowledged transaction has one outcome"
        case .replay: "replaying from genesis gives what was stored"
        case .votes: "no node voted twice"
        }
    }

    /// What it means when it is broken, and where to look.
    package var meaning: String {
        switch self {
        case .readable: "part of the folder is damaged or missing, so what it holds could not be judged; restore it or copy it from another node"
        case .conservation: "money appeared, vanished or was spent twice on this chain; no balance of the asset can be trusted"
        case .oneFinal: "two histories of one chain exist, or the notaries vouch for another one than the nodes keep; the chain is corrupt or a store was altered"
        case .certificates: "a block was adopted without the signatures that make it final, or its signatures were altered afterwards"
        case .bridge: "value stands on a side chain that nothing is locked for, or is locked for nothing"
        case .allOrNothing: "one side of an exchange happened without the other, or could have"
        case .acknowledged: "a client was told that its transaction is taken, and it has neither an outcome nor a place in a queue"
        case .replay: "what is stored is not what the rules give: a block breaks a rule or was altered after it became final"
        case .votes: "a node contradicted itself; that is how two histories begin. Stop that node and ask its operator"
        }
    }
}

/// One thing that is wrong, and where.
package struct Violation: Sendable, Hashable {
    package var invariant: Invariant
    /// Empty when it concerns no single chain.
    package var chain: String
    /// 0 when it concerns no single block.
    package var height: UInt64
    /// Node or store it was found at; empty when every copy says so.
    package var node: String
    /// One sentence.
    package var detail: String

    package init(_ invariant: Invariant, chain: String = "", height: UInt64 = 0, node: String = "", _ detail: String) {
        self.invariant = invariant
        self.chain = chain
        self.height = height
        self.node = node
        self.detail = detail
    }
}
