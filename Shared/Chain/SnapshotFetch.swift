import Cryptography
import Ledger
import RoleKit
import Wire

/// A snapshot that was fetched from peers and found to be the state of a final block.
package struct FetchedSnapshot: Sendable {
    package var manifest: SnapshotManifest
    package var ledger: LedgerState

    package var final: FinalHeader { manifest.final }
    package var stored: StoredSnapshot { StoredSnapshot(height: final.header.height, partCount: manifest.parts.count) }
}

/// Fetches a snapshot, part by part, from one peer after the other until one gives a whole and true one (V-9).
///
/// No peer is trusted: the header is shown to be final by its certificates, each part has the hash that the description says, and the
/// state made of all of them has the header's state root. Parts go into the store as they come.
package struct SnapshotFetch: Sendable {
    /// What came of an answer.
    package struct Step: Sendable {
        package var effects: [RoleEffect] = []
        package var snapshot: FetchedSnapshot?
        /// No peer had one: the blocks are to be fetched instead.
        package var hasFailed = false
    }

    private struct Loading: Sendable {
        var manifest: SnapshotManifest
        var loader: SnapshotLoader
        var next = 0
    }

    private let chain: ChainID
    private let network: Network
    private var checker: CertificateChecker
    private let services: [String]
    private let firstCall: UInt64
    private var callCount: UInt64 = 0
    private var outstanding: UInt64?
    private var loading: Loading?
    /// Only a snapshot above this height is of use.
    private var height: Height = 0
    /// No snapshot above this one may be used.
    private var ceiling: Height = .max
    /// Peers tried since the fetch began.
    private var tried = 0
    /// Whom to ask first the next time.
    private var turn = 0
    /// Fetches in a row that came to nothing.
    private var failures = 0

    /// Calls reserved for one fetcher.
    package static let callRange: UInt64 = 1 << 31
    /// After so many fetches that came to nothing, only blocks are fetched.
    private static let failuresMaximum = 3

    /// - Parameter nodes: nodes of the chain to ask, in order.
    /// - Parameter calls: call numbers from here to `callRange` above belong to the fetcher.
    package init(book: ElectorateBook, chain: ChainID, verify: @escaping @Sendable (SignatureCheck) -> Bool, nodes: [String], calls: UInt64) {
        network = book.network
        self.chain = chain
        checker = CertificateChecker(book: book, verify: verify)
        services = nodes.map { Service.name(.consensus, chain: chain, node: $0) }
        firstCall = calls
    }

    /// Whether a fetch is under way.
    package var isBusy: Bool { outstanding != nil }
    /// Whether it makes sense to begin one.
    package var mayBegin: Bool { !isBusy && !services.isEmpty && failures < SnapshotFetch.failuresMaximum }

    /// Begins to fetch a snapshot above a height.
    ///
    /// - Precondition: `mayBegin`.
    package mutating func begin(above height: Height, through ceiling: Height = .max) -> [RoleEffect] {
        precondition(mayBegin, "one snapshot is fetched at a time")
        self.height = height
        self.ceiling = ceiling
        tried = 0
        return ask(height: ceiling, part: 0)
    }

    /// - Returns: nil when the call is not the fetcher's.
    package mutating func answered(call: UInt64, _ response: Response) -> Step? {
        guard call > firstCall, call <= firstCall + SnapshotFetch.callRange else { return nil }
        guard call == outstanding else { return Step() }
        outstanding = nil
        switch response {
        case .snapshot(let manifest) where loading == nil: return describe(manifest)
        case .snapshotPart(let part) where loading != nil: return take(part)
        default: return tryNext(isFault: false)
        }
    }

    private mutating func describe(_ manifest: SnapshotManifest) -> Step {
        let header = manifest.final.header
        guard header.chain == chain, checker.fault(in: manifest.final) == nil else { return tryNext(isFault: true) }
        guard header.height > height, header.height <= ceiling else { return tryNext(isFault: false) }
        loading = Loading(manifest: manifest, loader: SnapshotLoader(network: network, chain: chain))
        return Step(effects: ask(height: header.height, part: 1))
    }

    private mutating func take(_ part: [UInt8]) -> Step {
        guard var current = loading, SnapshotManifest.partHash(part) == current.manifest.parts[current.next],
            (try? current.loader.add(part)) != nil
        else { return tryNext(isFault: true) }
        let header = current.manifest.final.header
        let row = StoreOperation.put(.snapshotParts, key: StoredSnapshot.key(header.height, current.next), value: part)
        current.next += 1
        guard current.next == current.manifest.parts.count else {
            loading = current
            return Step(effects: [.persist([row])] + ask(height: header.height, part: current.next + 1))
        }
        guard let ledger = try? current.loader.finish(header) else { return tryNext(isFault: true) }
        loading = nil
        failures = 0
        return Step(
            effects: [.persist([row, .put(.snapshots, key: header.height, value: current.manifest.encoded)]), .count(.caughtUp, by: 1)],
            snapshot: FetchedSnapshot(manifest: current.manifest, ledger: ledger))
    }

    private mutating func tryNext(isFault: Bool) -> Step {
        loading = nil
        tried += 1
        turn = (turn + 1) % services.count
        let counted: [RoleEffect] = isFault ? [.count(.peerFault, by: 1)] : []
        guard tried < services.count else {
            failures += 1
            return Step(effects: counted, hasFailed: true)
        }
        return Step(effects: counted + ask(height: ceiling, part: 0))
    }

    private mutating func ask(height: Height, part: Int) -> [RoleEffect] {
        callCount = callCount % SnapshotFetch.callRange + 1
        let call = firstCall + callCount
        outstanding = call
        return [
            .call(
                call, service: services[turn], .fetchSnapshot(chain: chain, height: height, part: part),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 8)
        ]
    }
}
