import Cryptography
import Wire

/// Invariant 7: every acknowledged transaction ends in exactly one way, and nobody is ever told otherwise.
package struct AcknowledgementOracle: Sendable {
    private struct Key: Hashable {
        var chain: ChainID
        var id: Digest
    }

    private struct Ending: Hashable {
        var height: Height
        var rejection: Reason?
        /// Whether the account that pays was there from the beginning.
        var isPaidFromGenesis: Bool
    }

    /// Accounts that a chain has from the beginning.
    private let genesis: [ChainID: Set<PublicKey>]
    private var acknowledged: [Key] = []
    private var isAcknowledged: Set<Key> = []
    private var endings: [Key: Ending] = [:]
    /// What clients were told of an end, before or after it was observed.
    private var told: [(key: Key, status: Status)] = []
    private var rejectedWithReason: [Key: Reason] = [:]

    /// A chain that can keep what it acknowledged from ending: corrupt to its last node, or dead.
    var corrupt: ChainID?

    /// Answers to submissions that say "never".
    private var refused: [(key: Key, reason: Reason)] = []

    package init(network: Network) {
        genesis = Dictionary(uniqueKeysWithValues: network.chains.map { ($0.id, Set($0.genesis.map(\.key))) })
    }

    package var acknowledgedCount: Int { acknowledged.count }

    /// Acknowledged transactions without a known end.
    package var open: [(chain: ChainID, id: Digest)] {
        acknowledged.filter { endings[$0] == nil && rejectedWithReason[$0] == nil && $0.chain != corrupt }.map { ($0.chain, $0.id) }
    }

    /// A collector accepted a transaction.
    package mutating func acknowledged(_ id: Digest, chain: ChainID, at time: UInt64) {
        let key = Key(chain: chain, id: id)
        if isAcknowledged.insert(key).inserted { acknowledged.append(key) }
    }

    /// A collector refused a transaction for good: a client that is told so stops asking.
    package mutating func refused(_ id: Digest, reason: Reason, chain: ChainID) {
        // A collector that has no such leg says so with unknown_cross, one that has not heard of a chain with chain_unknown; another one may know better.
        let mayComeLater: [Reason] = [.overloaded, .notReady, .notFound, .unknownCross, .chainUnknown]
        if !mayComeLater.contains(reason) { refused.append((Key(chain: chain, id: id), reason)) }
    }

    /// A block became final.
    package mutating func ended(_ block: ObservedBlock, at time: UInt64, _ findings: inout Findings) {
        for (transaction, outcome) in zip(block.transactions, block.outcomes) {
            let key = Key(chain: block.header.chain, id: transaction.id)
            if let before = endings[key] {
                findings.report(
                    .acknowledged, "\(key.id) is in \(key.chain) \(before.height) and again in \(block.header.height)", at: time)
            }
            let payers = AcknowledgementOracle.payers(of: transaction, on: key.chain)
            endings[key] = Ending(
                height: block.header.height, rejection: outcome.rejection, isPaidFromGenesis: genesis[key.chain]?.isSuperset(of: payers) ?? false)
        }
    }

    /// Accounts without which a transaction cannot be in a block.
    private static func payers(of transaction: Transaction, on chain: ChainID) -> [PublicKey] {
        switch transaction.kind {
        case .transfer(let transfer): [transfer.sender]
        case .lock(let order), .redeem(let order): [order.sender]
        case .bond(let order), .unbond(let order): [order.account]
        case .open(let cross): cross.legs.filter { $0.chain == chain }.map(\.debit)
        default: []
        }
    }

    /// A collector told a client of an end.
    package mutating func told(_ status: Status, chain: ChainID, at time: UInt64, _ findings: inout Findings) {
        let key = Key(chain: chain, id: status.id)
        switch status.state {
        case .rejected where status.height == 0:
            guard let reason = status.reason else {
                findings.report(.acknowledged, "\(status.id) was rejected without a reason", at: time)
                return
            }
            rejectedWithReason[key] = reason
        case .final, .rejected: told.append((key, status))
        default: break
        }
    }

    /// Judges at the end: nothing acknowledged is without an end, no answer contradicts the chain.
    package func finish(at time: UInt64, _ findings: inout Findings) {
        for key in acknowledged where endings[key] == nil && rejectedWithReason[key] == nil && key.chain != corrupt {
            findings.report(.acknowledged, "\(key.id) was acknowledged on \(key.chain) and has no end", at: time)
        }
        for key in acknowledged {
            if let ending = endings[key], ending.rejection == nil, let reason = rejectedWithReason[key] {
                findings.report(
                    .acknowledged, "\(key.id) is final at \(key.chain) \(ending.height), but a client was told \(reason.code)", at: time)
            }
        }
        for (key, reason) in refused {
            guard let ending = endings[key], ending.rejection == nil else { continue }
            // A collector that has not read the block yet which opened the account cannot know of it.
            if reason == .unknownPayer, !ending.isPaidFromGenesis { continue }
            findings.report(.acknowledged, "\(key.id) is final at \(key.chain) \(ending.height), but was refused for \(reason.code)", at: time)
        }
        for (key, status) in told {
            // A status may be asked for by xid, which is no transaction's id.
            guard let ending = endings[key] else { continue }
            let isRejected = status.state == .rejected
            if ending.height != status.height || isRejected != (ending.rejection != nil) || isRejected && ending.rejection != status.reason {
                findings.report(
                    .acknowledged, "\(key.id): told \(status.state.code) at \(status.height), is at \(ending.height)", at: time)
            }
        }
    }
}
