import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// What a role does so that it knows who votes: writes down what its own chain settles, keeps the handovers it is shown, and asks for
/// those that it misses. Nothing is believed that the quorum of the epoch before has not signed.
package struct HandoverDesk: Sendable {
    package let book: ElectorateBook
    private var checker: CertificateChecker
    /// Whom this role asks: recorders keep every chain's; recorders themselves ask the chain's own nodes.
    private let asksRecorders: Bool
    private let calls: UInt64
    private var callsMade: UInt64 = 0
    /// Chains whose handovers are missing here.
    private var wanted: [Want] = []
    /// Reads of the own table under way, and the requests that they answer.
    private var reads: [(read: UInt64, token: UInt64)] = []

    private struct Want: Sendable {
        var chain: ChainID
        /// Under way; nil between two questions.
        var call: UInt64?
        /// No question before this, by the monotonic clock.
        var dueMilliseconds: UInt64 = 0
        /// Questions in a row that brought nothing.
        var failures: UInt64 = 0
    }

    /// Calls reserved for one desk.
    package static let callRange: UInt64 = 1 << 31
    /// First call number of every role's desk.
    package static let callsOfRoles: UInt64 = 1 << 36

    /// The desk of a role as its store left it; what it knew is in the book again.
    package init(_ context: RoleContext, book: ElectorateBook, recovered: StoredState) {
        self.book = book
        checker = CertificateChecker(book: book, verify: context.verify)
        asksRecorders = context.address.role != .recorder
        calls = HandoverDesk.callsOfRoles
        for row in recovered[.handovers] where !row.isDamaged {
            if let handover = try? Handover(decoding: row.value) { _ = learn(handover) }
        }
    }

    /// What came of news.
    package struct Step: Sendable {
        /// An electorate is known now that was not.
        package var hasLearned = false
        package var effects: [RoleEffect] = []
    }

    /// A block of the role's own chain has just become final: the electorate that it settles is known, and can be shown.
    ///
    /// - Returns: what shows it, once an epoch.
    package mutating func settle(_ tree: inout BlockTree, _ final: FinalHeader) -> (handover: Handover, effects: [RoleEffect])? {
        let chain = tree.chain.id
        guard let epoch = tree.chain.epochs?.settledEpoch(by: final.header.slot), book.shownEpoch(of: chain) < epoch else { return nil }
        tree.moveToFinal()
        guard let proof = tree.ledger.proofOfEpoch(epoch), final.hash == tree.finalHash else { return nil }
        let handover = Handover(chain: chain, epoch: epoch, final: final, proof: proof)
        guard learn(handover) != nil else { return nil }
        return (handover, [keep(handover)])
    }

    /// Somebody shows a handover.
    package mutating func heard(_ handover: Handover) -> Step {
        guard book.shownEpoch(of: handover.chain) < handover.epoch else { return Step(effects: [.count(.duplicate, by: 1)]) }
        guard learn(handover) != nil else {
            // One too far ahead is of use once those before it are here; looking for its signers has noted that they are missing.
            return Step(effects: [.count(.peerFault, by: 1)])
        }
        return Step(hasLearned: true, effects: [keep(handover)])
    }

    /// Somebody shows that a chain has joined (A16): it is kept, and the role begins anew with a network that has it.
    package mutating func heard(_ notice: JoinNotice) -> [RoleEffect] {
        guard book.network.chain(notice.chain) == nil else { return [.count(.duplicate, by: 1)] }
        guard let entry = notice.entry, checker.fault(in: notice.final) == nil else { return [.count(.peerFault, by: 1)] }
        // Those that joined before it come first; it will be said again.
        guard entry.position == book.network.joined.count else { return [.count(.duplicate, by: 1)] }
        return [.persist([.put(.joined, key: UInt64(entry.position), value: entry.encoded)]), .networkGrew(entry)]
    }

    /// Asks for what was looked for in vain, one question a chain at a time, ever more rarely while nothing comes of them.
    package mutating func ask(at now: Moment) -> [RoleEffect] {
        for chain in book.takeMissed() where !wanted.contains(where: { $0.chain == chain }) { wanted.append(Want(chain: chain)) }
        guard !wanted.isEmpty else { return [] }
        var effects: [RoleEffect] = []
        for place in wanted.indices where wanted[place].call == nil && wanted[place].dueMilliseconds <= now.monotonicMilliseconds {
            callsMade = callsMade % HandoverDesk.callRange + 1
            let call = calls + callsMade
            let chain = wanted[place].chain
            wanted[place].call = call
            wanted[place].dueMilliseconds = now.monotonicMilliseconds + book.network.timing.fetchMilliseconds << min(wanted[place].failures, 4)
            let service = asksRecorders && callsMade % 3 != 0 ? Service.name(.recorder, chain: .notary) : Service.name(.consensus, chain: chain)
            effects.append(
                .call(
                    call, service: service, .fetchHandovers(chain: chain, from: book.shownEpoch(of: chain) + 1),
                    timeoutMilliseconds: book.network.timing.fetchMilliseconds * 2))
        }
        return effects
    }

    /// - Returns: nil when the call was not the desk's.
    package mutating func answered(call: UInt64, _ response: Response) -> Step? {
        guard call > calls, call <= calls + HandoverDesk.callRange else { return nil }
        var step = Step()
        if case .handovers(let handovers) = response {
            for handover in handovers {
                let more = heard(handover)
                step.hasLearned = step.hasLearned || more.hasLearned
                step.effects += more.effects
            }
        }
        if let place = wanted.firstIndex(where: { $0.call == call }) {
            wanted[place].call = nil
            wanted[place].failures += 1
            if step.hasLearned { wanted.remove(at: place) }
        }
        return step
    }

    // MARK: serving

    /// Reads what a request asks for.
    ///
    /// - Parameter read: token for the read.
    package mutating func requested(_ chain: ChainID, from epoch: Epoch, token: UInt64, read: UInt64) -> [RoleEffect] {
        guard let position = position(of: chain), epoch <= HandoverDesk.epochMask else {
            return [.reply(token: token, .failure(.notFound, detail: "there is no such epoch"))]
        }
        reads.append((read, token))
        return [.read(token: read, .handovers, from: position << HandoverDesk.epochBits | epoch, limit: Limits.handoversPerAnswer)]
    }

    /// - Returns: nil when the read was not for handovers.
    package mutating func served(token: UInt64, _ rows: [StoredRow]) -> [RoleEffect]? {
        guard let place = reads.firstIndex(where: { $0.read == token }) else { return nil }
        let request = reads.remove(at: place).token
        let whole = rows.prefix { !$0.isDamaged }.compactMap { try? Handover(decoding: $0.value) }
        let chain = whole.first?.chain
        return [.reply(token: request, .handovers(whole.filter { $0.chain == chain }))]
    }

    // MARK: the book

    private mutating func learn(_ handover: Handover) -> EpochEntry? {
        guard let entry = checker.entry(shownBy: handover) else { return nil }
        book.learn(entry, of: handover.chain, isShown: true)
        return entry
    }

    private func keep(_ handover: Handover) -> RoleEffect {
        guard let position = position(of: handover.chain) else { preconditionFailure("a handover is of a chain of the network") }
        return .persist([.put(.handovers, key: position << HandoverDesk.epochBits | handover.epoch, value: handover.encoded)])
    }

    private static let epochBits: UInt64 = 48
    private static let epochMask: UInt64 = 1 << epochBits - 1

    private func position(of chain: ChainID) -> UInt64? {
        chain == .notary ? 0 : book.network.chains.firstIndex { $0.id == chain }.map { UInt64($0) + 1 }
    }
}

extension CertificateChecker {
    /// The entry that a handover shows; nil when it shows none: the block is not final by the electorate of the epoch before, does not
    /// lie past its cut, or the path does not lead to its state.
    package mutating func entry(shownBy handover: Handover) -> EpochEntry? {
        let header = handover.final.header
        guard let rule = book.network.chain(handover.chain)?.epochs, rule.settledEpoch(by: header.slot) == handover.epoch,
            fault(in: handover.final) == nil,
            EvidenceCheck.root(of: handover.proof, for: StateKey.epoch(handover.epoch)) == header.stateRoot,
            let entry = handover.proof.value.flatMap({ EpochEntry(decoding: $0) }), entry.epoch == handover.epoch
        else { return nil }
        return entry
    }
}
