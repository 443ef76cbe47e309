import Cryptography
import OrderedCollections
import Runtime
import Synchronization
import TapCore
import Wire

/// What is known of the network right now, as it was heard and asked.
final class LiveBoard: Sendable {
    /// Whether the buses are heard.
    struct Hearing: Sendable, Encodable {
        /// False without a tap's key, and once the tap has ended.
        var is_listening = false
        /// Sites whose bus has not let the tap in.
        var silent_sites: [String] = []
        /// Frames that no log held any more.
        var missed: UInt64 = 0
    }

    private struct State {
        var hearing = Hearing()
        var alarms = AlarmBook()
        var roles: RoleBook
        var chains: OrderedDictionary<ChainID, ChainLine> = [:]
        var transfers = TransferBook()
        var pegs: [BridgeAnswers.PegShape] = []
    }

    private let state: Mutex<State>
    private let configuration: NetworkConfiguration
    /// Who hears what is new here.
    let hub = EventHub()

    init(_ configuration: NetworkConfiguration) {
        self.configuration = configuration
        var state = State(roles: RoleBook(configuration))
        for chain in configuration.network.chains + [configuration.network.notary] { state.chains[chain.id] = ChainLine(chain) }
        self.state = Mutex(state)
    }

    func hear(_ message: Message, by publisher: String, at time: UInt64) {
        switch message {
        case .alarm(let alarm):
            let entry = state.withLock { state in
                state.alarms.add(alarm, by: publisher, at: time)
                return state.alarms.entries.first { $0.code == alarm.code && $0.severity == alarm.severity }
            }
            if let entry, hub.hears(.alarm) { hub.tell(LiveEvent(.alarm, LiveAnswers.AlarmShape(entry))) }
        case .beat(let beat): state.withLock { $0.roles.hear(beat, by: publisher, at: time) }
        default: return
        }
    }

    func listens(silentSites: [String]) {
        state.withLock { state in
            state.hearing.is_listening = true
            state.hearing.silent_sites = silentSites
        }
    }

    func missed(_ frames: UInt64) { state.withLock { $0.hearing.missed += frames } }

    func tapEnded() { state.withLock { $0.hearing.is_listening = false } }

    /// What the nodes of a chain show; nil of one that does not answer.
    func show(_ heights: [(node: String, height: Height?)], of chain: ChainID, at time: UInt64) {
        state.withLock { $0.chains[chain]?.show(heights, at: time) }
    }

    /// The newest block taken in of a chain.
    func height(of chain: ChainID) -> Height? { state.withLock { $0.chains[chain]?.blocks.last?.height } }

    /// A final block, the next one of its chain.
    func take(_ block: FinalBlock, at time: UInt64) {
        let chain = block.block.header.chain
        let (line, changed) = state.withLock { state in
            (state.chains[chain]?.take(block, configuration.network, at: time), chain == .notary ? [] : state.transfers.take(block.block))
        }
        if let line, hub.hears(.block) { hub.tell(LiveEvent(.block, line)) }
        guard hub.hears(.transaction) else { return }
        for transfer in changed { hub.tell(LiveEvent(.transaction, transfer)) }
    }

    func show(_ pegs: [BridgeAnswers.PegShape]) { state.withLock { $0.pegs = pegs } }

    var hearing: Hearing { state.withLock(\.hearing) }
    var alarms: [AlarmBook.Entry] { state.withLock(\.alarms.entries) }
    func transfers(_ count: Int, chain: ChainID?, account: PublicKey?) -> [TransferBook.Transfer] {
        state.withLock { $0.transfers.newest(count, chain: chain, account: account) }
    }

    /// Everything, for a page.
    struct Board: Encodable, Sendable {
        var time_milliseconds: UInt64
        var name: String, network: String
        var hearing: Hearing
        var stages: [RoleBook.StageShape]
        var roles: [RoleBook.Line]
        var chains: [ChainLine]
        var transfers: [TransferBook.Transfer]
        /// Oldest first.
        var waiting: [TransferBook.Transfer]
        var waiting_count: Int
        var pegs: [BridgeAnswers.PegShape]
        var alarms: [LiveAnswers.AlarmShape]
    }

    func board() -> Board {
        let now = BusClock.now().wallMilliseconds
        return state.withLock { state in
            Board(
                time_milliseconds: now, name: configuration.name, network: configuration.network.id.hex, hearing: state.hearing, stages: state.roles.stages(at: now),
                roles: state.roles.lines, chains: state.chains.values.map { $0.shown(at: now) },
                transfers: state.transfers.newest(GatewayLimits.boardTransfers), waiting: state.transfers.waiting(GatewayLimits.boardWaiting),
                waiting_count: state.transfers.waitingCount, pegs: state.pegs,
                alarms: state.alarms.entries.prefix(GatewayLimits.boardAlarms).map(LiveAnswers.AlarmShape.init))
        }
    }
}
