import Cryptography

/// What the notary chain's state keeps of a notary node's candidacy: its newest one.
package struct CandidacyEntry: Hashable, Sendable {
    package let node: String
    package let key: PublicKey
    package let number: UInt64
    package let isWithdrawn: Bool

    package init(node: String, key: PublicKey, number: UInt64, isWithdrawn: Bool) {
        self.node = node
        self.key = key
        self.number = number
        self.isWithdrawn = isWithdrawn
    }

    /// The entry that a candidacy leaves.
    package init(_ candidacy: Candidacy) {
        self.init(node: candidacy.node, key: candidacy.key, number: candidacy.number, isWithdrawn: candidacy.isWithdrawn)
    }

    /// The exact bytes the state tree commits to: node padded to 32, key 32, number u64, withdrawn u8.
    package var encoded: [UInt8] { NodeName.padded(node) + key.bytes + number.bigEndianBytes + [isWithdrawn ? 1 : 0] }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == 73, let node = NodeName.read(bytes[0..<32]), let key = Digest(bytes[32..<64]), bytes[72] < 2 else { return nil }
        let number = bytes[64..<72].reduce(0) { $0 << 8 | UInt64($1) }
        self.init(node: node, key: PublicKey(key), number: number, isWithdrawn: bytes[72] == 1)
    }
}

/// What the notary chain's state keeps of a sub-chain node's ballot: its newest one.
package struct BallotEntry: Hashable, Sendable {
    package let chain: ChainID
    package let voter: PublicKey
    package let number: UInt64
    /// Ids of notary nodes, ascending, each once.
    package let approved: [String]

    package init(chain: ChainID, voter: PublicKey, number: UInt64, approved: [String]) {
        self.chain = chain
        self.voter = voter
        self.number = number
        self.approved = approved
    }

    /// The entry that a ballot leaves.
    package init(_ ballot: Ballot) {
        self.init(chain: ballot.chain, voter: ballot.voter, number: ballot.number, approved: ballot.approved)
    }

    /// The exact bytes the state tree commits to: chain padded to 32, voter 32, number u64, count u16, per node its id padded to 32.
    package var encoded: [UInt8] {
        chain.text.padded.bytes + voter.bytes + number.bigEndianBytes + UInt64(approved.count).bigEndianBytes.suffix(2)
            + approved.flatMap { NodeName.padded($0) }
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count >= 74, let chain = Digest(bytes[0..<32])?.paddedName.flatMap({ ChainID($0) }), let voter = Digest(bytes[32..<64])
        else { return nil }
        let count = Int(bytes[72]) << 8 | Int(bytes[73])
        guard count <= Limits.notaryNodes, bytes.count == 74 + 32 * count else { return nil }
        let approved = (0..<count).compactMap { NodeName.read(bytes[(74 + 32 * $0)..<(106 + 32 * $0)]) }
        guard approved.count == count, zip(approved, approved.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        self.init(
            chain: chain, voter: PublicKey(voter), number: bytes[64..<72].reduce(0) { $0 << 8 | UInt64($1) }, approved: approved)
    }
}

/// Ids of nodes: 1 to 32 of a-z, 0-9 and `-`, as chains have them.
package enum NodeName {
    /// Whether a text can be a node's id.
    package static func isValid(_ text: String) -> Bool { ChainID(text) != nil }

    /// An id's bytes, padded with zeros to 32.
    ///
    /// - Precondition: the id is valid.
    package static func padded(_ id: String) -> [UInt8] {
        guard let name = ChainID(id) else { preconditionFailure("a node's id has the form of a name") }
        return name.text.padded.bytes
    }

    /// Reads what `padded` wrote; nil for anything else.
    package static func read(_ bytes: some Collection<UInt8>) -> String? {
        Digest(Array(bytes))?.paddedName.flatMap { isValid($0) ? $0 : nil }
    }
}

extension Field {
    /// A node's id.
    static func nodeName(_ text: String, _ field: String) throws(WireFault) -> String {
        guard NodeName.isValid(text) else { throw WireFault(.invalid, field) }
        return text
    }
}
