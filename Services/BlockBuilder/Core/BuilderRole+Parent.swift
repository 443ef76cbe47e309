import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension BuilderRole {
    /// Whether the tree holds the block to build on.
    enum ParentState {
        case ready
        /// A body has to come first.
        case waits([RoleEffect])
        /// It lies beside the final block: a slot may be both notarized and skipped, and consensus of this node does not know yet
        /// which of two branches has become final.
        case overtaken
        case impossible(Reason)
    }

    /// Keeps a candidate that went by, if the leader of its slot signed it.
    mutating func keep(_ block: Block) {
        let header = block.header
        guard header.chain == chain, header.height > tree.finalHeight, header.slot <= tree.finalSlot + tree.chain.slotsAhead,
            bodies[block.hash] == nil, !bodies.isCrowded(header, engine: tree.chain.engine),
            checker.builderFault(header, signature: block.builderSignature) == nil
        else { return }
        bodies.insert(block)
    }

    /// Executes the way from the tree to a block that this node's consensus has seen notarized; signatures were its business.
    mutating func prepareParent(_ hash: Digest) -> ParentState {
        var missing: [Block] = []
        var next = hash
        while !tree.contains(next) {
            guard let body = bodies[next] else { return .waits(fetch(next)) }
            guard body.header.height > tree.finalHeight else { return .overtaken }
            missing.append(body)
            next = body.header.parent
        }
        for block in missing.reversed() {
            switch tree.validate(block) {
            case .valid: continue
            case .missingParent(let parent): return .waits(fetch(parent))
            case .invalid(let reason, _) where reason.isIgnorance:
                return .waits([.setTimer(Timers.fetch, afterMilliseconds: network.timing.fetchMilliseconds)])
            case .invalid(let reason, _): return .impossible(reason)
            }
        }
        return .ready
    }

    /// Asks this node's consensus for a body, and any other's when that one does not have it.
    private mutating func fetch(_ hash: Digest) -> [RoleEffect] {
        guard fetching == nil else { return [] }
        let call = nextCall()
        fetching = (call, hash)
        let node = call.isMultiple(of: 2) ? nil : context.address.node
        return [
            .call(
                call, service: Service.name(.consensus, chain: chain, node: node), .fetchBlock(chain: chain, hash: hash),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// A body that was asked for has come, or not.
    mutating func parentAnswered(_ response: Response, at now: Moment) -> [RoleEffect] {
        guard let asked = fetching else { return [] }
        fetching = nil
        guard case .blocks(let blocks, _) = response, let block = blocks.first?.block, block.hash == asked.hash,
            checker.builderFault(block.header, signature: block.builderSignature) == nil
        else { return [.setTimer(Timers.fetch, afterMilliseconds: network.timing.fetchMilliseconds)] }
        bodies.insert(block)
        return build(at: now)
    }
}
