import Foundation
import Schema

/// Terms that a client has declared, read by the schema alone (A14; docs/protocol.md, section 5).
struct ContractModel: Sendable {
    /// Id padded to 32, version u32.
    var name: Bytes
    /// As signed.
    var body: Bytes
    var deployer: Bytes
    var contract: AuditContract

    /// - Parameter network: the network's id, from which the reserve accounts follow.
    init(_ data: Data, network: Bytes) throws(FormFault) {
        let terms = try ParsedTransaction.canonical(PBContractTerms.self, data, "its terms")
        guard Layout.isChainName(terms.id), terms.id != "agreement", terms.version > 0, terms.hasFirst, terms.hasSecond,
            terms.deployer.count == Sodium.keyBytes
        else { throw FormFault("declares a contract that is out of form") }
        let parties = [terms.first, terms.second]
        guard parties.allSatisfy({ Layout.isChainName($0.chain) && $0.chain != AuditNetwork.notaryName && Layout.isAssetName($0.asset) }),
            parties[0].chain != parties[1].chain
        else { throw FormFault("declares a contract between what are no two chains") }
        var sides = parties.map { party in
            let reserve = Sodium.hash(.reserve, network + Layout.padded(party.chain) + Array(terms.id.utf8))
            return AuditContract.Side(chain: party.chain, asset: party.asset, reserve: reserve)
        }
        for (place, brakes) in [terms.hasFirstBrakes ? terms.firstBrakes : nil, terms.hasSecondBrakes ? terms.secondBrakes : nil].enumerated() {
            guard let brakes else { continue }
            guard let brake = BrakeModel(brakes) else { throw FormFault("declares brakes that make no sense") }
            guard terms.hasPeg || brake.isWaitObserved || brake.wait < terms.deadlineMaximumMilliseconds else {
                throw FormFault("declares a delay that no deadline leaves room for")
            }
            sides[place].brake = brake
        }
        let isSensible = terms.rateNumerator > 0 && terms.rateDenominator > 0 && terms.minimumAmount > 0 && terms.maximumAmount >= terms.minimumAmount
        let isTimed = terms.hasPeg ? terms.deadlineMaximumMilliseconds == 0 : (1...AuditLimits.agreementDeadlineMilliseconds).contains(terms.deadlineMaximumMilliseconds)
        guard isSensible, isTimed else { throw FormFault("declares a contract whose numbers make no sense") }
        let peg = terms.hasPeg ? PegModel(terms.peg) : nil
        if terms.hasPeg {
            guard peg != nil, terms.rateNumerator == 1, terms.rateDenominator == 1, parties[1].asset == "\(parties[0].chain)/\(parties[0].asset)" else {
                throw FormFault("declares a peg that makes no sense")
            }
        }
        name = Layout.padded(terms.id) + Layout.number(terms.version)
        body = Bytes(data)
        deployer = Bytes(terms.deployer)
        contract = AuditContract(
            id: terms.id, version: terms.version, sides: sides, rateNumerator: terms.rateNumerator, rateDenominator: terms.rateDenominator,
            minimumAmount: terms.minimumAmount, maximumAmount: terms.maximumAmount,
            deadlineMaximumMilliseconds: terms.deadlineMaximumMilliseconds, peg: peg)
    }
}

/// A contract as a chain's state has it.
struct ContractStanding: Sendable {
    var model: ContractModel
    var node: Bytes
    var height: UInt64

    /// notary height u64 | node 32 | terms.
    var encoded: Bytes { Layout.number(height) + node + model.body }
}

extension LedgerModel {
    /// The notary chain takes terms in.
    mutating func applyDeploy(_ deploy: PBDeploy) -> RuleResult {
        guard let model = try? ContractModel(deploy.body, network: network.id) else { return .forbidden(.replay, "declares nothing that can be read") }
        let node = Bytes(deploy.node)
        let parties = model.contract.sides.compactMap { subChain($0.chain) }
        guard parties.count == 2, parties.contains(where: { $0.nodes.contains { $0.key == node } }) else {
            return .forbidden(.replay, "declares a contract that no node of its chains has handed in")
        }
        guard !network.contracts.contains(where: { $0.id == model.contract.id }), contracts[model.name] == nil else {
            return .forbidden(.replay, "declares a contract that there is already")
        }
        guard parties.allSatisfy({ statuses[$0.id]?.hasLeft != true }) else { return .forbidden(.replay, "declares a contract with a chain that has left (J-7)") }
        if model.contract.peg != nil {
            // What a peg issues is all that there is of the wrapped asset, and its accounts begin empty.
            let (side, issued) = (model.contract.sides[1].chain, model.contract.sides[1].asset)
            let isEmpty = parties.allSatisfy { chain in
                let accounts = model.contract.sides.filter { $0.chain == chain.id }.map(\.reserve)
                return chain.genesis.allSatisfy { item in
                    !accounts.contains(item.account) && (chain.id != side || item.balances.allSatisfy { $0.asset != issued })
                }
            }
            guard isEmpty else { return .forbidden(.replay, "declares a peg of which a chain has some from its beginning") }
        }
        if model.contract.version > 1 {
            let before = Layout.padded(model.contract.id) + Layout.number(model.contract.version - 1)
            guard contracts[before]?.model.deployer == model.deployer else {
                return .forbidden(.replay, "declares a version that does not follow on its deployer's last")
            }
        }
        let recent = contracts.values.count { $0.node == node && $0.height + AuditLimits.contractWindow > height }
        guard recent < AuditLimits.contractsPerNode else {
            return .forbidden(.replay, "is handed in by a node that has handed in enough lately")
        }
        write(ContractStanding(model: model, node: node, height: height))
        return .outcome(0)
    }

    /// A sub-chain takes in what the notary chain's state shows.
    mutating func applyAdopt(_ adopt: PBAdopt, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        guard Layout.isChainName(adopt.id) else { return .forbidden(.replay, "takes in a contract without a name") }
        let name = Layout.padded(adopt.id) + Layout.number(adopt.version)
        guard contracts[name] == nil else { return .forbidden(.replay, "takes in a contract a second time") }
        guard let header = evidence[Bytes(adopt.evidence.block)], header.chain == AuditNetwork.notaryName,
            case .present(let value)? = StateProofModel.entry(
                adopt.evidence.proof, key: Sodium.hash(.stateContract, name), root: header.stateRoot),
            value.count > 40, let model = try? ContractModel(Data(value[40...]), network: network.id), model.name == name
        else { return .forbidden(.replay, "takes in terms that the notary chain is not shown to hold") }
        guard let side = model.contract.sides.first(where: { $0.chain == chain.id }) else {
            return .forbidden(.replay, "takes in terms that do not name this chain")
        }
        let since = value[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        write(ContractStanding(model: model, node: Bytes(value[8..<40]), height: since))
        if accounts[side.reserve] == nil { write(AccountModel(key: side.reserve)) }
        return .outcome(0)
    }

    /// Terms that a cross transaction may name on this chain.
    func contract(_ cross: ParsedCross) -> AuditContract? {
        if let known = network.contract(cross.body.contract, version: cross.body.contractVersion) { return known }
        guard Layout.isChainName(cross.body.contract) else { return nil }
        return contracts[Layout.padded(cross.body.contract) + Layout.number(cross.body.contractVersion)]?.model.contract
    }

    /// Whether an account is a reserve under the terms that a cross transaction names: its debits need nobody's signature.
    func isReserve(_ account: Data, on name: String, under cross: ParsedCross) -> Bool {
        if network.isReserve(Bytes(account), on: name) { return true }
        let id = cross.body.contract
        guard id != "agreement", !network.contracts.contains(where: { $0.id == id }) else { return false }
        return Sodium.hash(.reserve, network.id + Layout.padded(name) + Array(id.utf8)) == Bytes(account)
    }
}
