import Foundation
import Yams

/// Why an audit could not begin: what, where, and what to do.
package struct AuditFault: Error, Sendable, CustomStringConvertible {
    package var file: String
    package var problem: String
    package var advice: String

    package var description: String { "\(file): \(problem). \(advice)" }
}

/// Reads the parts of `network.yaml` that define the ledgers, and computes the network id from them (docs/protocol.md, section 3).
struct NetworkReader {
    private static let version: UInt32 = 1
    private static let bytesMaximum = 16 * 1024 * 1024
    /// Names in the order of the canonical description, with what a file that leaves them out means.
    private static let timing: [(name: String, value: UInt64)] = [
        ("heartbeat_milliseconds", 4_000), ("skip_milliseconds", 1_500), ("standstill_milliseconds", 3_000),
        ("fetch_milliseconds", 500), ("republish_milliseconds", 5_000), ("leg_resend_milliseconds", 2_000),
        ("leg_resend_maximum_milliseconds", 15_000), ("candidate_resend_milliseconds", 700), ("beat_milliseconds", 5_000),
    ]

    private let file: String
    private var canonical = CanonicalBytes()

    /// - Throws: `AuditFault` when the file is missing or does not describe a network.
    static func read(_ path: String) throws -> AuditNetwork {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AuditFault(file: path, problem: "there is no network description here", advice: "Name the folder that holds network.yaml.")
        }
        guard data.count <= bytesMaximum, let text = String(data: data, encoding: .utf8) else {
            throw AuditFault(file: path, problem: "this is no network description", advice: "Restore network.yaml from another member.")
        }
        return try parse(text, file: path)
    }

    static func parse(_ text: String, file: String) throws -> AuditNetwork {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw AuditFault(file: file, problem: "this is no YAML: \(error)", advice: "Restore network.yaml from another member.")
        }
        var reader = NetworkReader(file: file)
        guard let root else { throw reader.fault("the file", "is empty") }
        return try reader.network(root)
    }

    private init(file: String) {
        self.file = file
    }

    private mutating func network(_ root: Node) throws -> AuditNetwork {
        let version = try number(root, "version")
        guard version == UInt64(NetworkReader.version) else { throw fault("version", "is \(version); this program reads \(NetworkReader.version)") }
        canonical.append(UInt32(version))
        for item in NetworkReader.timing {
            canonical.append(try root["timing"]?[item.name].map { try number($0, item.name) } ?? item.value)
        }
        let genesisTime = try number(root, "genesis_time_milliseconds")
        var notary = try chain(field(root, "notary"), id: AuditNetwork.notaryName, genesisTime: genesisTime)
        notary.chain.election = try election(field(root, "notary"), seats: notary.chain.nodes.count)
        append(notary.chain, engine: notary.engine)
        var chains: [(chain: AuditChain, engine: String)] = []
        for item in try list(root, "chains") {
            let id = try text(item, "id")
            guard Layout.isChainName(id), id != notary.chain.id, !chains.contains(where: { $0.chain.id == id }) else {
                throw fault("chains", "\(id) is no name for a chain, or occurs twice")
            }
            chains.append(try chain(item, id: id, genesisTime: genesisTime))
        }
        chains.sort { $0.chain.id < $1.chain.id }
        canonical.append(UInt32(chains.count))
        for item in chains { append(item.chain, engine: item.engine) }
        let contracts = try (root["contracts"].map { try elements($0, "contracts") } ?? []).map { try contract($0) }
            .sorted { ($0.id, $0.version) < ($1.id, $1.version) }
        canonical.append(UInt32(contracts.count))
        for item in contracts { append(item) }
        return AuditNetwork(
            id: Sodium.hash(.network, canonical.bytes), notary: notary.chain, chains: chains.map(\.chain), contracts: contracts)
    }

    private func chain(_ node: Node, id: String, genesisTime: UInt64) throws -> (chain: AuditChain, engine: String) {
        let nodes = try list(node, "nodes").map {
            AuditChain.Node(id: try text($0, "id"), key: try address(field($0, "key")), stake: try $0["stake"].map { try number($0, "stake") } ?? 0)
        }
        guard !nodes.isEmpty else { throw fault("chain \(id)", "has no nodes") }
        let genesis = try (node["genesis"].map { try elements($0, "genesis") } ?? []).map { item in
            AuditChain.Genesis(account: try address(field(item, "account")), balances: try balances(item["balances"]))
        }
        let engine = try node["engine"].map { try scalar($0, "engine") } ?? "bft"
        let sorted = genesis.sorted { $0.account.lexicographicallyPrecedes($1.account) }
        var chain = AuditChain(id: id, nodes: nodes, genesis: sorted, genesisTime: genesisTime)
        if let epochs = node["epochs"] {
            chain.epochs = AuditChain.Epochs(slots: try number(epochs, "slots"), margin: try number(epochs, "margin"))
        }
        if let stake = node["stake"] {
            chain.stake = AuditChain.Stake(
                asset: try text(stake, "asset"), minimum: try optional(stake, "minimum", 1),
                unbondingMilliseconds: try optional(stake, "unbonding_milliseconds", 3_600_000),
                slashNumerator: try optional(stake, "slash_numerator", 1), slashDenominator: try optional(stake, "slash_denominator", 2))
        }
        if engine == "pow" {
            func setting(_ name: String, _ value: UInt64) throws -> UInt64 { try node["work"]?[name].map { try number($0, name) } ?? value }
            chain.work = AuditWork(
                interval: try setting("interval_milliseconds", 1_000), difficulty: try setting("difficulty", 20_000),
                window: try setting("window", 16), confirmations: try setting("confirmations", 1))
            guard let work = chain.work, work.interval > 0, work.difficulty > 0, work.window > 0 else { throw fault("chain \(id)", "cannot be mined by such a rule") }
        }
        return (chain, engine)
    }

    private func optional(_ node: Node, _ name: String, _ value: UInt64) throws -> UInt64 { try node[name].map { try number($0, name) } ?? value }

    /// How the notaries are elected; what the file leaves out has its default.
    private func election(_ node: Node, seats: Int) throws -> AuditElection? {
        guard let epochs = node["epochs"] else { return nil }
        let standby = try (node["standby"].map { try elements($0, "standby") } ?? []).map {
            AuditChain.Node(id: try text($0, "id"), key: try address(field($0, "key")))
        }
        return AuditElection(
            seats: Int(try epochs["seats"].map { try number($0, "seats") } ?? UInt64(seats)),
            lead: try epochs["lead"].map { try number($0, "lead") } ?? 64, standby: standby)
    }

    private func balances(_ node: Node?) throws -> [(asset: String, amount: UInt64)] {
        guard let node else { return [] }
        guard let mapping = node.mapping else { throw fault("balances", "is no mapping") }
        return try mapping.map { key, value in
            let asset = try scalar(key, "balances")
            guard Layout.isAssetName(asset) else { throw fault("balances", "\(asset) is no asset") }
            return (asset, try number(value, asset))
        }.sorted { $0.asset < $1.asset }
    }

    private func contract(_ node: Node) throws -> AuditContract {
        let sides = try list(node, "sides").map { side in
            let (chain, asset) = (try text(side, "chain"), try text(side, "asset"))
            guard Layout.isChainName(chain), Layout.isAssetName(asset) else { throw fault("sides", "name no chain or asset") }
            return AuditContract.Side(chain: chain, asset: asset, reserve: try address(field(side, "reserve")), brake: try brake(side))
        }
        guard sides.count == 2, let version = UInt32(exactly: try number(node, "version")) else { throw fault("contracts", "need two sides and a version") }
        if let peg = node["peg"] {
            return AuditContract(
                id: try text(node, "id"), version: version, sides: sides, rateNumerator: 1, rateDenominator: 1, minimumAmount: try number(node, "minimum"),
                maximumAmount: try number(node, "maximum"), deadlineMaximumMilliseconds: 0, peg: try self.peg(peg))
        }
        let rate = try field(node, "rate")
        return AuditContract(
            id: try text(node, "id"), version: version, sides: sides, rateNumerator: try number(rate, "numerator"),
            rateDenominator: try number(rate, "denominator"), minimumAmount: try number(node, "minimum"),
            maximumAmount: try number(node, "maximum"), deadlineMaximumMilliseconds: try number(node, "deadline_maximum_milliseconds"))
    }

    /// What slows value down on a side.
    private func brake(_ side: Node) throws -> BrakeModel {
        var brake = BrakeModel()
        func isObserved(_ node: Node) throws -> Bool { try node["mode"].map { try scalar($0, "mode") == "observed" } ?? false }
        if let cap = side["cap"] {
            (brake.limit, brake.window, brake.isLimitObserved) = (try number(cap, "amount"), try number(cap, "window_milliseconds"), try isObserved(cap))
            guard brake.isLimitSensible else { throw fault("cap", "makes no sense") }
        }
        if let delay = side["delay"] {
            (brake.threshold, brake.wait, brake.isWaitObserved) = (try number(delay, "amount"), try number(delay, "milliseconds"), try isObserved(delay))
            guard brake.isWaitSensible else { throw fault("delay", "makes no sense") }
        }
        return brake
    }

    private func peg(_ node: Node) throws -> PegModel {
        func members(_ node: Node) throws -> PegModel.Members {
            let keys = try list(node, "keys").map { try address($0) }.sorted { $0.lexicographicallyPrecedes($1) }
            guard let threshold = UInt32(exactly: try number(node, "threshold")), let members = PegModel.Members(keys, threshold) else {
                throw fault("peg", "names no members that make sense")
            }
            return members
        }
        let issuers = try members(field(node, "issuers"))
        return PegModel(issuers: issuers, releasers: try node["releasers"].map { try members($0) } ?? issuers)
    }

    private mutating func append(_ chain: AuditChain, engine: String) {
        canonical.append(padded: chain.id)
        canonical.append(text: engine)
        canonical.append(chain.genesisTime)
        canonical.append(UInt32(chain.nodes.count))
        for node in chain.nodes {
            canonical.append(text: node.id)
            canonical.append(node.key)
        }
        canonical.append(UInt32(chain.genesis.count))
        for entry in chain.genesis {
            canonical.append(entry.account)
            canonical.append(UInt32(entry.balances.count))
            for balance in entry.balances {
                canonical.append(padded: balance.asset)
                canonical.append(balance.amount)
            }
        }
        if let epochs = chain.epochs { for number in [epochs.slots, epochs.margin] { canonical.append(number) } }
        if let election = chain.election {
            for number in [UInt64(election.seats), election.lead] { canonical.append(number) }
            canonical.append(UInt32(election.standby.count))
            for node in election.standby {
                canonical.append(text: node.id)
                canonical.append(node.key)
            }
        }
        if let stake = chain.stake {
            canonical.append(padded: stake.asset)
            for number in [stake.minimum, stake.unbondingMilliseconds, stake.slashNumerator, stake.slashDenominator] { canonical.append(number) }
            for node in chain.nodes { canonical.append(node.stake) }
        }
        if let work = chain.work {
            for number in [work.interval, work.difficulty, work.window, work.confirmations] { canonical.append(number) }
        }
    }

    private mutating func append(_ contract: AuditContract) {
        canonical.append(text: contract.id)
        canonical.append(contract.version)
        for side in contract.sides {
            canonical.append(padded: side.chain)
            canonical.append(padded: side.asset)
            canonical.append(side.reserve)
        }
        for number in [
            contract.rateNumerator, contract.rateDenominator, contract.minimumAmount, contract.maximumAmount,
            contract.deadlineMaximumMilliseconds,
        ] { canonical.append(number) }
        for members in contract.peg.map({ [$0.issuers, $0.releasers] }) ?? [] {
            canonical.append(members.threshold)
            canonical.append(UInt32(members.keys.count))
            for key in members.keys { canonical.append(key) }
        }
        guard contract.sides.contains(where: { !$0.brake.isNothing }) else { return }
        canonical.append(UInt32.max)
        for brake in contract.sides.map(\.brake) {
            for number in [brake.limit, brake.window, brake.isLimitObserved ? 1 : 0, brake.threshold, brake.wait, brake.isWaitObserved ? 1 : 0] {
                canonical.append(number)
            }
        }
    }

    private func fault(_ place: String, _ problem: String) -> AuditFault {
        AuditFault(file: file, problem: "\(place): \(problem)", advice: "Restore network.yaml from another member.")
    }

    private func field(_ node: Node, _ name: String) throws -> Node {
        guard let value = node[name] else { throw fault(name, "is missing") }
        return value
    }

    private func elements(_ node: Node, _ name: String) throws -> [Node] {
        guard let sequence = node.sequence else { throw fault(name, "is no list") }
        return Array(sequence)
    }

    private func list(_ node: Node, _ name: String) throws -> [Node] { try elements(field(node, name), name) }
    private func text(_ node: Node, _ name: String) throws -> String { try scalar(field(node, name), name) }
    private func number(_ node: Node, _ name: String) throws -> UInt64 {
        let value = node.scalar == nil ? try field(node, name) : node
        guard let number = UInt64(try scalar(value, name)) else { throw fault(name, "is no whole number") }
        return number
    }

    private func scalar(_ node: Node, _ name: String) throws -> String {
        guard let scalar = node.scalar, !scalar.string.isEmpty else { throw fault(name, "is no text") }
        return scalar.string
    }

    private func address(_ node: Node) throws -> Bytes {
        let text = try scalar(node, "key")
        guard let key = AddressReader.key(text) else { throw fault(text, "is no address") }
        return key
    }
}

/// Bytes of the canonical description: big-endian numbers, texts after their length in 4 bytes.
private struct CanonicalBytes {
    var bytes = Bytes()

    mutating func append(_ number: some FixedWidthInteger) { bytes += Layout.number(number) }
    mutating func append(_ content: Bytes) { bytes += content }
    mutating func append(padded name: String) { bytes += Layout.padded(name) }
    mutating func append(text: String) {
        append(UInt32(text.utf8.count))
        bytes += Array(text.utf8)
    }
}
