/// Every topic of the bus; `C` in a comment is a chain id. A test holds this to docs/protocol.md.
package enum Topic: Hashable, Sendable {
    /// tx.C: collectors → the chain's builders
    case transactions(ChainID)
    /// candidate.C: builders (recorder on the notary chain) → validators, the chain's consensus, builders, collectors, recorders
    case candidate(ChainID)
    /// cert.C: validators and builders → builders, consensus
    case certification(ChainID)
    /// vote.C: consensus → consensus
    case vote(ChainID)
    /// final.C: consensus → everyone who follows the chain
    case final(ChainID)
    /// leg.C: validators → collectors and builders of C, validators of C
    case leg(ChainID)
    /// confirm.C: collectors → taps, collectors of C
    case confirm(ChainID)
    /// branch.C: validators of C → roles of the same notary
    case branch(ChainID)
    /// lead.C: consensus ↔ builder of one node
    case lead(ChainID)
    /// recorded.C: recorders → consensus of a pow chain
    case recorded(ChainID)
    /// header.notary: notary consensus → builders
    case notaryHeader
    /// handover: consensus and recorders → every role
    case handover
    /// joined: recorders → every role
    case joined
    /// evidence: any role → notaries
    case evidence
    /// election: recorders → recorders
    case election
    /// alarm: any role → people
    case alarm
    /// beat: any role → people
    case beat

    /// The name on the bus.
    package var name: String {
        switch self {
        case .transactions(let chain): "tx.\(chain)"
        case .candidate(let chain): "candidate.\(chain)"
        case .certification(let chain): "cert.\(chain)"
        case .vote(let chain): "vote.\(chain)"
        case .final(let chain): "final.\(chain)"
        case .leg(let chain): "leg.\(chain)"
        case .confirm(let chain): "confirm.\(chain)"
        case .branch(let chain): "branch.\(chain)"
        case .lead(let chain): "lead.\(chain)"
        case .recorded(let chain): "recorded.\(chain)"
        case .notaryHeader: "header.notary"
        case .handover: "handover"
        case .joined: "joined"
        case .evidence: "evidence"
        case .election: "election"
        case .alarm: "alarm"
        case .beat: "beat"
        }
    }

    /// The topic of this name; nil for none of ours.
    package init?(name: String) {
        switch name {
        case "header.notary": self = .notaryHeader
        case "handover": self = .handover
        case "joined": self = .joined
        case "evidence": self = .evidence
        case "election": self = .election
        case "alarm": self = .alarm
        case "beat": self = .beat
        default:
            guard let dot = name.firstIndex(of: "."), let chain = ChainID(String(name[name.index(after: dot)...])) else { return nil }
            switch name[..<dot] {
            case "tx": self = .transactions(chain)
            case "candidate": self = .candidate(chain)
            case "cert": self = .certification(chain)
            case "vote": self = .vote(chain)
            case "final": self = .final(chain)
            case "leg": self = .leg(chain)
            case "confirm": self = .confirm(chain)
            case "branch": self = .branch(chain)
            case "lead": self = .lead(chain)
            case "recorded": self = .recorded(chain)
            default: return nil
            }
        }
    }
}

/// What a process of a node does.
package enum Role: String, Hashable, Sendable, CaseIterable {
    case collector, builder, consensus, validator, recorder
}

/// One role instance: `collector.alpha@alpha-1/1`.
package struct RoleAddress: Hashable, Sendable, CustomStringConvertible {
    package var role: Role
    /// Chain it serves; for a validator the sub-chain it watches; `notary` for a recorder and the notaries' consensus.
    package var chain: ChainID
    package var node: String
    /// From 1.
    package var replica: Int

    package init(role: Role, chain: ChainID, node: String, replica: Int = 1) {
        self.role = role
        self.chain = chain
        self.node = node
        self.replica = replica
    }

    package var description: String { "\(role.rawValue).\(chain)@\(node)/\(replica)" }

    /// Parses `collector.alpha@alpha-1/1`.
    package init?(_ text: String) {
        // Every frame of another role brings such a name: it is read byte by byte, a string's characters would take much longer.
        let bytes = text.utf8
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), let dot = bytes[..<at].firstIndex(of: UInt8(ascii: ".")),
            let role = Role(rawValue: String(text[..<dot])), let chain = ChainID(String(text[bytes.index(after: dot)..<at]))
        else { return nil }
        let tail = bytes[bytes.index(after: at)...]
        guard let slash = tail.firstIndex(of: UInt8(ascii: "/")), slash > tail.startIndex, !tail.contains(UInt8(ascii: "@")),
            let replica = RoleAddress.number(tail[tail.index(after: slash)...])
        else { return nil }
        self.init(role: role, chain: chain, node: String(text[tail.startIndex..<slash]), replica: replica)
    }

    /// A replica's number. One instance has one name: `01` and `+1` are none.
    private static func number(_ digits: Substring.UTF8View) -> Int? {
        guard let first = digits.first, (49...57).contains(first), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(Substring(digits))
    }

    /// Service names it answers: of any node, and of its own.
    package var services: [String] {
        role == .builder ? [] : [Service.name(role, chain: chain), Service.name(role, chain: chain, node: node)]
    }
}

/// Names of services on the bus.
package enum Service {
    /// `collector.alpha`, or `collector.alpha@alpha-1` for one node's; a recorder is `recorder`.
    package static func name(_ role: Role, chain: ChainID, node: String? = nil) -> String {
        let base = role == .recorder ? role.rawValue : "\(role.rawValue).\(chain)"
        guard let node else { return base }
        return "\(base)@\(node)"
    }
}
