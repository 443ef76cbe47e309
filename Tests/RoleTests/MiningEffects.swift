import Cryptography
import RoleKit
import Wire

extension [RoleEffect] {
    /// Headers to be mined, with the tokens of their jobs.
    var jobs: [(token: UInt64, job: MiningJob)] {
        compactMap { if case .mine(let token, let job) = $0 { (token, job) } else { nil } }
    }

    var stopsMining: Bool { contains { if case .stopMining = $0 { true } else { false } } }

    /// What a validator tells of notarized blocks: hash, and whether it would have it recorded.
    var notarized: [Said] {
        published.compactMap { if case .notarized(let item) = $0 { Said(item.header.hash, item.isConfirmed) } else { nil } }
    }

    var recorded: [Recorded] { published.compactMap { if case .recorded(let item) = $0 { item } else { nil } } }

    /// Blocks that are asked for by hash.
    var asked: [Digest] { calls.compactMap { if case .fetchBlock(_, let hash) = $0.request { hash } else { nil } } }
}

/// A notarized block and what is said of it.
struct Said: Hashable {
    var block: Digest
    var isConfirmed: Bool

    init(_ block: Digest, _ isConfirmed: Bool) {
        self.block = block
        self.isConfirmed = isConfirmed
    }
}

extension MiningJob {
    /// The header that is to be mined.
    func header() throws -> BlockHeader { try BlockHeader(decoding: header) }

    /// The first nonce that does.
    var nonce: UInt64 {
        var search = NonceSearch(self)
        while true {
            if let nonce = search.search(256) { return nonce }
        }
    }

    /// A nonce that does not.
    func wrongNonce() throws -> UInt64 {
        var fields = try header().fields
        repeat { fields.workNonce += 1 } while WorkRule.isMet(target, by: BlockHeader(fields).hash)
        return fields.workNonce
    }
}
