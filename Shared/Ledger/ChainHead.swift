import Cryptography
import Wire

/// The newest block of a sub-chain that the notary chain has recorded (A8).
package struct ChainHead: Hashable, Sendable {
    package let chain: ChainID
    package let height: Height
    package let hash: Digest
    package let time: ChainTime

    package init(chain: ChainID, height: Height, hash: Digest, time: ChainTime) {
        self.chain = chain
        self.height = height
        self.hash = hash
        self.time = time
    }

    /// The exact bytes the state tree commits to: chain padded to 32, height u64, hash 32, time u64.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let chain = reader.digest()?.paddedName.flatMap({ ChainID($0) }), let height = reader.number(UInt64.self),
            let hash = reader.digest(), let time = reader.number(UInt64.self), reader.isAtEnd
        else { return nil }
        self.init(chain: chain, height: height, hash: hash, time: time)
    }
}

extension ChainHead: StateValue {
    var stateKey: Digest { StateKey.head(chain) }
    var valueByteCount: Int { 32 + 8 + 32 + 8 }

    func write(into writer: inout ValueWriter) {
        writer.put(chain.text.padded)
        writer.put(height)
        writer.put(hash)
        writer.put(time)
    }
}
