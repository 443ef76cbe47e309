import Auditor
import Cryptography
import Foundation
import Schema
import Testing
import Wire

/// The auditor's own rules for chains that join (A16).
@Suite("Auditor: chains that join")
struct JoinAuditTests {
    private func join(_ fixture: AuditFixture, named id: String = "gamma", firstKey: UInt64 = 900, admitted: [Int] = [0, 1, 3]) throws -> Transaction {
        let pairs = (0..<3).map { AuditFixture.key(firstKey + UInt64($0)) }
        let nodes = pairs.enumerated().map { NodeDescription(id: "\(id)-\($0 + 1)", key: $1.publicKey, site: id) }
        let funds = GenesisAccount(key: fixture.alice.publicKey, balances: [Balance(asset: AssetID("Z")!, amount: 500)])
        let body = try ChainBody(
            ChainDescription(id: ChainID(id)!, engine: .bft, nodes: nodes, genesis: [funds], genesisTime: AuditFixture.genesisTime))
        let signatures = pairs.map { body.signed(by: $0.signer, network: fixture.network.id) }
        let admissions = admitted.map {
            Admission(body: body, signatures: signatures, network: fixture.network.id, notary: fixture.keys[.notary]![$0].signer).authorization
        }
        return fixture.transaction(.join(Join(body: body, signatures: signatures, admissions: admissions)), .notary)
    }

    /// A notary chain that took a chain in, whose block is then given another transaction.
    private func audited(_ other: Transaction?) throws -> [String] {
        let fixture = try AuditFixture()
        fixture.chains[.notary]!.append([try join(fixture)])
        fixture.store()
        if let other { fixture.change(.notary, 1) { $0.block.transactions[0] = Data(other.bytes) } }
        return try fixture.audit().violations.map(\.detail)
    }

    @Test("a chain that a quorum of the notaries admitted is audited without a violation")
    func clean() throws {
        #expect(try audited(nil) == [])
    }

    @Test("a chain that too few notaries admitted, or that has another chain's node, is found")
    func wrong() throws {
        let fixture = try AuditFixture()
        let few = try audited(try join(fixture, admitted: [0, 2]))
        #expect(few.contains { $0.contains("too few notaries admit") }, "\(few)")
        let twice = try audited(try join(fixture, admitted: [0, 1, 1]))
        #expect(twice.contains { $0.contains("too few notaries admit") }, "\(twice)")
        // Keys of alpha's nodes.
        let taken = try audited(try join(fixture, firstKey: 200))
        #expect(taken.contains { $0.contains("a node that another chain has") }, "\(taken)")
        let there = try audited(try join(fixture, named: "beta"))
        #expect(there.contains { $0.contains("joins a chain that there is") }, "\(there)")
    }

    @Test("a description that the nodes have not signed is found")
    func unsigned() throws {
        let fixture = try AuditFixture()
        guard case .join(let good) = try join(fixture).kind else { return }
        let reversed = fixture.transaction(.join(Join(body: good.body, signatures: good.signatures.reversed(), admissions: good.admissions)), .notary)
        let found = try audited(reversed)
        #expect(found.contains { $0.contains("a node of the new chain") }, "\(found)")
    }
}
