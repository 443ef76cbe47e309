import Cryptography
import Schema

/// A block's header; its hash names the block.
package struct BlockHeader: Hashable, Sendable {
    /// Shared by all copies: headers are wide, and travel through every role inside larger values.
    private final class Content: Sendable {
        let bytes: [UInt8]
        let hash: Digest
        let fields: Fields

        init(bytes: [UInt8], fields: Fields) {
            self.bytes = bytes
            self.fields = fields
            hash = Blake2b.hash(.block, bytes)
        }
    }

    private let content: Content

    /// Exact bytes received.
    package var bytes: [UInt8] { content.bytes }
    /// Hash of `bytes` under domain `block`.
    package var hash: Digest { content.hash }
    package var fields: Fields { content.fields }

    /// What a header says.
    package struct Fields: Hashable, Sendable {
        package var chain: ChainID
        package var height: Height
        package var epoch: Epoch
        package var slot: Slot
        package var parent: Digest
        package var parentSlot: Slot
        /// Chain time, Unix milliseconds.
        package var time: ChainTime
        package var transactionsRoot: Digest
        package var transactionCount: Int
        package var foreignRoot: Digest
        package var stateRoot: Digest
        package var notaryHeight: Height
        package var notaryHead: Digest
        package var builder: PublicKey
        /// Engine `pow`: the hash's first 8 bytes are not above it; else 0.
        package var workTarget: UInt64
        /// Engine `pow`: what was changed until they were not; else 0.
        package var workNonce: UInt64

        package init(
            chain: ChainID, height: Height, epoch: Epoch, slot: Slot, parent: Digest, parentSlot: Slot, time: ChainTime,
            transactionsRoot: Digest, transactionCount: Int, foreignRoot: Digest, stateRoot: Digest, notaryHeight: Height,
            notaryHead: Digest, builder: PublicKey, workTarget: UInt64 = 0, workNonce: UInt64 = 0
        ) {
            self.chain = chain
            self.height = height
            self.epoch = epoch
            self.slot = slot
            self.parent = parent
            self.parentSlot = parentSlot
            self.time = time
            self.transactionsRoot = transactionsRoot
            self.transactionCount = transactionCount
            self.foreignRoot = foreignRoot
            self.stateRoot = stateRoot
            self.notaryHeight = notaryHeight
            self.notaryHead = notaryHead
            self.builder = builder
            self.workTarget = workTarget
            self.workNonce = workNonce
        }
    }

    package var chain: ChainID { content.fields.chain }
    package var height: Height { content.fields.height }
    package var slot: Slot { content.fields.slot }
    package var parent: Digest { content.fields.parent }
    package var parentSlot: Slot { content.fields.parentSlot }
    package var time: ChainTime { content.fields.time }
    package var stateRoot: Digest { content.fields.stateRoot }
    package var builder: PublicKey { content.fields.builder }
    package var epoch: Epoch { content.fields.epoch }
    package var workTarget: UInt64 { content.fields.workTarget }

    package static func == (left: BlockHeader, right: BlockHeader) -> Bool { left.hash == right.hash }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// Encodes a header.
    package init(_ fields: Fields) {
        content = Content(bytes: Field.encode(BlockHeader.message(fields)), fields: fields)
    }

    /// Reads a header.
    package init(decoding bytes: [UInt8]) throws(WireFault) {
        let message = try Field.canonical(PBBlockHeader.self, bytes, "BlockHeader")
        guard message.height > 0 else { throw WireFault(.invalid, "BlockHeader.height") }
        guard message.slot > 0, message.parentSlot < message.slot else { throw WireFault(.invalid, "BlockHeader.slot") }
        guard message.transactionCount <= UInt32(Limits.blockTransactions) else {
            throw WireFault(.tooLarge, "BlockHeader.transaction_count")
        }
        let fields = Fields(
            chain: try Field.chain(message.chain, "BlockHeader.chain"), height: message.height, epoch: message.epoch, slot: message.slot,
            parent: try Field.digest(message.parent, "BlockHeader.parent"), parentSlot: message.parentSlot,
            time: message.timeMilliseconds,
            transactionsRoot: try Field.digest(message.transactionsRoot, "BlockHeader.transactions_root"),
            transactionCount: Int(message.transactionCount),
            foreignRoot: try Field.digest(message.foreignRoot, "BlockHeader.foreign_root"),
            stateRoot: try Field.digest(message.stateRoot, "BlockHeader.state_root"),
            notaryHeight: message.notaryHeight, notaryHead: try Field.digest(message.notaryHead, "BlockHeader.notary_head"),
            builder: try Field.key(message.builder, "BlockHeader.builder"), workTarget: message.workTarget, workNonce: message.workNonce)
        content = Content(bytes: bytes, fields: fields)
    }

    private static func message(_ fields: Fields) -> PBBlockHeader {
        var message = PBBlockHeader()
        message.chain = fields.chain.description
        message.height = fields.height
        message.epoch = fields.epoch
        message.slot = fields.slot
        message.parent = fields.parent.data
        message.parentSlot = fields.parentSlot
        message.timeMilliseconds = fields.time
        message.transactionsRoot = fields.transactionsRoot.data
        message.transactionCount = UInt32(fields.transactionCount)
        message.foreignRoot = fields.foreignRoot.data
        message.stateRoot = fields.stateRoot.data
        message.notaryHeight = fields.notaryHeight
        message.notaryHead = fields.notaryHead.data
        message.builder = fields.builder.data
        message.workTarget = fields.workTarget
        message.workNonce = fields.workNonce
        return message
    }

    /// The hash that stands for a chain before its first block: over network id and chain id.
    package static func genesisHash(of chain: ChainID, network: Digest) -> Digest {
        Blake2b.hash(.genesis, network.bytes + chain.bytes)
    }
}
