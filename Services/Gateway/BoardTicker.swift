import Cryptography
import Dispatch
import Foundation
import Logging
import Runtime
import Synchronization
import WalletDesk
import Wire

/// Asks the network every second how its chains stand, takes in new final blocks, and tells those who hear events. It owns its connections.
final class BoardTicker: Stoppable {
    private let isStopping = Mutex(false)
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let patience = Inquiry.Patience(timeoutMilliseconds: 1_000, othersMilliseconds: 150, silenceMilliseconds: 3_000)

    init(_ configuration: NetworkConfiguration, _ board: LiveBoard, _ logger: Logger) {
        let thread = Thread { [self] in
            run(Inquiry(configuration, patience: BoardTicker.patience), board, logger)
            ended.signal()
        }
        thread.name = "board"
        thread.start()
    }

    private func run(_ inquiry: Inquiry, _ board: LiveBoard, _ logger: Logger) {
        var turn = 0
        var begun: Set<ChainID> = []
        while !isStopping.withLock({ $0 }) {
            let begin = BusClock.now().monotonicMilliseconds
            do {
                try look(inquiry, board, &begun)
                if turn % GatewayLimits.pegTurns == 0, let pegs = try? BridgeAnswers.pegs(inquiry) { board.show(pegs) }
            } catch {
                logger.debug("the network cannot be asked", metadata: ["error": "\(error)"])
            }
            if board.hub.hears(.board) { board.hub.tell(LiveEvent(.board, board.board())) }
            if turn % GatewayLimits.aliveTurns == 0 { board.hub.tell(.alive) }
            turn += 1
            let spent = BusClock.now().monotonicMilliseconds - begin
            let pause = max(GatewayLimits.boardMilliseconds, spent + GatewayLimits.boardMilliseconds / 4) - spent
            _ = wake.wait(timeout: .now() + .milliseconds(Int(pause)))
        }
    }

    /// - Parameter begun: chains that have been looked at: every block that they make from then on is taken in.
    private func look(_ inquiry: Inquiry, _ board: LiveBoard, _ begun: inout Set<ChainID>) throws {
        let network = inquiry.configuration.network
        let chains = network.chains + [network.notary]
        let asked = chains.flatMap { chain in chain.listed.map { (chain: chain, node: $0.id) } }
        let answers = try inquiry.ask(asked.map { (Service.name(.consensus, chain: $0.chain.id, node: $0.node), .head($0.chain.id)) })
        let now = BusClock.now().wallMilliseconds
        for chain in chains {
            var heights: [(node: String, height: Height?)] = []
            for (question, answer) in zip(asked, answers) where question.chain.id == chain.id {
                if case .head(_, let height)? = answer { heights.append((question.node, height)) } else { heights.append((question.node, nil)) }
            }
            board.show(heights, of: chain.id, at: now)
            guard let newest = heights.filter({ $0.height != nil }).max(by: { $0.height ?? 0 < $1.height ?? 0 }), let height = newest.height else { continue }
            let isFirst = begun.insert(chain.id).inserted
            try follow(chain.id, to: height, isFirst: isFirst, at: newest.node, inquiry, board)
        }
    }

    /// Takes in the blocks up to a height; at first, and after a long silence, only the newest ones.
    private func follow(_ chain: ChainID, to height: Height, isFirst: Bool, at node: String, _ inquiry: Inquiry, _ board: LiveBoard) throws {
        let span = UInt64(GatewayLimits.boardBlocks)
        let known = board.height(of: chain) ?? 0
        var next = isFirst || height > known + GatewayLimits.followedBlocks ? (height > span ? height - span + 1 : 1) : known + 1
        while next <= height {
            let request = Wire.Request.fetchBlocks(chain: chain, from: next, limit: Limits.blocksPerAnswer)
            guard case .blocks(let blocks, _)? = try inquiry.ask([(Service.name(.consensus, chain: chain, node: node), request)])[0],
                blocks.first?.block.header.height == next, let last = blocks.last?.block.header.height
            else { return }
            let now = BusClock.now().wallMilliseconds
            for block in blocks { board.take(block, at: now) }
            next = last + 1
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        wake.signal()
        ended.wait()
    }
}
