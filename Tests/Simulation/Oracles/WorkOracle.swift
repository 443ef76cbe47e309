import Cryptography
import Wire

/// Every recorded block of a mined chain has the target that follows from its parent and its own time, and a hash that meets it.
/// Computed here by code of its own.
package struct WorkOracle: Sendable {
    private struct Parent {
        var target: UInt64
        var time: UInt64
        var hash: Digest
    }

    private let network: Network
    private var recorded: [ChainID: Parent] = [:]
    /// Notarized blocks by chain and height.
    private var notarized: [ChainID: [Height: Set<Digest>]] = [:]
    /// What each node last mined on.
    private var tips: [String: Lead] = [:]
    package private(set) var rules = RuleTally()

    package init(network: Network) { self.network = network }

    /// The notary chain records a block; records come in order.
    package mutating func recorded(_ final: FinalHeader, at time: UInt64, _ findings: inout Findings) {
        let fields = final.header.fields
        let place = "\(fields.chain) \(fields.height)"
        guard let chain = network.chain(fields.chain), let rule = chain.work else {
            findings.report(.certificates, "\(place) is recorded before it is final, and is not of a mined chain", at: time)
            return
        }
        let easiest = max(UInt64.max / rule.difficulty, 65_535)
        let parent = recorded[fields.chain] ?? Parent(
            target: easiest, time: chain.genesisTime,
            hash: ReplayOracle.genesisHash(of: fields.chain, network))
        if fields.parent != parent.hash {
            findings.report(.singleHistory, "\(place) is recorded on \(fields.parent), and \(parent.hash) was recorded before it", at: time)
        }
        let share = parent.target / rule.window
        let elapsed = min(fields.time - min(parent.time, fields.time), 4 * rule.intervalMilliseconds)
        // share * elapsed / interval, by whole intervals and the rest, so that nothing overflows.
        let interval = rule.intervalMilliseconds
        var target = parent.target - share
        for part in [share / interval * elapsed, share % interval * elapsed / interval] {
            target = UInt64.max - target < part ? UInt64.max : target + part
        }
        target = min(max(target, 65_535), easiest)
        if fields.workTarget != target {
            findings.report(.certificates, "\(place) names the work target \(fields.workTarget) instead of \(target)", at: time)
        }
        let hash = Blake2b.hash(Array("concordat/1/block".utf8) + [0] + final.header.bytes)
        let leading = hash.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if leading > target { findings.report(.certificates, "\(place) was not mined: its hash is above its target", at: time) }
        if fields.slot != fields.height || fields.workNonce == 0 {
            findings.report(.certificates, "\(place) has slot \(fields.slot) and nonce \(fields.workNonce)", at: time)
        }
        rules.add(.minedBlock)
        if fields.workTarget != parent.target { rules.add(.retarget) }
        recorded[fields.chain] = Parent(target: fields.workTarget, time: fields.time, hash: hash)
    }

    /// Notaries have signed a block of a mined chain.
    package mutating func certified(_ header: BlockHeader) {
        guard notarized[header.chain, default: [:]][header.height, default: []].insert(header.hash).inserted else { return }
        if notarized[header.chain]?[header.height]?.count == 2 { rules.add(.minedFork) }
    }

    /// A node mines on a block.
    package mutating func mines(_ lead: Lead) {
        guard network.chain(lead.chain)?.engine == .pow else { return }
        if let former = tips.updateValue(lead, forKey: lead.node), former.parentHeight >= lead.parentHeight, former.parent != lead.parent {
            rules.add(.branchLeft)
        }
    }
}
