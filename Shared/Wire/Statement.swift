import Cryptography

/// What a Simplex vote says.
package enum VoteKind: UInt8, Hashable, Sendable, CaseIterable {
    /// The block is a valid candidate of the slot.
    case notar = 1
    /// The slot may be passed over.
    case skip = 2
    /// The block is final.
    case final = 3
}

/// What a vote or certificate states about a slot of a chain.
package struct Statement: Hashable, Sendable {
    package var chain: ChainID
    package var epoch: Epoch
    package var slot: Slot
    package var kind: VoteKind
    /// The block; `Digest.zero` for a skip.
    package var hash: Digest

    package init(chain: ChainID, epoch: Epoch, slot: Slot, kind: VoteKind, hash: Digest) {
        self.chain = chain
        self.epoch = epoch
        self.slot = slot
        self.kind = kind
        self.hash = hash
    }

    /// Whether it says that this block is final.
    func names(_ header: BlockHeader) -> Bool {
        kind == .final && chain == header.chain && hash == header.hash && slot == header.slot
    }

    /// The signed payload: chain padded to 32, epoch, slot, kind, hash; numbers big-endian.
    package var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(81)
        chain.text.padded.append(to: &bytes)
        epoch.append(to: &bytes)
        slot.append(to: &bytes)
        bytes.append(kind.rawValue)
        hash.append(to: &bytes)
        return bytes
    }
}

/// What a notary states when it signs a candidate (S860).
package struct NotaryStatement: Hashable, Sendable {
    package var chain: ChainID
    package var epoch: Epoch
    package var slot: Slot
    package var height: Height
    package var hash: Digest

    package init(chain: ChainID, epoch: Epoch, slot: Slot, height: Height, hash: Digest) {
        self.chain = chain
        self.epoch = epoch
        self.slot = slot
        self.height = height
        self.hash = hash
    }

    /// The statement about a candidate, by the notaries of `epoch`.
    package init(_ header: BlockHeader, epoch: Epoch) {
        self.init(chain: header.chain, epoch: epoch, slot: header.slot, height: header.height, hash: header.hash)
    }

    /// The signed payload: chain padded to 32, epoch, slot, height, hash; numbers big-endian.
    package var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(88)
        chain.text.padded.append(to: &bytes)
        epoch.append(to: &bytes)
        slot.append(to: &bytes)
        height.append(to: &bytes)
        hash.append(to: &bytes)
        return bytes
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// Most significant byte first.
    package var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }

    /// Adds its bytes to others, the most significant first.
    func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }
}
