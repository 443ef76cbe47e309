import Cryptography
import Determinism
import RoleKit
import Wire

/// Whom to ask for what is missing, and when to ask the next.
struct CatchUp: Sendable {
    let peers: [String]
    let chain: ChainID
    let timing: Timing
    /// Services asked beside the peers' for bodies.
    private let others: [String]
    private var attempt: UInt64 = 0
    private var calls: UInt64 = 0
    /// The call for final blocks under way.
    private(set) var blocksCall: UInt64?
    /// Calls for bodies under way.
    private var bodyCalls: [UInt64: Digest] = [:]
    var isTimerSet = false

    /// Bodies asked for at once.
    static let bodiesAtOnce = 8

    /// - Parameter others: services that may have bodies as well.
    init(peers: [String], chain: ChainID, timing: Timing, others: [String] = []) {
        self.others = others
        self.peers = peers
        self.chain = chain
        self.timing = timing
    }

    /// The wait before the next question: doubles while nothing comes of them.
    var waitMilliseconds: UInt64 { timing.fetchMilliseconds << min(attempt, 4) }

    mutating func askBlocks(from height: Height) -> RoleEffect? {
        guard blocksCall == nil, let service = nextPeer() else { return nil }
        calls += 1
        blocksCall = calls
        return .call(
            calls, service: service, .fetchBlocks(chain: chain, from: height, limit: Limits.blocksPerAnswer),
            timeoutMilliseconds: timing.fetchMilliseconds * 4)
    }

    mutating func askBody(_ hash: Digest) -> RoleEffect? {
        guard bodyCalls.count < CatchUp.bodiesAtOnce, !bodyCalls.values.contains(hash), let service = nextBodyService() else { return nil }
        calls += 1
        bodyCalls[calls] = hash
        return .call(
            calls, service: service, .fetchBlock(chain: chain, hash: hash), timeoutMilliseconds: timing.fetchMilliseconds * 2)
    }

    /// What an answered call was for.
    enum Purpose { case blocks, body, none }

    mutating func finish(_ call: UInt64) -> Purpose {
        if call == blocksCall {
            blocksCall = nil
            return .blocks
        }
        return bodyCalls.removeValue(forKey: call) == nil ? .none : .body
    }

    mutating func succeeded() { attempt = 0 }

    private mutating func nextBodyService() -> String? {
        let services = peers.map { Service.name(.consensus, chain: chain, node: $0) } + others
        guard !services.isEmpty else { return nil }
        defer { attempt += 1 }
        return services[Int(attempt % UInt64(services.count))]
    }

    private mutating func nextPeer() -> String? {
        guard !peers.isEmpty else { return nil }
        let peer = peers[Int(attempt % UInt64(peers.count))]
        attempt += 1
        return Service.name(.consensus, chain: chain, node: peer)
    }
}
