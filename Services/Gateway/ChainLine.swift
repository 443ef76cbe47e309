import Wire

/// One chain on the board: its newest blocks, who signed them, and how far its nodes are.
struct ChainLine: Sendable, Encodable {
    struct Node: Sendable, Encodable {
        var node: String
        /// Nil while it has never answered.
        var height: UInt64?
        /// When it last answered; 0 for never.
        var answered_milliseconds: UInt64 = 0
    }

    struct Block: Sendable, Encodable {
        var chain: String, height: UInt64, hash: String, slot: UInt64, epoch: UInt64, time_milliseconds: UInt64, transactions: Int
        /// Node ids, where the first electorate voted; else only their number is known here.
        var notary_signers: [String], finality_signers: [String]
        var notary_signatures: Int, finality_signatures: Int
    }

    let chain: String
    let engine: String
    private(set) var nodes: [Node]
    /// Ascending; a few in what is shown.
    private(set) var blocks: [Block] = []
    /// Over the last seconds.
    private(set) var transactions_per_second = 0.0
    /// When a node last showed something; 0 for never.
    private(set) var heard_milliseconds: UInt64 = 0
    private var arrivals: [(time: UInt64, transactions: Int)] = []

    private enum CodingKeys: String, CodingKey { case chain, engine, nodes, blocks, transactions_per_second, heard_milliseconds }

    /// Rates are over so long.
    private static let rateMilliseconds: UInt64 = 10_000

    init(_ description: ChainDescription) {
        chain = description.id.description
        engine = description.engine.rawValue
        nodes = description.listed.map { Node(node: $0.id) }
    }

    mutating func show(_ heights: [(node: String, height: Height?)], at time: UInt64) {
        for (node, height) in heights {
            guard let height, let position = nodes.firstIndex(where: { $0.node == node }) else { continue }
            nodes[position].height = height
            nodes[position].answered_milliseconds = time
            heard_milliseconds = time
        }
    }

    /// - Returns: the block as it is shown; nil when it is not a newer one.
    mutating func take(_ block: FinalBlock, _ network: Network, at time: UInt64) -> Block? {
        let header = block.block.header
        guard header.height > blocks.last?.height ?? 0 else { return nil }
        let notary = block.final?.notary ?? block.certified?.notary
        let certificate = block.final?.finality.certificate
        let voters = network.chain(header.chain).map { header.epoch == 0 ? $0.genesisElectorate.members.map(\.node) : [] } ?? []
        let notaries = notary?.epoch == 0 ? network.notary.genesisElectorate.members.map(\.node) : []
        func names(_ positions: [Int], _ members: [String]) -> [String] { positions.compactMap { members.indices.contains($0) ? members[$0] : nil } }
        let line = Block(
            chain: header.chain.description, height: header.height, hash: header.hash.hex, slot: header.slot, epoch: header.epoch, time_milliseconds: header.time,
            transactions: block.block.transactions.count, notary_signers: names(notary?.signers.positions ?? [], notaries),
            finality_signers: names(certificate?.signers.positions ?? [], voters), notary_signatures: notary?.signers.signatures.count ?? 0,
            finality_signatures: block.final?.finality.signatureCount ?? 0)
        blocks.append(line)
        forget(before: time)
        if blocks.count > GatewayLimits.boardBlocks { blocks.removeFirst() }
        arrivals.append((time, block.block.transactions.count))
        return line
    }

    /// As it stands at a moment.
    func shown(at now: UInt64) -> ChainLine {
        var line = self
        let recent = arrivals.filter { $0.time + ChainLine.rateMilliseconds > now }
        line.transactions_per_second = Double(recent.reduce(0) { $0 + $1.transactions }) * 1_000 / Double(ChainLine.rateMilliseconds)
        return line
    }

    /// Forgets arrivals that no rate counts any more.
    private mutating func forget(before now: UInt64) { arrivals.removeAll { $0.time + ChainLine.rateMilliseconds <= now } }
}
