import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// What this validator has promised for an election (R7; docs/protocol.md, E-8): of an epoch that it has closed, it signs nothing any more
/// that relies on a block which is not recorded.
struct ClosedEpoch: Sendable {
    var epoch: Epoch
    /// Height of the chain under which the promise was last stored: votes far below the newest one are forgotten.
    var height: Height
    /// Whether a final notary block shows it.
    var isFinal = false

    /// The newest one of a chain; nil before the first.
    init?(_ votes: [VoteRow], chain: ChainID) {
        let rows = votes.filter { $0.duty == .close && $0.chain == chain }
        guard let newest = rows.max(by: { ($0.epoch, $0.slot) < ($1.epoch, $1.slot) }) else { return nil }
        self.init(epoch: newest.epoch, height: newest.slot)
    }

    init(epoch: Epoch, height: Height) {
        self.epoch = epoch
        self.height = height
    }

    /// Stored again before it would be forgotten.
    static let renewedAfter = Limits.followedBlocks / 2

    func row(_ chain: ChainID) -> StoreOperation {
        .vote(VoteRow(chain: chain, epoch: epoch, slot: height, duty: .close, hash: .zero, bytes: []))
    }
}

extension ValidatorRole {
    /// The first block of a candidate's evidence that is not recorded and, before others take over, would have to be; nil when there is none.
    func firstUnrecorded(of block: Block) -> BlockHeader? {
        guard network.notary.election != nil else { return nil }
        let header = block.foreign.map(\.header).first { $0.chain != .notary && $0.height > record(of: $0.chain) }
        guard let header, !reader.view.allowsUnrecorded(block.header.epoch, book, closed: closed?.epoch) else { return nil }
        return header
    }

    /// Towards an epoch's end: once nothing that this validator signed and that may count relies on what is not recorded, it promises to
    /// leave it at that, stores the promise, and then hands it in, with every notary block that is read until one shows it.
    mutating func closeEpoch() -> [RoleEffect] {
        guard isFollowing, !isRejoining, let epoch = reader.view.epochToClose(book),
            let signer = book.electorate(of: .notary, epoch: epoch).flatMap({ context.keys.seat(in: $0)?.signer })
        else { return [] }
        var effects: [RoleEffect] = []
        if closed?.epoch != epoch {
            guard reliances.isEmpty else { return [] }
            let promise = ClosedEpoch(epoch: epoch, height: tipHeight)
            closed = promise
            effects.append(.persist([promise.row(chain)]))
        }
        guard closed?.isFinal == false else { return effects }
        let closing = Transaction(.closing(Closing(chain: chain, epoch: epoch, network: network.id, signer: signer)), chain: .notary, network: network.id)
        return effects + [
            .call(
                Calls.closing + nextToken(), service: Service.name(.recorder, chain: .notary, node: context.address.node),
                .nominate(closing.bytes), timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// A final notary block shows that somebody has closed an epoch.
    mutating func note(_ closing: Closing) {
        guard closing.chain == chain, closing.epoch == closed?.epoch,
            let electorate = book.electorate(of: .notary, epoch: closing.epoch), context.keys.seat(in: electorate)?.signer.publicKey == closing.notary
        else { return }
        closed?.isFinal = true
    }

    /// Keeps the promise among the votes that are not forgotten, as long as the epoch's notaries certify blocks here.
    mutating func renewClosing(at header: BlockHeader) -> [StoreOperation] {
        guard let promise = closed, header.height >= promise.height + ClosedEpoch.renewedAfter, header.epoch <= promise.epoch else { return [] }
        closed?.height = header.height
        return closed.map { [$0.row(chain)] } ?? []
    }
}
