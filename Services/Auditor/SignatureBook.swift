import Dispatch
import Synchronization

/// A signature that must stand, and what it means when it does not.
struct SignatureClaim: Sendable {
    var key: Bytes
    var signature: Bytes
    var message: Bytes
    var otherwise: Violation
}

/// Every signature the audit meets, each checked once however often it is met.
struct SignatureBook {
    private var claims: [SignatureClaim] = []
    private var known: Set<Bytes> = []

    var count: Int { claims.count }

    mutating func add(_ claim: SignatureClaim) {
        guard known.insert(Sodium.hash(claim.key + claim.signature + claim.message)).inserted else { return }
        claims.append(claim)
    }

    /// Threads that share the checks.
    private static let threads = 2

    /// Checks everything.
    /// - Returns: what does not stand, in the order it was met.
    func judge() -> [Violation] {
        let claims = claims
        let failed = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: SignatureBook.threads) { thread in
            var mine: [Int] = []
            for index in stride(from: thread, to: claims.count, by: SignatureBook.threads) {
                let claim = claims[index]
                if !Sodium.verify(claim.signature, of: claim.message, by: claim.key) { mine.append(index) }
            }
            failed.withLock { $0 += mine }
        }
        return failed.withLock { $0.sorted().map { claims[$0].otherwise } }
    }
}
