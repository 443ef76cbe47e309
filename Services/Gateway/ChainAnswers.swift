import Cryptography
import Hummingbird
import WalletDesk
import Wire

/// The network, its chains and their blocks.
enum ChainAnswers {
    private struct NetworkShape: Encodable {
        var name: String, network: String, notary: String, chains: [String], contracts: [String]
    }

    private struct NodeShape: Encodable, Sendable {
        var node: String, site: String, key: String
        /// Newest final block that it shows; nil when it does not answer.
        var height: UInt64?
    }

    private struct ChainShape: Encodable, Sendable {
        var chain: String, engine: String
        /// Newest final block that any node shows; nil when none answers.
        var height: UInt64?
        var hash: String?
        var time_milliseconds: UInt64?
        /// As the notary chain has it; nil of the notary chain, and when no recorder answers.
        var status: String?
        /// Of its first block.
        var assets: [String]
        var nodes: [NodeShape]
    }

    static func network(_ call: Call) async throws -> Response {
        let network = call.network
        return JSONAnswer.response(
            NetworkShape(
                name: call.gateway.configuration.name, network: network.id.hex, notary: network.notary.id.description,
                chains: network.chains.map(\.id.description), contracts: network.contracts.map { "\($0.id)@\($0.version)" }))
    }

    static func chains(_ call: Call) async throws -> Response {
        let network = call.network
        return JSONAnswer.response(try await call.ask { try shapes(of: network.chains + [network.notary], network, $0) })
    }

    static func chain(_ call: Call) async throws -> Response {
        let (network, chain) = (call.network, try call.chain())
        return JSONAnswer.response(try await call.ask { try shapes(of: [chain], network, $0)[0] })
    }

    private static func shapes(of chains: [ChainDescription], _ network: Network, _ inquiry: Inquiry) throws -> [ChainShape] {
        let asked = chains.flatMap { chain in chain.listed.map { (chain: chain.id, node: $0) } }
        let recorders = network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
        let questions = asked.map { (Service.name(.consensus, chain: $0.chain, node: $0.node.id), Wire.Request.head($0.chain)) } + recorders.map { ($0, .chains) }
        let answers = try inquiry.ask(questions)
        var states: [ChainState]?
        for case .chains(let found)? in answers where states == nil { states = found }
        return chains.map { chain in
            var newest: (final: FinalHeader?, height: Height)?
            var nodes: [NodeShape] = []
            for (question, answer) in zip(asked, answers) where question.chain == chain.id {
                var node = NodeShape(node: question.node.id, site: question.node.site, key: question.node.key.address.text)
                if case .head(let final, let height)? = answer {
                    node.height = height
                    if newest.map({ $0.height < height }) ?? true { newest = (final, height) }
                }
                nodes.append(node)
            }
            let assets = Set(chain.genesis.flatMap { $0.balances.map(\.asset) }).sorted()
            return ChainShape(
                chain: chain.id.description, engine: chain.engine.rawValue, height: newest?.height, hash: newest?.final?.hash.hex,
                time_milliseconds: newest?.final?.header.time, status: states?.first { $0.chain == chain.id }.map(status), assets: assets.map(\.description),
                nodes: nodes)
        }
    }

    private static func status(_ state: ChainState) -> String { state.left ? "left" : state.frozen ? "frozen" : "open" }

    static func blocks(_ call: Call) async throws -> Response {
        let chain = try call.chain()
        let limit = try call.number("limit", in: 1...UInt64(GatewayLimits.blocksPerAnswer), default: UInt64(GatewayLimits.blocksPerAnswer)) ?? 1
        let from = try call.number("from", in: 1...GatewayLimits.highestNumber, default: nil)
        let shapes = try await call.ask { inquiry in
            let begin = try from ?? newest(chain, inquiry).map { $0 >= limit ? $0 - limit + 1 : 1 } ?? 1
            return try fetch(chain, from: begin, limit: Int(limit), inquiry).map { BlockShape($0, isWhole: false) }
        }
        return JSONAnswer.response(shapes)
    }

    static func block(_ call: Call) async throws -> Response {
        let chain = try call.chain()
        let text = call.parameters["height"] ?? ""
        guard let height = UInt64(text), height > 0, text == "\(height)" else {
            throw GatewayFault.notFound("the path names no block", "Give a height: a whole number from 1.")
        }
        let block = try await call.ask { try fetch(chain, from: height, limit: 1, $0).first { $0.block.header.height == height } }
        guard let block else { throw GatewayFault.notFound("\(chain.id) has no final block of that height", "See the newest one: /v1/chains/\(chain.id)") }
        return JSONAnswer.response(BlockShape(block, isWhole: true))
    }

    /// The newest final height that a chain's nodes show; nil when none answers.
    static func newest(_ chain: ChainDescription, _ inquiry: Inquiry) throws -> Height? {
        let services = chain.listed.map { Service.name(.consensus, chain: chain.id, node: $0.id) }
        return try inquiry.ask(services.map { ($0, .head(chain.id)) }).compactMap { answer -> Height? in
            if case .head(_, let height)? = answer { height } else { nil }
        }.max()
    }

    /// Blocks from an archive, or, where none has them yet, from the chain's own nodes.
    static func fetch(_ chain: ChainDescription, from height: Height, limit: Int, _ inquiry: Inquiry) throws -> [FinalBlock] {
        let archives = inquiry.configuration.network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
        let nodes = chain.listed.map { Service.name(.consensus, chain: chain.id, node: $0.id) }
        var isAnswered = false
        var excuse: String?
        for service in nodes + archives {
            let answer = try inquiry.ask([(service, .fetchBlocks(chain: chain.id, from: height, limit: limit))])[0]
            if case .failure(let reason, let detail)? = answer, reason == .notReady || reason == .overloaded { excuse = detail }
            guard case .blocks(let blocks, _)? = answer else { continue }
            isAnswered = true
            if blocks.first?.block.header.height == height { return Array(blocks.prefix(limit)) }
        }
        // Whoever cannot look now may have it.
        if let excuse { throw Failure(.unreachable, excuse, "Try again, and see how the recorders do: concordat health --ready") }
        guard isAnswered else { throw Failure(.unreachable, "no node and no archive of \(chain.id) answers", "See how the network is: concordat status") }
        return []
    }
}
