import Foundation
import Schema
import SwiftProtobuf

/// A block header as stored, read by the schema alone.
struct ParsedHeader: Sendable {
    var bytes: Bytes
    /// Hash of `bytes` under the domain `block`.
    var hash: Bytes
    var chain: String
    var height: UInt64
    var epoch: UInt64
    var slot: UInt64
    var parent: Bytes
    var parentSlot: UInt64
    var time: UInt64
    var transactionsRoot: Bytes
    var transactionCount: Int
    var foreignRoot: Bytes
    var stateRoot: Bytes
    var notaryHeight: UInt64
    var notaryHead: Bytes
    var builder: Bytes
    var workTarget: UInt64
    var workNonce: UInt64

    /// - Returns: nil for bytes that are no header, or not what an encoder writes.
    init?(_ data: Data) {
        guard let message = try? ParsedTransaction.canonical(PBBlockHeader.self, data, "a header") else { return nil }
        let hashes = [message.parent, message.transactionsRoot, message.foreignRoot, message.stateRoot, message.notaryHead]
        guard hashes.allSatisfy({ $0.count == Sodium.hashBytes }), message.builder.count == Sodium.keyBytes,
            Layout.isChainName(message.chain), message.height > 0, message.slot > message.parentSlot
        else { return nil }
        bytes = Bytes(data)
        hash = Sodium.hash(.block, bytes)
        chain = message.chain
        height = message.height
        epoch = message.epoch
        slot = message.slot
        parent = Bytes(message.parent)
        parentSlot = message.parentSlot
        time = message.timeMilliseconds
        transactionsRoot = Bytes(message.transactionsRoot)
        transactionCount = Int(message.transactionCount)
        foreignRoot = Bytes(message.foreignRoot)
        stateRoot = Bytes(message.stateRoot)
        notaryHeight = message.notaryHeight
        notaryHead = Bytes(message.notaryHead)
        builder = Bytes(message.builder)
        workTarget = message.workTarget
        workNonce = message.workNonce
    }
}
