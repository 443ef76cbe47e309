import LoadCore
import Wire

/// Reads final blocks again from the nodes of a network, through the clients' doors.
package final class LedgerReader {
    /// Asks services a question each; nil where no answer came.
    package typealias Ask = (_ questions: [(service: String, request: Request)]) throws -> [Response?]

    private let network: Network
    private let ask: Ask
    /// Newest height read of each chain, the notary chain last.
    private var heights: [Height]
    private let chains: [ChainDescription]
    package private(set) var reading = LedgerReading()

    private static let blocksAtOnce = 16
    /// Answers without a block after which a chain counts as silent.
    private static let patience = 8

    /// Begins above what is final now.
    package init(_ network: Network, ask: @escaping Ask) throws {
        self.network = network
        self.ask = ask
        chains = network.chains + [network.notary]
        heights = []
        for chain in chains { heights.append(try heads(of: chain).map(\.height).max() ?? 0) }
    }

    /// The nodes of a chain that answer, and what is final on each, the furthest first.
    private func heads(of chain: ChainDescription) throws -> [(service: String, height: Height)] {
        let services = chain.listed.map { Service.name(.consensus, chain: chain.id, node: $0.id) }
        let answers = try ask(services.map { ($0, .head(chain.id)) })
        var heads: [(service: String, height: Height)] = []
        for (service, answer) in zip(services, answers) { if case .head(_, let height)? = answer { heads.append((service, height)) } }
        return heads.sorted { $0.height > $1.height }
    }

    /// Reads all that has become final since, on every chain.
    ///
    /// - Returns: chains that could not be read to their end.
    package func read() throws -> [ChainID] {
        var silent: [ChainID] = []
        for position in chains.indices where try !read(position) { silent.append(chains[position].id) }
        return silent
    }

    private func read(_ position: Int) throws -> Bool {
        let chain = chains[position]
        let heads = try heads(of: chain)
        guard let head = heads.first else { return false }
        var failures = 0
        while heights[position] < head.height {
            let service = heads[failures % heads.count].service
            let request = Request.fetchBlocks(chain: chain.id, from: heights[position] + 1, limit: LedgerReader.blocksAtOnce)
            var hasRead = false
            if case .blocks(let blocks, _)?? = try ask([(service, request)]).first {
                for item in blocks where item.block.header.fields.height == heights[position] + 1 {
                    reading.read(item.block)
                    heights[position] += 1
                    hasRead = true
                }
            }
            if hasRead { failures = 0 } else { failures += 1 }
            if failures > LedgerReader.patience { return false }
        }
        return true
    }
}
