import Cryptography
import Wire

/// Whether the notary chain has frozen a sub-chain, and where (R8), or whether it has left there (J-7). A chain that never was has no entry.
package struct ChainStatus: Hashable, Sendable {
    package let chain: ChainID
    /// False once it was thawed; true for a chain that has left.
    package let isFrozen: Bool
    /// Whether it has left: it is never thawed.
    package let hasLeft: Bool
    /// The recorded head it was frozen at; 0 and the genesis hash when nothing was recorded.
    package let height: Height
    package let hash: Digest
    /// Height of the notary block that froze or thawed it. A frozen chain that leaves keeps that of its freeze: it is the same end.
    package let notaryHeight: Height

    package init(chain: ChainID, isFrozen: Bool, hasLeft: Bool = false, height: Height, hash: Digest, notaryHeight: Height) {
        precondition(isFrozen || !hasLeft, "a chain that has left is frozen")
        self.chain = chain
        self.isFrozen = isFrozen
        self.hasLeft = hasLeft
        self.height = height
        self.hash = hash
        self.notaryHeight = notaryHeight
    }

    /// The exact bytes the state tree commits to: chain padded to 32, u8 1 frozen, 2 thawed or 3 left, height u64, hash 32,
    /// notary height u64.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let chain = reader.digest()?.paddedName.flatMap({ ChainID($0) }), let status = reader.number(UInt8.self),
            (1...3).contains(status), let height = reader.number(UInt64.self), let hash = reader.digest(),
            let notaryHeight = reader.number(UInt64.self), reader.isAtEnd
        else { return nil }
        self.init(chain: chain, isFrozen: status != 2, hasLeft: status == 3, height: height, hash: hash, notaryHeight: notaryHeight)
    }
}

extension ChainStatus: StateValue {
    var stateKey: Digest { StateKey.status(chain) }
    var valueByteCount: Int { 32 + 1 + 8 + 32 + 8 }

    func write(into writer: inout ValueWriter) {
        writer.put(chain.text.padded)
        writer.put(hasLeft ? UInt8(3) : isFrozen ? 1 : 2)
        writer.put(height)
        writer.put(hash)
        writer.put(notaryHeight)
    }
}
