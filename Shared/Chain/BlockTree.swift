import Cryptography
import Ledger
import Wire

/// The final chain's state and the candidates above it, over one ledger that is wound back and forth between them.
///
/// Execution follows one branch nearly always, so undoing blocks on the rare change of branch is cheaper than a state a candidate.
package struct BlockTree: Sendable {
    package let network: Network
    package let chain: ChainDescription
    /// State after `applied`; final blocks are never undone.
    package private(set) var ledger: LedgerState
    /// Newest final block; nil at genesis.
    package private(set) var finalHeader: BlockHeader?
    package internal(set) var checker: CertificateChecker
    private var candidates: [Digest: Block] = [:]
    /// Stands for the chain before its first block.
    private let genesisHash: Digest
    /// Blocks above the final one that `ledger` contains, oldest first.
    private var applied: [Digest] = []

    /// Candidates kept above the final block.
    package static let candidatesMaximum = 1_024

    /// A tree that holds the chain's genesis.
    package init(book: ElectorateBook, chain: ChainID, verify: @escaping @Sendable (SignatureCheck) -> Bool) {
        guard let description = book.network.chain(chain) else { preconditionFailure("a tree is of a chain of its network") }
        network = book.network
        self.chain = description
        genesisHash = book.network.genesisHash(of: chain)
        ledger = LedgerState(network: book.network, chain: chain)
        checker = CertificateChecker(book: book, verify: verify)
    }

    /// A tree that stands at a final block whose state is known.
    ///
    /// - Precondition: the state is that of the block.
    package init(
        book: ElectorateBook, chain: ChainID, verify: @escaping @Sendable (SignatureCheck) -> Bool, ledger: LedgerState,
        final header: BlockHeader
    ) {
        self.init(book: book, chain: chain, verify: verify)
        precondition(ledger.root == header.stateRoot && ledger.height == header.height, "the state is that of the final block")
        self.ledger = ledger
        finalHeader = header
        for entry in ledger.epochEntries { book.learn(entry, of: self.chain.id, isShown: false) }
    }

    /// A tree of the same chain that stands at another final block.
    package func standing(at header: BlockHeader, _ ledger: LedgerState) -> BlockTree {
        var tree = self
        tree.ledger = ledger
        tree.finalHeader = header
        for entry in ledger.epochEntries { book.learn(entry, of: chain.id, isShown: false) }
        tree.candidates.removeAll()
        tree.applied.removeAll()
        return tree
    }

    /// The state after the newest final block.
    package mutating func frozenFinal() -> FrozenState {
        moveToFinal()
        return ledger.frozen
    }

    /// Who votes on the chain.
    package var book: ElectorateBook { checker.book }
    package var finalHeight: Height { finalHeader?.height ?? 0 }
    package var finalHash: Digest { finalHeader?.hash ?? genesisHash }
    package var finalSlot: Slot { finalHeader?.slot ?? 0 }
    package var finalTime: ChainTime { finalHeader?.time ?? chain.genesisTime }

    /// Whether a block is the final one or a valid candidate above it.
    package func contains(_ hash: Digest) -> Bool { hash == finalHash || candidates[hash] != nil }

    /// A valid candidate above the final block.
    package func candidate(_ hash: Digest) -> Block? { candidates[hash] }

    /// Chain time of a block of the tree.
    package func time(of hash: Digest) -> ChainTime? { hash == finalHash ? finalTime : candidates[hash]?.header.time }

    /// Height of a block of the tree.
    package func height(of hash: Digest) -> Height? { hash == finalHash ? finalHeight : candidates[hash]?.header.height }

    /// Slot of a block of the tree.
    package func slot(of hash: Digest) -> Slot? { hash == finalHash ? finalSlot : candidates[hash]?.header.slot }

    /// Executes a block on its parent and keeps it when all its header says is true.
    ///
    /// Transaction signatures (`signatureChecks(for:)`) and clocks are the caller's business.
    /// - Parameter isFinal: certificates show the block to be final. Then what it names of other chains need not be known here to be
    ///   final: more than two thirds of the notaries and of the chain have seen it.
    package mutating func validate(_ block: Block, isFinal: Bool = false) -> BlockVerdict {
        let header = block.header
        if contains(header.hash) { return .valid }
        guard header.chain == chain.id else { return .invalid(.wrongChain, transaction: nil) }
        guard let parent = place(of: header.parent) else {
            return header.height <= finalHeight ? .invalid(.wrongParent, transaction: nil) : .missingParent(header.parent)
        }
        if let reason = formFault(block, on: parent) { return .invalid(reason, transaction: nil) }
        guard candidates.count < BlockTree.candidatesMaximum else { return .invalid(.overloaded, transaction: nil) }
        for final in block.foreign {
            guard let reason = checker.fault(in: final) else { continue }
            if reason.isIgnorance, isFinal { continue }
            // The header names foreign blocks, not the certificates that came with this copy: another copy may show them.
            return .invalid(reason.isIgnorance ? reason : .evidenceMissing, transaction: nil)
        }
        for transaction in block.transactions {
            guard let reason = checker.fault(shownBy: transaction), !reason.isIgnorance || !isFinal else { continue }
            return .invalid(reason, transaction: transaction.id)
        }
        move(to: header.parent)
        guard ledger.isSettled(header.slot) else { return .invalid(.wrongSlot, transaction: nil) }
        if let fault = execute(block) { return .invalid(fault.reason, transaction: fault.transaction) }
        candidates[header.hash] = block
        applied.append(header.hash)
        return .valid
    }

    /// Makes a block of the tree and its ancestors final.
    ///
    /// - Returns: the blocks that became final, oldest first; empty when it was final already.
    /// - Precondition: the tree contains the block.
    package mutating func finalize(_ hash: Digest) -> [Block] {
        if hash == finalHash { return [] }
        precondition(candidates[hash] != nil, "only a block of the tree can become final")
        let path = path(to: hash)
        if !applied.starts(with: path) { move(to: hash) }
        let blocks = path.map { candidates[$0]! }
        finalHeader = blocks[blocks.count - 1].header
        applied.removeFirst(path.count)
        ledger.forgetUndo(keepingLast: applied.count)
        if let epoch = chain.epochs?.settledEpoch(by: finalSlot), let entry = ledger.epochEntry(epoch) {
            book.learn(entry, of: chain.id, isShown: false)
        }
        prune()
        return blocks
    }

    /// Whether the final headers that evidence shows are shown to be final; true for evidence that shows none.
    package mutating func areFinal(_ offence: Offence) -> Bool {
        guard case .finals(let first, let second) = offence.exhibit else { return true }
        return checker.fault(in: first) == nil && checker.fault(in: second) == nil
    }

    /// Winds the ledger back to the final state, for proofs and queries.
    package mutating func moveToFinal() { move(to: finalHash) }

    /// Winds the ledger to the state after a block of the tree.
    /// - Precondition: the tree contains the block.
    package mutating func move(to hash: Digest) {
        let target = path(to: hash)
        var common = 0
        while common < min(target.count, applied.count), target[common] == applied[common] { common += 1 }
        while applied.count > common {
            ledger.undo()
            applied.removeLast()
        }
        for hash in target[common...] {
            guard let block = candidates[hash] else { preconditionFailure("a path runs through the tree") }
            precondition(execute(block) == nil, "a block that was valid stays valid")
            applied.append(hash)
        }
    }

    /// Runs `body` on the ledger with a block opened on top of `parent`, and leaves no trace of it.
    mutating func draft<Result>(on parent: Digest, slot: Slot, time: ChainTime, _ body: (inout LedgerState) -> Result) -> Result {
        move(to: parent)
        ledger.begin(height: ledger.height + 1, time: time, slot: slot, parent: parent)
        let result = body(&ledger)
        return result
    }

    /// Undoes what `draft` committed.
    mutating func undoDraft() { ledger.undo() }

    /// Whether a block of the tree is `ancestor` or lies above it.
    package func descends(_ hash: Digest, from ancestor: Digest) -> Bool {
        guard let height = height(of: ancestor) else { return false }
        var next = hash
        while next != ancestor {
            guard let header = candidates[next]?.header, header.height > height else { return false }
            next = header.parent
        }
        return true
    }

    /// Forgets every candidate that does not lead to `hash`, and all above it.
    ///
    /// - Precondition: the tree contains the block.
    package mutating func cut(above hash: Digest) {
        move(to: hash)
        let kept = Set(path(to: hash))
        candidates = candidates.filter { kept.contains($0.key) }
    }

    private struct Place {
        var height: Height
        var slot: Slot
        var time: ChainTime
        /// Of a mined block; 0 for others.
        var target: UInt64
        /// The notary block that the block names.
        var notaryHeight: Height
        var notaryHead: Digest

        init(_ header: BlockHeader?, slot: Slot, time: ChainTime, target: UInt64) {
            height = header?.height ?? 0
            self.slot = slot
            self.time = time
            self.target = target
            notaryHeight = header?.fields.notaryHeight ?? 0
            notaryHead = header?.fields.notaryHead ?? .zero
        }
    }

    /// The notary block that a block of the tree names; height 0 for none.
    package func notaryHead(of hash: Digest) -> (height: Height, hash: Digest) {
        place(of: hash).map { ($0.notaryHeight, $0.notaryHead) } ?? (0, .zero)
    }

    private func place(of hash: Digest) -> Place? {
        if hash == finalHash {
            return Place(finalHeader, slot: finalSlot, time: finalTime, target: finalHeader?.workTarget ?? chain.work?.easiestTarget ?? 0)
        }
        guard let header = candidates[hash]?.header else { return nil }
        return Place(header, slot: header.slot, time: header.time, target: header.workTarget)
    }

    /// The work target of a block of this time on a block of the tree; 0 on a chain that is not mined.
    package func target(on parent: Digest, time: ChainTime) -> UInt64? {
        place(of: parent).map { expectedTarget(on: $0, time: time) }
    }

    private func expectedTarget(on parent: Place, time: ChainTime) -> UInt64 {
        chain.work?.target(after: parent.target, elapsedMilliseconds: time > parent.time ? time - parent.time : 0) ?? 0
    }

    /// What is wrong with a block before it is executed.
    private func formFault(_ block: Block, on parent: Place) -> Reason? {
        let header = block.header
        guard header.height == parent.height + 1, header.parentSlot == parent.slot else { return .wrongParent }
        guard header.slot > parent.slot else { return .wrongSlot }
        if let reason = book.epochFault(of: header) { return reason }
        guard header.time > parent.time else { return .wrongTime }
        guard header.workTarget == expectedTarget(on: parent, time: header.time) else { return .wrongWork }
        if let reason = notaryFault(block, on: parent) { return reason }
        var named: Set<Digest> = []
        var seen: Set<Digest> = []
        for transaction in block.transactions {
            guard seen.insert(transaction.id).inserted else { return .duplicateTransaction }
            for evidence in transaction.evidence { named.insert(evidence.block) }
        }
        let foreign = block.foreign.map(\.hash)
        guard foreign.count == named.count, Set(foreign) == named, block.foreign.allSatisfy({ $0.header.chain != chain.id }) else {
            return .evidenceInvalid
        }
        return nil
    }

    /// The known notary block never goes back along a chain, and nothing newer is relied on (R4, R8). That it is final is for whoever
    /// knows the notary chain.
    private func notaryFault(_ block: Block, on parent: Place) -> Reason? {
        let fields = block.header.fields
        let isForward = fields.notaryHeight > parent.notaryHeight && chain.id != .notary
        guard isForward || fields.notaryHeight == parent.notaryHeight && fields.notaryHead == parent.notaryHead else {
            return .notaryHeadInvalid
        }
        let isKnown = block.foreign.allSatisfy { $0.header.chain != .notary || $0.header.height <= fields.notaryHeight }
        return isKnown ? nil : .notaryHeadInvalid
    }

    /// Applies a block to the ledger, which stands at its parent; leaves the ledger there when something is wrong.
    private mutating func execute(_ block: Block) -> Rejection? {
        let foreign = ForeignBlocks(block.foreign)
        ledger.begin(height: block.header.height, time: block.header.time, slot: block.header.slot, parent: block.header.parent)
        for (transaction, outcome) in zip(block.transactions, block.outcomes) {
            switch ledger.apply(transaction, foreign: foreign) {
            case .applied where outcome == .applied: continue
            case .rejected(let reason) where outcome.rejection == reason: continue
            case .invalid(let reason):
                ledger.abandon()
                return Rejection(reason: reason, transaction: transaction.id)
            case .applied, .rejected:
                ledger.abandon()
                return Rejection(reason: .stateMismatch, transaction: transaction.id)
            }
        }
        guard ledger.commit() == block.header.stateRoot else {
            ledger.undo()
            return Rejection(reason: .stateMismatch, transaction: nil)
        }
        return nil
    }

    /// Hashes from the final block, excluded, to `hash`, oldest first.
    private func path(to hash: Digest) -> [Digest] {
        var path: [Digest] = []
        var next = hash
        let finalHash = finalHash
        while next != finalHash {
            guard let block = candidates[next] else { preconditionFailure("the tree is connected") }
            path.append(next)
            next = block.header.parent
        }
        return path.reversed()
    }

    /// Drops candidates that no longer descend from the final block.
    private mutating func prune() {
        candidates = candidates.filter { descendsFromFinal($0.value.header) }
    }

    private func descendsFromFinal(_ header: BlockHeader) -> Bool {
        var next = header
        while next.height > finalHeight, next.parent != finalHash {
            guard let parent = candidates[next.parent]?.header else { return false }
            next = parent
        }
        return next.height > finalHeight
    }
}

/// What became of a block.
package enum BlockVerdict: Hashable, Sendable {
    /// Executed and kept.
    case valid
    /// Its parent is neither final here nor a candidate.
    case missingParent(Digest)
    /// Can never be valid; `transaction` is the offender's id, nil when the header is at fault.
    case invalid(Reason, transaction: Digest?)
}

/// A reason and the transaction it concerns.
package struct Rejection: Error, Hashable, Sendable {
    package var reason: Reason
    package var transaction: Digest?

    package init(reason: Reason, transaction: Digest?) {
        self.reason = reason
        self.transaction = transaction
    }
}

extension BlockTree {
    /// Why a block was not made by the leader of its slot; nil when it was.
    package func builderFault(of block: Block) -> Reason? {
        checker.builderFault(block.header, signature: block.builderSignature)
    }
}

extension BlockTree {
    /// Why a candidate's notary certificate does not stand; nil when it does.
    package func certificateFault(in certified: CertifiedCandidate) -> Reason? { checker.fault(in: certified) }

    /// Why a header is not shown to be final; nil when it is.
    package mutating func finalityFault(in final: FinalHeader) -> Reason? { checker.fault(in: final) }
}
