import Auditor
import Cryptography
import Foundation
import RoleKit
import Runtime
import Testing
import Wire

/// The auditor's own readers understand what the services write.
@Suite struct AgreementTests {
    @Test("the auditor finds the network id that the configuration gives, for a file that the configuration wrote")
    func networkID() throws {
        let fixture = try AuditFixture()
        let ledgers = fixture.network
        let id = NetworkIdentity.id(
            version: NetworkFile.version, notary: ledgers.notary, chains: ledgers.chains, contracts: ledgers.contracts, timing: ledgers.timing)
        #expect(ledgers.id == id)
        let configuration = NetworkConfiguration(name: "test", network: ledgers, sites: [], members: [])
        try NetworkFile.text(of: configuration).write(
            to: fixture.folder.appendingPathComponent("network.yaml"), atomically: true, encoding: .utf8)
        let report = try Audit.run(folder: fixture.folder.path)
        #expect(report.networkID == id.hex)
    }

    @Test("the auditor finds the network id of a network whose chains vote by stake")
    func stakedNetworkID() throws {
        var plan = NetworkPlan()
        (plan.clients, plan.nodes, plan.notaries, plan.engines, plan.genesisTime) = (2, 2, 1, [.pos, .bft], 1_700_000_000_000)
        let endpoints = (0..<3).map { site in
            SiteEndpoints(
                members: "tcp://127.0.0.1:\(7001 + site * 3)", publish: "tcp://127.0.0.1:\(7002 + site * 3)",
                clients: "tcp://127.0.0.1:\(7003 + site * 3)")
        }
        let configuration = plan.realized(endpoints: endpoints).configuration
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("concordat-staked-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try NetworkFile.text(of: configuration).write(to: folder.appendingPathComponent("network.yaml"), atomically: true, encoding: .utf8)
        #expect(try Audit.run(folder: folder.path).networkID == configuration.network.id.hex)
    }

    /// Writes a node's chain and its votes as its role does.
    private func write(_ fixture: AuditFixture, node: Int, closing: Bool = true) throws -> RoleStore {
        let chain = AuditFixture.alpha
        let address = RoleAddress(role: .consensus, chain: chain, node: "alpha-\(node)")
        let store = try RoleStore(
            folder: NetworkFolder(fixture.folder.path).data(of: address), network: fixture.network.id, address: address)
        let signer = fixture.keys[chain]![node - 1].signer
        for (block, final) in zip(fixture.chains[chain]!.blocks, fixture.chains[chain]!.finals) {
            let row = StoreOperation.put(.blocks, key: block.header.height, value: FinalBlock(block: block, final: final).encoded)
            let votes = [VoteKind.notar, .final].map { kind in
                let statement = Statement(chain: chain, epoch: 0, slot: block.header.slot, kind: kind, hash: block.hash)
                return StoreOperation.vote(
                    VoteRow(
                        chain: chain, epoch: 0, slot: block.header.slot, duty: kind == .notar ? .notar : .decide, hash: block.hash,
                        bytes: Vote(statement, network: fixture.network.id, signer: signer).encoded))
            }
            try store.commit([row] + votes)
        }
        if closing { store.close() }
        return store
    }

    @Test("stores and vote logs of a role are read as it wrote them, open or closed")
    func stores() throws {
        let fixture = try AuditFixture()
        fixture.history()
        let open = try write(fixture, node: 1, closing: false)
        _ = try write(fixture, node: 2)
        let report = try Audit.run(folder: fixture.folder.path)
        // Other chains' stores are missing here, so what alpha says of them cannot be placed: that is no violation.
        #expect(report.violations == [])
        #expect(report.chains.first { $0.id == "alpha" }?.height == 3)
        open.close()
    }

    @Test("a vote log that was altered is found by its checksum; one that was cut short by a crash is not held against it")
    func voteLog() throws {
        let fixture = try AuditFixture()
        fixture.history()
        _ = try write(fixture, node: 1)
        let file = fixture.folder.appendingPathComponent("data/alpha-1/consensus.alpha/votes.log")
        let bytes = try Data(contentsOf: file)
        try bytes.dropLast(10).write(to: file)
        let cut = try Audit.run(folder: fixture.folder.path)
        #expect(cut.violations == [])
        var altered = bytes
        altered[100] ^= 1
        try altered.write(to: file)
        let found = try Audit.run(folder: fixture.folder.path)
        #expect(found.violations.map(\.invariant) == [.readable])
    }
}
