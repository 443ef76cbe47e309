import Cryptography
import Testing

import Wire

/// Everything that is hashed or signed, against `golden.txt`.
@Suite struct GoldenTests {
    private let file: GoldenFile

    init() throws { file = try GoldenFile() }

    @Test("every kind of transaction has the bytes and the id that the schema alone gives")
    func transactions() throws {
        let examples = GoldenExamples()
        file.check("network", examples.network.bytes)
        for (name, transaction) in examples.transactions {
            file.check(name, transaction.bytes)
            file.check("\(name)_id", transaction.id.bytes)
            let chain = examples.chain(of: transaction)
            let read = try Transaction(decoding: transaction.bytes, chain: chain, network: examples.network)
            #expect(read.id == transaction.id && read.kind == transaction.kind, "\(name) is read as it was written")
        }
    }

    @Test("a cross transaction is named by the hash of its signed body")
    func cross() {
        let cross = GoldenExamples().cross
        file.check("cross_body", cross.body)
        file.check("xid", cross.xid.bytes)
    }

    @Test("a header's bytes, hash and signature are those of the protocol")
    func header() {
        let examples = GoldenExamples()
        file.check("genesis_hash", BlockHeader.genesisHash(of: examples.alpha, network: examples.network).bytes)
        file.check("header", examples.header.bytes)
        file.check("block_hash", examples.header.hash.bytes)
        file.check("candidate_signature", examples.signature.bytes)
        file.check("transactions_root", examples.transactionsRoot.bytes)
    }

    @Test("statements that votes and notaries sign have fixed layouts")
    func statements() {
        let examples = GoldenExamples()
        let header = examples.header
        file.check("vote_statement", Statement(chain: examples.alpha, epoch: 0, slot: 3, kind: .notar, hash: header.hash).payload)
        file.check("skip_statement", Statement(chain: examples.alpha, epoch: 0, slot: 3, kind: .skip, hash: .zero).payload)
        file.check("notary_statement", NotaryStatement(header, epoch: 0).payload)
        let skip = Statement(chain: examples.alpha, epoch: 0, slot: 3, kind: .skip, hash: .zero)
        file.check("vote", Vote(skip, network: examples.network, signer: examples.nodes[0].signer).encoded)
    }

    @Test("certificates and final headers have the bytes that the schema alone gives")
    func certificates() throws {
        let examples = GoldenExamples()
        file.check("certificate", try #require(examples.final.finality.certificate).encoded)
        file.check("final_header", examples.final.encoded)
        let read = try FinalHeader(decoding: examples.final.encoded)
        #expect(read == examples.final)
        let notary = try #require(read.notary)
        let keys = try #require(examples.electorate(examples.notaries))
        let notaryChecks = try #require(notary.checks(for: read.header, notaries: keys, network: examples.network))
        #expect(notaryChecks.count == 3 && notaryChecks.allSatisfy(\.holds))
        let voters = try #require(examples.electorate(examples.nodes))
        let checks = try #require(read.finality.certificate?.checks(electorate: voters, network: examples.network))
        #expect(checks.count == 3 && checks.allSatisfy(\.holds))
    }

    @Test("the foreign root hashes the foreign blocks in their order, and is zero for none")
    func foreignRoot() {
        let examples = GoldenExamples()
        file.check("foreign_root", Blake2b.hash(.foreign, examples.blockA.bytes + examples.blockB.bytes).bytes)
        let finals = [examples.final, examples.final]
        #expect(Block.foreignRoot(finals) == Blake2b.hash(.foreign, examples.header.hash.bytes + examples.header.hash.bytes))
        #expect(Block.foreignRoot([]) == .zero)
    }

    @Test("a device signs its account and its time")
    func watch() {
        let examples = GoldenExamples()
        let watch = Watch(time: 1_700_000_000_000, network: examples.network, signer: examples.alice.signer)
        file.check("watch_payload", watch.account.bytes + watch.time.bigEndianBytes)
        file.check("watch_signature", watch.signature.bytes)
    }

    @Test("what the state keeps of an election has fixed layouts")
    func election() {
        let examples = GoldenExamples()
        file.check("candidacy_entry", CandidacyEntry(examples.candidacy).encoded)
        file.check("ballot_entry", BallotEntry(examples.ballot).encoded)
        file.check("closing_entry", ClosingEntry(chain: examples.alpha, epoch: 6, nodes: ["notary-1", "notary-2"]).encoded)
    }

    @Test("what states keep of a contract, and its reserve account, follow from the terms alone")
    func contract() throws {
        let examples = GoldenExamples()
        let entry = examples.contractEntry
        file.check("contract_entry", entry.encoded)
        file.check("contract_reserve", entry.terms.contract.first.reserve.bytes)
        #expect(ContractEntry(decoding: entry.encoded, network: examples.network) == entry)
        #expect(ContractEntry(decoding: entry.encoded + [0], network: examples.network) == nil)
        #expect(ContractEntry(decoding: Array(entry.encoded.dropLast()), network: examples.network) == nil)
    }

    @Test("what states keep of a peg has fixed layouts, and its terms one form")
    func bridge() throws {
        let examples = GoldenExamples()
        file.check("locked_item", examples.lockedItem.encoded)
        file.check("redeemed_item", examples.redeemedItem.encoded)
        file.check("lane_entry", LaneEntry(contract: "vault", amount: 300).encoded)
        file.check("meter_entry", examples.meter.encoded)
        #expect(MeterEntry(decoding: examples.meter.encoded) == examples.meter)
        file.check("pause_entry", examples.pauseEntry.encoded)
        #expect(PauseEntry(decoding: examples.pauseEntry.encoded) == examples.pauseEntry)
        file.check("attested", examples.lockedItem.attested(on: examples.alpha, version: 2))
        file.check("peg_terms", examples.pegTerms.body)
        #expect(try DeclaredTerms(decoding: examples.pegTerms.body, network: examples.network) == examples.pegTerms)
    }

    @Test("what the state keeps of a chain that has joined, and what stands for its beginning, follow from its description alone")
    func joined() throws {
        let examples = GoldenExamples()
        file.check("chain_body", examples.chainBody.bytes)
        file.check("staked_body", examples.stakedBody.bytes)
        file.check("chain_entry", examples.chainEntry.encoded)
        file.check("joined_genesis_hash", examples.chainEntry.genesisHash(network: examples.network).bytes)
        #expect(ChainEntry(decoding: examples.chainEntry.encoded) == examples.chainEntry)
        #expect(ChainEntry(decoding: examples.chainEntry.encoded + [0]) == nil)
        #expect(try ChainBody(decoding: examples.stakedBody.bytes) == examples.stakedBody)
    }

    @Test("every line of the golden file is compared by a test")
    func complete() {
        let named = [
            "network", "genesis_hash", "cross_body", "xid", "transactions_root", "foreign_root", "header", "block_hash",
            "candidate_signature", "vote_statement", "skip_statement", "notary_statement", "vote", "certificate", "final_header",
            "watch_payload", "watch_signature", "candidacy_entry", "ballot_entry", "closing_entry", "contract_entry", "contract_reserve",
            "locked_item", "redeemed_item", "lane_entry", "meter_entry", "pause_entry", "attested", "peg_terms",
            "chain_body", "staked_body", "chain_entry", "joined_genesis_hash",
        ]
        let transactions = GoldenExamples().transactions.flatMap { [$0.name, "\($0.name)_id"] }
        #expect(Set(named + transactions + GoldenMessageTests.names) == Set(file.lines.keys))
    }
}
