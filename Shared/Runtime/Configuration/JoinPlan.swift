import Cryptography
import Foundation
import Wire

/// What a new chain is to look like (A16).
package struct JoinPlan: Hashable, Sendable {
    package var id: ChainID
    package var engine = Engine.bft
    package var nodes = 4
    package var asset: AssetID
    /// Accounts that have funds of the asset from the start.
    package var funded: [PublicKey] = []
    /// Unix milliseconds.
    package var genesisTime: ChainTime

    package init(id: ChainID, asset: AssetID, genesisTime: ChainTime) {
        self.id = id
        self.asset = asset
        self.genesisTime = genesisTime
    }

    /// Makes keys, and the file that names their public halves and has all nodes' signatures.
    ///
    /// - Throws: the field that makes the chain impossible.
    package func realized(for configuration: NetworkConfiguration, endpoints: SiteEndpoints) throws(WireFault) -> (file: JoinFile, keys: NetworkKeys) {
        let network = configuration.network
        var keys = NetworkKeys()
        let pairs = (1...max(1, nodes)).map { (name: "\(id)-\($0)", pair: KeyPair.generate()) }
        keys.nodes = pairs
        let described = pairs.map {
            NodeDescription(id: $0.name, key: $0.pair.publicKey, site: id.description, stake: engine == .pos ? NetworkPlan.nodeStake : 0)
        }
        let genesis = funded.map { GenesisAccount(key: $0, balances: [Balance(asset: asset, amount: NetworkPlan.clientFunds)]) }
        let stake = StakeRule(asset: asset, minimum: NetworkPlan.nodeStake / 100, unbondingMilliseconds: NetworkPlan.unbondingMilliseconds)
        let body = try ChainBody(
            ChainDescription(
                id: id, engine: engine, nodes: described, genesis: genesis, genesisTime: genesisTime, work: engine == .pow ? WorkRule() : nil,
                epochs: engine == .pos ? NetworkPlan.epochs : nil, stake: engine == .pos ? stake : nil))
        let bus = TransportKeyPair.generate()
        let site = SiteDescription(id: id.description, endpoints: endpoints, key: bus.publicKey)
        keys.transports.append((site.memberName, bus))
        var file = JoinFile(
            network: network.id, body: body, signatures: pairs.map { body.signed(by: $0.pair.signer, network: network.id) }, site: site, members: [])
        var roles = network.notary.listed.map { RoleAddress(role: .validator, chain: id, node: $0.id) }
        for node in described { roles += [.consensus, .builder, .collector].map { RoleAddress(role: $0, chain: id, node: node.id) } }
        for role in roles {
            let pair = TransportKeyPair.generate()
            keys.transports.append((role.memberName, pair))
            file.members.append(MemberDescription(name: role.memberName, role: .role(role.role), key: pair.publicKey))
        }
        return (file, keys)
    }
}

extension NetworkFolder {
    /// Writes a new chain's keys, then its file.
    ///
    /// - Parameter passphrase: seals the keys of nodes.
    package func write(_ join: JoinFile, _ keys: NetworkKeys, passphrase: String?) throws {
        for (name, pair) in keys.nodes {
            try KeyFile.write(pair, to: identityKey(name), passphrase: passphrase, cost: NetworkFolder.serviceSealingCost)
        }
        for (name, pair) in keys.transports { try KeyFile.write(pair, to: transportKey(name)) }
        try write(join)
    }

    /// Writes a chain's file, whole or not at all.
    package func write(_ join: JoinFile) throws {
        let target = URL(fileURLWithPath: joinFile(join.body.chain.id.description))
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(join.text.utf8).write(to: target, options: .atomic)
    }
}
