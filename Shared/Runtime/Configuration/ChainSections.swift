import Cryptography
import Wire

/// The sections `notary` and `chains`.
struct ChainSection {
    private static let chainsMax = 64
    private static let genesisMax = 1_000_000

    /// Known sites.
    let sites: [String]
    let genesisTime: ChainTime
    /// Node ids and keys seen so far: both are unique in the whole network.
    private var nodes: Set<String> = []
    private var keys: Set<PublicKey> = []

    init(sites: [String], genesisTime: ChainTime) {
        self.sites = sites
        self.genesisTime = genesisTime
    }

    mutating func readNotary(_ field: DocumentField) throws(NetworkFileFault) -> ChainDescription {
        let section = try field.mapping(["engine", "nodes", "standby", "epochs"])
        if let engine = section.optional("engine") { _ = try self.engine(engine) }
        var notary = ChainDescription(
            id: .notary, engine: .bft, nodes: try readNodes(section.required("nodes")), genesis: [], genesisTime: genesisTime)
        let standbyField = section.optional("standby")
        let standby = try standbyField.map { field throws(NetworkFileFault) in try readNodes(field) } ?? []
        guard let epochs = section.optional("epochs") else {
            guard standby.isEmpty else {
                throw standbyField!.fault("nobody is elected, so nobody stands by", "Give notary.epochs, or remove the standby nodes.")
            }
            return notary
        }
        try readElection(epochs, standby, of: &notary)
        return notary
    }

    /// How the notaries are elected (A10).
    private func readElection(
        _ field: DocumentField, _ standby: [NodeDescription], of notary: inout ChainDescription
    ) throws(NetworkFileFault) {
        let section = try field.mapping(["slots", "margin", "seats", "lead"])
        let slots = try section.required("slots").number(2...UInt64(UInt32.max))
        let marginField = try section.required("margin")
        // With fewer slots ahead, skip timeouts could end before one of them is long enough for a block.
        let margin = try marginField.number(8...UInt64(Limits.slotsAhead))
        guard EpochRule.isSound(slots: slots, margin: margin) else {
            throw marginField.fault("the margin of \(margin) slots is no shorter than the epoch", "Give fewer than \(slots).")
        }
        let listed = notary.nodes.count + standby.count
        guard listed <= Limits.notaryNodes else { throw field.fault("\(listed) notary nodes are too many", "At most \(Limits.notaryNodes).") }
        let fewest = UInt64(min(notary.nodes.count, 4))
        let most = UInt64(min(listed, Limits.nodesPerChain))
        let seats = try section.optional("seats").map { field throws(NetworkFileFault) in try field.number(fewest...most) }
        let lead = try section.optional("lead").map { field throws(NetworkFileFault) in try field.number(1...1_000_000) }
        notary.epochs = EpochRule(slots: slots, margin: margin)
        notary.election = ElectionRule(
            seats: seats.map { Int($0) } ?? notary.nodes.count, lead: lead ?? Limits.recordLead, standby: standby)
    }

    mutating func readAll(_ field: DocumentField) throws(NetworkFileFault) -> [ChainDescription] {
        var chains: [ChainDescription] = []
        for element in try field.list(atMost: ChainSection.chainsMax) {
            let chain = try read(element)
            guard !chains.contains(where: { $0.id == chain.id }) else {
                throw element.fault("the chain \(chain.id) occurs twice", "Give each chain its own id.")
            }
            chains.append(chain)
        }
        guard !chains.isEmpty else { throw field.fault("there is no chain", "Give at least one.") }
        return chains
    }

    private mutating func read(_ field: DocumentField) throws(NetworkFileFault) -> ChainDescription {
        let section = try field.mapping(["id", "engine", "work", "epochs", "stake", "nodes", "genesis"])
        let idField = try section.required("id")
        let id = try Names.chain(idField)
        guard id != .notary else { throw idField.fault("notary is the name of the notary chain", "Choose another id.") }
        let engine = try engine(section.required("engine"))
        let stake = try StakeSection.read(section.optional("stake"), engine, field)
        let nodes = try readNodes(section.required("nodes"), stake: stake)
        let genesis = try readGenesis(section.optional("genesis"), of: field, bonded: stake.map { ($0.asset, nodes.map(\.stake)) })
        return ChainDescription(
            id: id, engine: engine, nodes: nodes, genesis: genesis, genesisTime: genesisTime,
            work: try readWork(section.optional("work"), engine), epochs: try EpochSection.read(section.optional("epochs"), engine, field),
            stake: stake)
    }

    /// The settings of a mined chain; those left out have their defaults.
    private func readWork(_ field: DocumentField?, _ engine: Engine) throws(NetworkFileFault) -> WorkRule? {
        guard engine == .pow else {
            if let field { throw field.fault("only a chain of engine pow is mined", "Remove it, or change the engine.") }
            return nil
        }
        var work = WorkRule()
        let section = try field?.mapping(WorkFields.all.map(\.name))
        for setting in WorkFields.all {
            if let value = section?.optional(setting.name) { work[keyPath: setting.path] = try value.number(setting.bounds) }
        }
        return work
    }

    private func engine(_ field: DocumentField) throws(NetworkFileFault) -> Engine {
        let text = try field.text()
        guard let engine = Engine(rawValue: text) else {
            let known = Engine.allCases.map(\.rawValue).joined(separator: ", ")
            throw field.fault("there is no engine \(text)", "Engines are: \(known).")
        }
        return engine
    }

    private mutating func readNodes(_ field: DocumentField, stake: StakeRule? = nil) throws(NetworkFileFault) -> [NodeDescription] {
        var found: [NodeDescription] = []
        for element in try field.list(atMost: Limits.nodesPerChain) {
            let section = try element.mapping(["id", "site", "key"] + (stake == nil ? [] : ["stake"]))
            let idField = try section.required("id")
            let id = try Names.name(idField)
            guard nodes.insert(id).inserted else { throw idField.fault("the node \(id) occurs twice", "Give each node its own id.") }
            let siteField = try section.required("site")
            let site = try siteField.text()
            guard sites.contains(site) else {
                throw siteField.fault("there is no site \(site)", "Sites are: \(sites.joined(separator: ", ")).")
            }
            let keyField = try section.required("key")
            let key = try Names.address(keyField)
            guard keys.insert(key).inserted else {
                throw keyField.fault("another node has this key already", "Give each node its own key; with one key two nodes vote as one.")
            }
            let amount = stake == nil ? 0 : try section.optional("stake").map { value throws(NetworkFileFault) in try value.number(0...UInt64.max) } ?? 0
            found.append(NodeDescription(id: id, key: key, site: site, stake: amount))
        }
        guard !found.isEmpty else { throw field.fault("there is no node", "Give at least one.") }
        if let stake, !found.contains(where: { $0.stake >= stake.minimum }) {
            throw field.fault("no node has the least stake of \(stake.minimum)", "Give at least one node a stake that large.")
        }
        return found
    }

    /// - Parameter bonded: what stands behind nodes from the start is part of the supply.
    private func readGenesis(
        _ field: DocumentField?, of chain: DocumentField, bonded: (asset: AssetID, amounts: [Amount])?
    ) throws(NetworkFileFault) -> [GenesisAccount] {
        var totals: [AssetID: Amount] = [:]
        for amount in bonded?.amounts ?? [] {
            guard let bonded else { break }
            let (total, overflow) = (totals[bonded.asset] ?? 0).addingReportingOverflow(amount)
            guard !overflow else {
                throw (field ?? chain).fault("all stakes together are more than 64 bits hold", "Use larger units.")
            }
            totals[bonded.asset] = total
        }
        guard let field else { return [] }
        var accounts: [GenesisAccount] = []
        var seen: Set<PublicKey> = []
        for element in try field.list(atMost: ChainSection.genesisMax) {
            let section = try element.mapping(["account", "balances"])
            let keyField = try section.required("account")
            let key = try Names.address(keyField)
            guard seen.insert(key).inserted else { throw keyField.fault("the account occurs twice", "Add up its balances in one place.") }
            var balances: [Balance] = []
            for (name, value) in try section.optional("balances")?.entries() ?? [] {
                let asset = try Names.asset(name, value)
                let amount = try value.number(1...UInt64.max)
                let (total, overflow) = (totals[asset] ?? 0).addingReportingOverflow(amount)
                guard !overflow else { throw value.fault("all \(asset) of the chain together are more than 64 bits hold", "Use larger units.") }
                totals[asset] = total
                balances.append(Balance(asset: asset, amount: amount))
            }
            guard balances.count <= Limits.assetsPerAccount else {
                throw element.fault("\(balances.count) assets are too many", "An account holds at most \(Limits.assetsPerAccount).")
            }
            accounts.append(GenesisAccount(key: key, balances: balances))
        }
        return accounts
    }
}

/// The section `contracts`.
enum ContractSection {
    private static let contractsMax = 4096

    static func read(_ field: DocumentField?, chains: [ChainDescription]) throws(NetworkFileFault) -> [Contract] {
        var contracts: [Contract] = []
        guard let field else { return contracts }
        for element in try field.list(atMost: contractsMax) {
            let contract = try read(element, chains)
            guard contract.id != Agreement.id else {
                throw element.fault("\(Agreement.id) names the terms that need no contract", "Call the contract something else.")
            }
            guard !contracts.contains(where: { $0.id == contract.id && $0.version == contract.version }) else {
                throw element.fault("version \(contract.version) of \(contract.id) occurs twice", "Give changed terms a new version.")
            }
            if let before = contracts.first(where: { $0.id == contract.id }), !contract.mayFollow(before) {
                throw element.fault("\(contract.id) has another version that is no such peg", "Call this one something else.")
            }
            if contract.peg != nil, chains.contains(where: { $0.id == contract.second.chain && $0.hasInGenesis(contract.second.asset) }) {
                throw element.fault(
                    "\(contract.second.chain) has \(contract.second.asset) from its beginning, which nothing is locked for", "Leave it out of the genesis there.")
            }
            for side in [contract.first, contract.second] {
                let isTaken = contracts.contains { $0.id != contract.id && $0.side(of: side.chain)?.reserve == side.reserve }
                guard !isTaken else {
                    throw element.fault("its reserve on \(side.chain) belongs to another contract", "Give each contract its own reserves.")
                }
            }
            contracts.append(contract)
        }
        return contracts
    }

    private static func read(_ field: DocumentField, _ chains: [ChainDescription]) throws(NetworkFileFault) -> Contract {
        let section = try field.mapping(["id", "version", "sides", "rate", "minimum", "maximum", "deadline_maximum_milliseconds", "peg"])
        let sidesField = try section.required("sides")
        let elements = try sidesField.list(atMost: 2)
        guard elements.count == 2 else { throw sidesField.fault("a contract has two sides", "Give both, each on its chain.") }
        let first = try side(elements[0], chains)
        let second = try side(elements[1], chains)
        guard first.chain != second.chain else { throw sidesField.fault("both sides are on \(first.chain)", "Put them on two chains.") }
        return try terms(
            section, id: try Names.name(section.required("id")), version: UInt32(try section.required("version").number(1...UInt64(UInt32.max))),
            (first, second), sidesField, brakes: try BrakeSection.read(elements), deadlineMaximum: UInt64(Int64.max))
    }

    /// A contract with the numbers that every kind of description gives.
    static func terms(
        _ section: DocumentMapping, id: String, version: UInt32, _ sides: (first: ContractSide, second: ContractSide), _ place: DocumentField,
        brakes: ContractBrakes, deadlineMaximum: UInt64, names: (String) -> PublicKey? = { _ in nil }
    ) throws(NetworkFileFault) -> Contract {
        let minimum = try section.required("minimum").number(1...UInt64.max)
        let maximumField = try section.required("maximum")
        let maximum = try maximumField.number(1...UInt64.max)
        guard minimum <= maximum else { throw maximumField.fault("the maximum is below the minimum \(minimum)", "Swap or correct them.") }
        if let pegField = section.optional("peg") {
            for name in ["rate", "deadline_maximum_milliseconds"] {
                if let field = section.optional(name) { throw field.fault("a peg is 1 to 1, and knows no deadline", "Leave \(name) out.") }
            }
            return Contract(
                id: id, version: version, first: sides.first, second: sides.second, rateNumerator: 1, rateDenominator: 1, minimumAmount: minimum,
                maximumAmount: maximum, deadlineMaximumMilliseconds: 0, peg: try PegSection.read(pegField, sides, place, names: names), brakes: brakes)
        }
        let rate = try section.required("rate").mapping(["numerator", "denominator"])
        let deadlineField = try section.required("deadline_maximum_milliseconds")
        let deadline = try deadlineField.number(1...deadlineMaximum)
        guard brakes.longestDelayMilliseconds < deadline else {
            throw deadlineField.fault("no deadline leaves room for a delay of \(brakes.longestDelayMilliseconds) ms", "Shorten the delay, or let receivers have longer.")
        }
        return Contract(
            id: id, version: version, first: sides.first, second: sides.second, rateNumerator: try rate.required("numerator").number(1...UInt64.max),
            rateDenominator: try rate.required("denominator").number(1...UInt64.max), minimumAmount: minimum, maximumAmount: maximum,
            deadlineMaximumMilliseconds: deadline, brakes: brakes)
    }

    private static func side(_ field: DocumentField, _ chains: [ChainDescription]) throws(NetworkFileFault) -> ContractSide {
        let section = try field.mapping(["chain", "asset", "reserve"] + BrakeSection.keys)
        let chainField = try section.required("chain")
        let id = try Names.chain(chainField)
        guard let chain = chains.first(where: { $0.id == id }) else {
            throw chainField.fault("there is no chain \(id)", "Chains are: \(chains.map(\.id.description).joined(separator: ", ")).")
        }
        let reserveField = try section.required("reserve")
        let reserve = try Names.address(reserveField)
        guard chain.genesis.contains(where: { $0.key == reserve }) else {
            throw reserveField.fault("the reserve has no account in the genesis of \(id)", "Add one there, with what it is to pay out.")
        }
        let assetField = try section.required("asset")
        return ContractSide(chain: id, asset: try Names.asset(assetField.text(), assetField), reserve: reserve)
    }
}
