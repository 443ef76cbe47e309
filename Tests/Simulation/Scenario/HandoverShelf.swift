import Chain
import Wire

/// Gathers, at the end of a run, who voted in every epoch, as a device does: asks everybody, and believes what the electorate before has
/// signed.
final class HandoverShelf: SimulatedClient {
    let name = "handover-shelf"
    /// Each shown by those before it.
    private(set) var handovers: [Handover] = []
    private let book: ElectorateBook
    private var checker: CertificateChecker
    private var index = 0
    private var lastCall: UInt64 = 0

    init(_ world: World) {
        let memo = world.memo
        book = ElectorateBook(network: world.network)
        checker = CertificateChecker(book: book) { memo.holds($0) }
        index = world.add(self)
    }

    /// Asks for what comes after what is known.
    func ask(_ world: World) {
        for chain in world.network.chains + [world.network.notary] where chain.epochs != nil {
            for instance in world.instances where instance.address.role == .recorder && instance.isRunning {
                lastCall += 1
                world.request(
                    Service.name(.recorder, chain: .notary, node: instance.address.node),
                    .fetchHandovers(chain: chain.id, from: book.shownEpoch(of: chain.id) + 1), client: index, id: lastCall, timeoutMilliseconds: 2_000)
            }
        }
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {
        guard case .handovers(let answered) = response else { return }
        for handover in answered where handover.epoch == book.shownEpoch(of: handover.chain) + 1 {
            guard let entry = checker.entry(shownBy: handover) else { continue }
            book.learn(entry, of: handover.chain, isShown: true)
            handovers.append(handover)
        }
    }

    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}
