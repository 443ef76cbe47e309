import Cryptography

/// What a chain's state keeps of value that crossed a peg: on the chain that it left, and on the one where it appeared. Never deleted, so
/// nothing appears twice (faults cases 45 and 48).
package struct BridgeItem: Hashable, Sendable {
    /// Where value is on its way.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// On the main chain: in custody, to be issued.
        case locked = 1
        /// On the side chain: issued, as the lock says.
        case issued = 2
        /// On the side chain: back in the return account, to be released.
        case redeemed = 3
        /// On the main chain: paid out of custody, as the redemption says.
        case released = 4

        /// What an order became on the other chain.
        package var consumption: Kind { self == .locked ? .issued : .released }
    }

    package var kind: Kind
    /// Peg.
    package var contract: String
    /// As of which it was ordered, or proven.
    package var version: UInt32
    /// Transaction id of the Lock or the Redeem.
    package var order: Digest
    /// Account that paid.
    package var sender: PublicKey
    /// Account on the other chain that is paid.
    package var receiver: PublicKey
    package var amount: Amount
    /// Of the block, on the chain whose state it is in.
    package var height: Height
    /// Chain time of that block: what a delay counts from, whichever later block shows the item.
    package var time: ChainTime

    package init(
        kind: Kind, contract: String, version: UInt32, order: Digest, sender: PublicKey, receiver: PublicKey, amount: Amount, height: Height, time: ChainTime
    ) {
        self.kind = kind
        self.contract = contract
        self.version = version
        self.order = order
        self.sender = sender
        self.receiver = receiver
        self.amount = amount
        self.height = height
        self.time = time
    }

    /// The exact bytes the state tree commits to: kind u8, contract padded 32, version u32, order 32, sender 32, receiver 32, amount u64,
    /// height u64, time u64.
    package var encoded: [UInt8] {
        [kind.rawValue] + ContractName.bytes(contract, version: version) + order.bytes + sender.bytes + receiver.bytes + amount.bigEndianBytes
            + height.bigEndianBytes + time.bigEndianBytes
    }

    /// Bytes of each.
    package static let byteCount = 157

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == BridgeItem.byteCount, let kind = Kind(rawValue: bytes[0]), let contract = Digest(bytes[1..<33])?.paddedName,
            ContractName.isValid(contract), let order = Digest(bytes[37..<69]), let sender = PublicKey(bytes[69..<101]),
            let receiver = PublicKey(bytes[101..<133])
        else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            kind: kind, contract: contract, version: UInt32(number(33..<37)), order: order, sender: sender, receiver: receiver,
            amount: number(133..<141), height: number(141..<149), time: number(149..<157))
        guard amount > 0 else { return nil }
    }

    /// The bytes that members of a peg sign of a lock or a redemption: contract padded 32, version u32 of the members, kind u8, chain of the
    /// order padded 32, its id 32, sender 32, receiver 32, amount u64. Version, chain and network make it worthless anywhere else.
    package func attested(on chain: ChainID, version: UInt32) -> [UInt8] {
        ContractName.bytes(contract, version: version) + [kind.rawValue] + chain.text.padded.bytes + order.bytes + sender.bytes + receiver.bytes
            + amount.bigEndianBytes
    }
}

/// How much has crossed a peg and not come back, as one of its chains knows it.
package struct LaneEntry: Hashable, Sendable {
    package var contract: String
    /// On the main chain what is locked and not released; on the side chain what there is of the wrapped asset, the return account's included.
    package var amount: Amount

    package init(contract: String, amount: Amount) {
        self.contract = contract
        self.amount = amount
    }

    /// The exact bytes the state tree commits to: contract padded 32, amount u64.
    package var encoded: [UInt8] { NodeName.padded(contract) + amount.bigEndianBytes }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == 40, let contract = Digest(bytes[..<32])?.paddedName, ContractName.isValid(contract) else { return nil }
        self.init(contract: contract, amount: bytes[32...].reduce(0) { $0 << 8 | UInt64($1) })
    }
}
