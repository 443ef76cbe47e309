import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// What this notary's consensus asks its validators before it votes, and what it answers them (R7, R8).
struct Stands: Sendable {
    struct Key: Hashable, Sendable {
        var candidate: Digest
        var chain: ChainID
    }

    /// Freezes that the chain's validator has granted: it follows and relies on nothing above.
    var granted: Set<Key> = []
    /// Questions under way, by call.
    var calls: [UInt64: Key] = [:]
    /// Refused a moment ago: asked again after a pause, or when the validator has moved.
    var resting: Set<Key> = []
    /// Candidates of which people have been told that they record another branch; oldest first.
    var alarmed: OrderedSet<Digest> = []
    /// Slots of own Notar votes whose candidates are not here.
    var unknownVotes: [Slot] = []

    static let alarmedMaximum = 64

    mutating func forget(throughSlot slot: Slot) { unknownVotes.removeAll { $0 <= slot } }
}

extension ConsensusRole {
    /// Whether a notary candidate waits for this notary's validators; the effects ask them.
    ///
    /// - Returns: nil when it may be voted for as far as they are concerned.
    mutating func awaited(_ block: Block) -> [RoleEffect]? {
        switch standing(of: block) {
        case .followed: break
        case .unknown, .unseen: return []
        case .contradicted(let chain, let height):
            if network.chain(chain)?.engine == .pow {
                // Its validator knows the block, and these are not its cross data: that does not change.
                candidates[block.hash] = nil
                return [
                    .raise(
                        code: "off_branch", detail: "a notary candidate records \(chain) block \(height) with other cross data than the block's",
                        severity: .critical)
                ]
            }
            guard stands.alarmed.append(block.hash).inserted else { return [] }
            if stands.alarmed.count > Stands.alarmedMaximum { stands.alarmed.removeFirst() }
            return [
                .raise(
                    code: "off_branch", detail: "a notary candidate records \(chain) block \(height) off the branch followed here",
                    severity: .critical)
            ] + askStand(block)
        }
        return freezes(in: block).allSatisfy { stands.granted.contains(.init(candidate: block.hash, chain: $0.chain)) }
            ? nil : askStand(block)
    }

    private func freezes(in block: Block) -> [StatusChange] {
        block.transactions.compactMap { transaction in
            guard case .status(let change) = transaction.kind, change.isFreeze else { return nil }
            return change
        }
    }

    /// Asks the validators of the chains that a candidate would freeze, or of whose branch it records another block.
    mutating func askStand(_ block: Block) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for change in freezes(in: block) {
            guard let head = change.head, !stands.granted.contains(.init(candidate: block.hash, chain: change.chain)) else { continue }
            effects += ask(block, change.chain, height: head.height, hash: head.hash, frozen: true, leave: change.isLeave)
        }
        if case .contradicted(let chain, let height) = standing(of: block) {
            for transaction in block.transactions {
                guard case .record(let record) = transaction.kind, record.final.header.chain == chain, record.final.header.height == height,
                    tree.finalityFault(in: record.final) == nil
                else { continue }
                effects += ask(block, chain, height: height, hash: record.final.hash, frozen: false)
            }
        }
        return effects
    }

    private mutating func ask(_ block: Block, _ chain: ChainID, height: Height, hash: Digest, frozen: Bool, leave: Bool = false) -> [RoleEffect] {
        let key = Stands.Key(candidate: block.hash, chain: chain)
        guard !stands.calls.values.contains(key), !stands.resting.contains(key) else { return [] }
        let call = ConsensusRole.standCalls + nextToken()
        stands.calls[call] = key
        let query = StandQuery(
            chain: chain, height: height, hash: hash, frozen: frozen, leave: leave, notaryHeight: block.header.height,
            notaryBlock: block.hash, network: network.id, signer: context.signer)
        return [
            .call(
                call, service: Service.name(.validator, chain: chain, node: context.address.node), .stand(query),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// - Returns: nil when the call was no such question.
    mutating func standAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard let key = stands.calls.removeValue(forKey: call) else { return nil }
        guard case .granted(true) = response, let block = candidates[key.candidate]?.block else {
            stands.resting.insert(key)
            return watchForMissing()
        }
        if freezes(in: block).contains(where: { $0.chain == key.chain }) {
            stands.granted.insert(key)
        } else if case .contradicted(key.chain, let height) = standing(of: block) {
            // The validator follows it, and what is known here is old: it is asked for.
            branches.void(key.chain, above: height - 1)
        }
        return judgeAll(at: now)
    }

    /// A validator of this notary wants to leave its branch: yes, if nothing that was or may be voted for records what lies above.
    func mayRelease(_ query: ReleaseQuery) -> Bool {
        guard stands.unknownVotes.allSatisfy({ $0 <= tree.finalSlot }) else { return false }
        return candidates.hashes.allSatisfy { hash in
            guard let entry = candidates[hash], entry.stage == .valid || entry.isVoted else { return true }
            return entry.block.transactions.allSatisfy { transaction in
                guard case .record(let record) = transaction.kind, record.final.header.chain == query.chain else { return true }
                return record.final.header.height <= query.above
            }
        }
    }

    mutating func release(_ query: ReleaseQuery, token: UInt64) -> [RoleEffect] {
        guard isNotaryChain, context.verify(query.check(context.signer.publicKey, network: network.id)) else {
            return [.reply(token: token, .failure(.notAllowed, detail: "only a notary's own roles ask this"))]
        }
        guard mayRelease(query) else { return [.reply(token: token, .granted(false))] }
        branches.forget(query.chain, above: query.above, generation: query.generation)
        // Answers under way may still speak of the branch that is left.
        branchFloor = tokens
        return [.reply(token: token, .granted(true))]
    }

    /// Shows how a chain stands on the notary chain.
    mutating func showStatus(of chain: ChainID, token: UInt64) -> [RoleEffect] {
        guard isNotaryChain, network.chain(chain) != nil, let final = finalProof else {
            return [.reply(token: token, .failure(.notFound, detail: "\(context.address) does not have it"))]
        }
        tree.moveToFinal()
        return [.reply(token: token, .frozen(final, tree.ledger.proofOfStatus(chain)))]
    }

    /// Shows a contract's terms on the notary chain (A14).
    mutating func showContract(_ id: String, _ version: UInt32, token: UInt64) -> [RoleEffect] {
        guard isNotaryChain, let final = finalProof else {
            return [.reply(token: token, .failure(.notFound, detail: "\(context.address) does not have it"))]
        }
        tree.moveToFinal()
        return [.reply(token: token, .contract(final, tree.ledger.proofOfContract(id, version: version)))]
    }

    /// Shows how far a target is stopped on the notary chain (G-5).
    mutating func showPause(_ target: PauseTarget, token: UInt64) -> [RoleEffect] {
        guard isNotaryChain, let final = finalProof else {
            return [.reply(token: token, .failure(.notFound, detail: "\(context.address) does not have it"))]
        }
        tree.moveToFinal()
        return [.reply(token: token, .pauseShown(final, tree.ledger.proofOfPause(target)))]
    }

    /// What a sub-chain's node has read of the notary chain.
    mutating func read(_ step: NotaryReader.Step?, at now: Moment) -> [RoleEffect] {
        guard let step else { return [] }
        let told = step.changes.compactMap { change -> RoleEffect? in
            switch change {
            case .frozen(chain) where reader?.view.hasLeft(chain) != true: .raise(code: "chain_frozen", detail: "the notaries have frozen \(chain): nothing above their record counts", severity: .warning)
            case .thawed(chain): .raise(code: "chain_thawed", detail: "the notaries have thawed \(chain)", severity: .warning)
            case .left(chain):
                .raise(code: "chain_left", detail: "\(chain) has left the network: it ends at what is recorded of it; stop its processes", severity: .warning)
            default: nil
            }
        }
        return step.effects + told + (step.hasRead ? judgeAll(at: now) : [])
    }
}
