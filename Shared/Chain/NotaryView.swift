import Cryptography
import DequeModule
import Determinism
import Ledger
import Wire

/// What the final notary chain says of the sub-chains, as far as a role has read it: what is recorded, and what is frozen (R7, R8).
///
/// Whoever judges candidates reads the notary chain's final blocks in order. A quorum of notaries stands for each of them, so what they
/// say is taken over and not computed again.
package struct NotaryView: Sendable {
    /// A freeze of a chain, and the thaw that ended it.
    package struct Freeze: Hashable, Sendable {
        /// The recorded head it was frozen at; height 0 for none.
        package var height: Height
        package var hash: Digest
        /// Notary block that froze it.
        package var notaryHeight: Height
        /// Notary block that thawed it; nil while it is frozen.
        package var thawedAt: Height?
        /// Whether the chain has left: it is never thawed (J-7).
        package var isForGood = false
    }

    /// A contract that the notary chain holds.
    package struct Declared: Hashable, Sendable {
        package var id: String
        package var version: UInt32
        package var chains: [ChainID]

        init(_ terms: DeclaredTerms) {
            id = terms.contract.id
            version = terms.contract.version
            chains = [terms.contract.first.chain, terms.contract.second.chain]
        }

        /// Whether it is one between this chain and another.
        package func names(_ chain: ChainID) -> Bool { chains.contains(chain) }

        /// name padded 32, version u32, chains padded 32 each.
        var encoded: [UInt8] { ContractName.bytes(id, version: version) + chains.flatMap { $0.text.padded.bytes } }

        static let byteCount = 32 + 4 + 2 * 32

        init?(decoding bytes: ArraySlice<UInt8>) {
            let bytes = Array(bytes)
            guard let id = NodeName.read(bytes[..<32]) else { return nil }
            self.id = id
            version = bytes[32..<36].reduce(0) { $0 << 8 | UInt32($1) }
            chains = [36, 68].compactMap { NodeName.read(bytes[$0..<$0 + 32]).flatMap { ChainID($0) } }
            guard chains.count == 2 else { return nil }
        }
    }

    /// How far a target is stopped, as of the change that counts.
    package struct Paused: Hashable, Sendable {
        package var change: PauseChange
        package var notaryHeight: Height

        /// As the notary chain's state has it.
        var encoded: [UInt8] { PauseEntry(target: change.target, level: change.level, number: change.number, notaryHeight: notaryHeight).encoded }

        init(_ change: PauseChange, at height: Height) {
            self.change = change
            notaryHeight = height
        }

        init(_ entry: PauseEntry) {
            self.init(PauseChange(target: entry.target, level: entry.level, number: entry.number), at: entry.notaryHeight)
        }
    }

    /// One sub-chain.
    package struct Lane: Hashable, Sendable {
        package var chain: ChainID
        /// Newest recorded block; height 0 and the genesis hash before the first.
        package var height: Height
        package var hash: Digest
        /// Ascending.
        package var freezes: [Freeze] = []
    }

    /// Newest final notary block read; height 0 and the genesis hash before the first.
    package private(set) var height: Height = 0
    package private(set) var hash: Digest
    /// Its slot; 0 before the first.
    package private(set) var slot: Slot = 0
    private let network: Digest
    /// Those of `network.yaml`, then those that have joined, in the order in which they did.
    package private(set) var lanes: [Lane]
    /// Contracts that clients have declared (A14), oldest first, but for those that have been forgotten.
    package private(set) var declared: [Declared] = []
    /// Targets that were ever stopped, each as its newest change has it.
    package private(set) var pauses: [Paused] = []
    /// Hashes of the newest blocks read, oldest first.
    private var recent: Deque<Digest> = []

    package init(network: Network) {
        self.network = network.id
        hash = network.genesisHash(of: .notary)
        lanes = network.founding.map { Lane(chain: $0.id, height: 0, hash: network.genesisHash(of: $0.id)) }
    }

    package subscript(chain: ChainID) -> Lane? { lanes.first { $0.chain == chain } }

    /// What a notary block did.
    package enum Change: Hashable, Sendable {
        case recorded(ChainID, height: Height, hash: Digest)
        case frozen(ChainID)
        case thawed(ChainID)
        case left(ChainID)
        case closed(Closing)
        case declared(Declared)
        case paused(PauseChange)
    }

    /// Reads the next final notary block.
    ///
    /// - Returns: what it changed, in its order.
    package mutating func read(_ block: Block) -> [Change] {
        precondition(block.header.chain == .notary && block.header.height == height + 1, "the notary chain is read in order")
        height = block.header.height
        hash = block.hash
        slot = block.header.slot
        recent.append(block.hash)
        if recent.count > Limits.notaryHeads { recent.removeFirst() }
        var changes: [Change] = []
        for transaction in block.transactions {
            switch transaction.kind {
            case .record(let record):
                let header = record.final.header
                guard let position = lanes.firstIndex(where: { $0.chain == header.chain }) else { continue }
                lanes[position].height = header.height
                lanes[position].hash = header.hash
                changes.append(.recorded(header.chain, height: header.height, hash: header.hash))
            case .status(let change):
                guard let position = lanes.firstIndex(where: { $0.chain == change.chain }) else { continue }
                changes += read(change, at: position)
            case .closing(let closing): changes.append(.closed(closing))
            case .join(let join):
                lanes.append(Lane(chain: join.body.chain.id, height: 0, hash: join.body.genesisHash(network: network)))
            case .deploy(let deploy):
                let contract = Declared(deploy.terms)
                declared.append(contract)
                changes.append(.declared(contract))
            case .pause(let pause):
                pauses.removeAll { $0.change.target == pause.change.target }
                pauses.append(Paused(pause.change, at: height))
                changes.append(.paused(pause.change))
            default: continue
            }
        }
        return changes
    }

    /// A chain is frozen, thawed or leaves.
    private mutating func read(_ change: StatusChange, at position: Int) -> [Change] {
        guard let head = change.head else {
            lanes[position].freezes[lanes[position].freezes.count - 1].thawedAt = height
            return [.thawed(change.chain)]
        }
        var changes: [Change] = []
        if lanes[position].freezes.last.map({ $0.thawedAt != nil }) ?? true {
            lanes[position].freezes.append(Freeze(height: head.height, hash: head.hash, notaryHeight: height))
            changes.append(.frozen(change.chain))
        }
        guard change.isLeave else { return changes }
        lanes[position].freezes[lanes[position].freezes.count - 1].isForGood = true
        changes.append(.left(change.chain))
        let target = PauseTarget.chain(change.chain)
        let before = pauses.first { $0.change.target == target }?.change
        guard before?.level != .paused, before != nil || pauses.count < Limits.pauseTargets else { return changes }
        let pause = PauseChange(target: target, level: .paused, number: (before?.number ?? 0) + 1)
        pauses.removeAll { $0.change.target == target }
        pauses.append(Paused(pause, at: height))
        return changes + [.paused(pause)]
    }

    /// Forgets contracts that nobody needs to be told of.
    package mutating func forgetDeclared(where isOver: (Declared) -> Bool) { declared.removeAll(where: isOver) }

    /// Forgets what is stopped, where nobody speaks of it.
    package mutating func forgetPauses() { pauses.removeAll() }

    /// Goes on from a final notary block whose state is known. Of freezes that ended before, the last one is known.
    package mutating func jump(to header: BlockHeader, _ ledger: LedgerState) {
        height = header.height
        hash = header.hash
        slot = header.slot
        recent = [header.hash]
        declared = ledger.contracts.map { Declared($0.terms) }
        pauses = ledger.pauses.map { Paused($0) }
        for entry in ledger.joined where self[entry.chain.id] == nil {
            lanes.append(Lane(chain: entry.chain.id, height: 0, hash: entry.genesisHash(network: network)))
        }
        for position in lanes.indices {
            let chain = lanes[position].chain
            if let head = ledger.head(of: chain) { (lanes[position].height, lanes[position].hash) = (head.height, head.hash) }
            guard let status = ledger.status(of: chain) else { continue }
            let freeze = Freeze(
                height: status.height, hash: status.hash, notaryHeight: status.notaryHeight, thawedAt: status.isFrozen ? nil : status.notaryHeight,
                isForGood: status.hasLeft)
            lanes[position].freezes.removeAll { $0.thawedAt == nil }
            lanes[position].freezes.append(freeze)
        }
    }

    /// The hash of a final notary block; nil when it is too old or not read yet.
    package func hash(at height: Height) -> Digest? {
        guard height <= self.height, self.height - height < UInt64(recent.count) else { return nil }
        return recent[recent.count - 1 - Int(self.height - height)]
    }

    /// Whether a chain is frozen as far as this has read; nil when it is not.
    package func frozen(_ chain: ChainID) -> Freeze? { self[chain]?.freezes.last.flatMap { $0.thawedAt == nil ? $0 : nil } }

    /// Whether a chain has left the network, as far as this has read (J-7).
    package func hasLeft(_ chain: ChainID) -> Bool { self[chain]?.freezes.last?.isForGood ?? false }

    /// Whether a chain was frozen as of a notary block that has been read.
    private func frozen(_ chain: ChainID, asOf notaryHeight: Height) -> Freeze? {
        self[chain]?.freezes.last { $0.notaryHeight <= notaryHeight && notaryHeight < $0.thawedAt ?? .max }
    }

    /// The last thaw of a chain as of a notary block; 0 for none.
    private func lastThaw(_ chain: ChainID, asOf notaryHeight: Height) -> Height {
        self[chain]?.freezes.reversed().compactMap(\.thawedAt).first { $0 <= notaryHeight } ?? 0
    }

    /// Why a block counts for nothing; nil when it may count: R8 makes void what lies above a freeze and does not know of its thaw.
    package func voidness(of header: BlockHeader) -> Reason? {
        voidness(header.chain, header.height, knowing: header.fields.notaryHeight)
    }

    private func voidness(_ chain: ChainID, _ height: Height, knowing notaryHeight: Height) -> Reason? {
        for freeze in self[chain]?.freezes ?? [] where height > freeze.height {
            guard let thawedAt = freeze.thawedAt else { return .chainFrozen }
            if notaryHeight < thawedAt { return .thawUnknown }
        }
        return nil
    }

    /// What is known of a candidate.
    package enum Verdict: Hashable, Sendable {
        case fine
        /// It names a notary block that has not been read here yet.
        case unread(Height)
        case fault(Reason, transaction: Digest?)
    }

    /// Whether a sub-chain's candidate agrees with the notary chain: the notary block it names is final, neither it nor its parent nor what it
    /// relies on is void, a refund by freeze is made while the chain is frozen as far as that notary block tells, and after a thaw a deciding leg's
    /// hold is shown by a block that knows of it (R2, R4, R8).
    ///
    /// - Parameter parent: the notary block that the block's parent names.
    package func judge(_ block: Block, parent: (height: Height, hash: Digest)) -> Verdict {
        let fields = block.header.fields
        if fields.notaryHeight > height { return .unread(fields.notaryHeight) }
        let isParents = fields.notaryHeight == parent.height && fields.notaryHead == parent.hash
        guard isParents || hash(at: fields.notaryHeight) == fields.notaryHead else { return .fault(.notaryHeadInvalid, transaction: nil) }
        if let reason = voidness(of: block.header) { return .fault(reason, transaction: nil) }
        // What is built on a void block can never be recorded: nobody may be told that it is final.
#if PLANTED_BUGS
        if PlantedBug.voidParentTaken.isPlanted { return disputed(block) }
#endif
        if block.header.height > 1, let reason = voidness(block.header.chain, block.header.height - 1, knowing: parent.height) {
            return .fault(reason, transaction: nil)
        }
        return disputed(block)
    }

    private func disputed(_ block: Block) -> Verdict {
        for transaction in block.transactions {
            if let reason = fault(in: transaction, foreign: block.foreign, chain: block.header.chain, asOf: block.header.fields.notaryHeight) {
                return .fault(reason, transaction: transaction.id)
            }
        }
        return .fine
    }

    /// What a transaction relies on against the notary chain's word, in a block that names the notary block of a height; nil when it is in
    /// order.
    package func fault(in transaction: Transaction, foreign: [FinalHeader], chain: ChainID, asOf notaryHeight: Height) -> Reason? {
        let shown = transaction.evidence.compactMap { item in foreign.first { $0.hash == item.block }?.header }
        for header in shown where header.chain != .notary {
            if let reason = voidness(of: header) { return reason }
        }
        switch transaction.kind {
        case .confirm:
            let thaw = lastThaw(chain, asOf: notaryHeight)
            return shown.allSatisfy { $0.fields.notaryHeight >= thaw } ? nil : .thawUnknown
        case .refund(let resolution):
            guard let frozen = resolution.frozen else { return nil }
            guard let value = frozen.proof.value, let status = ChainStatus(decoding: value), let freeze = self.frozen(status.chain, asOf: notaryHeight),
                freeze.notaryHeight == status.notaryHeight
            else { return .notReady }
            return nil
        default: return nil
        }
    }
}

extension NotaryView {
    /// For a role's store: version u8 (1), height u64, hash 32, slot u64, count u8 and the newest hashes, count u8, then per chain chain padded 32, height u64,
    /// hash 32, count u16 and its freezes: height u64, hash 32, notary height u64, thawed at u64 (0 for not, all ones for never: it has left); then a count
    /// u16 and the pauses, as their entries (P-3); then every declared contract that is not forgotten: name padded 32, version u32, two chains padded 32 each.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = [NotaryView.version] + height.bigEndianBytes + hash.bytes + slot.bigEndianBytes
        bytes += [UInt8(recent.count)] + recent.flatMap(\.bytes) + [UInt8(lanes.count)]
        for lane in lanes {
            bytes += lane.chain.text.padded.bytes + lane.height.bigEndianBytes + lane.hash.bytes + UInt16(lane.freezes.count).bigEndianBytes
            for freeze in lane.freezes {
                bytes += freeze.height.bigEndianBytes + freeze.hash.bytes + freeze.notaryHeight.bigEndianBytes
                bytes += (freeze.isForGood ? UInt64.max : freeze.thawedAt ?? 0).bigEndianBytes
            }
        }
        bytes += UInt16(pauses.count).bigEndianBytes + pauses.flatMap(\.encoded)
        return bytes + declared.flatMap(\.encoded)
    }

    private static let version: UInt8 = 1

    /// Reads what `encoded` wrote for the same network; nil for anything else.
    package init?(decoding bytes: [UInt8], network: Network) {
        self.init(network: network)
        var rest = bytes[...]
        func number(_ count: Int) -> UInt64? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }
        func digest() -> Digest? {
            guard rest.count >= Digest.byteCount else { return nil }
            defer { rest = rest.dropFirst(Digest.byteCount) }
            return Digest(rest.prefix(Digest.byteCount))
        }
        guard number(1) == UInt64(NotaryView.version), let height = number(8), let hash = digest(), let slot = number(8), let count = number(1)
        else { return nil }
        (self.height, self.hash, self.slot) = (height, hash, slot)
        for _ in 0..<count {
            guard let hash = digest() else { return nil }
            recent.append(hash)
        }
        guard let laneCount = number(1), laneCount >= lanes.count else { return nil }
        for position in 0..<Int(laneCount) {
            guard let chain = digest()?.paddedName.flatMap({ ChainID($0) }), let height = number(8), let hash = digest(), let count = number(2)
            else { return nil }
            let lane = Lane(chain: chain, height: height, hash: hash)
            if position < lanes.count {
                guard lanes[position].chain == chain else { return nil }
                lanes[position] = lane
            } else {
                lanes.append(lane)
            }
            for _ in 0..<count {
                guard let height = number(8), let hash = digest(), let notaryHeight = number(8), let thawedAt = number(8) else { return nil }
                lanes[position].freezes.append(
                    Freeze(height: height, hash: hash, notaryHeight: notaryHeight, thawedAt: thawedAt == 0 || thawedAt == .max ? nil : thawedAt, isForGood: thawedAt == .max))
            }
        }
        guard let pauseCount = number(2) else { return nil }
        for _ in 0..<pauseCount {
            guard rest.count >= PauseEntry.byteCount, let entry = PauseEntry(decoding: Array(rest.prefix(PauseEntry.byteCount))) else { return nil }
            pauses.append(Paused(entry))
            rest = rest.dropFirst(PauseEntry.byteCount)
        }
        while rest.count >= Declared.byteCount {
            guard let contract = Declared(decoding: rest.prefix(Declared.byteCount)) else { return nil }
            declared.append(contract)
            rest = rest.dropFirst(Declared.byteCount)
        }
        guard rest.isEmpty else { return nil }
    }
}
