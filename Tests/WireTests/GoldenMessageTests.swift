import Cryptography
import RoleKit
import Testing

import Wire

/// Frames of mined chains, hand-overs, freezes, thaws, headers and proofs: written as the schema alone says, and read from what it says.
@Suite struct GoldenMessageTests {
    private let file: GoldenFile
    private let examples = GoldenExamples()

    init() throws { file = try GoldenFile() }

    /// Names of the lines that this suite compares.
    static let names: [String] =
        ["mined_header", "mined_hash", "mined_final", "handover"] + published.map(\.name) + requests.map(\.name) + responses.map(\.name)

    static let published: [(name: String, message: @Sendable (GoldenExamples) -> Message)] = [
        ("recorded", { .recorded(Recorded(chain: $0.alpha, head: $0.recordedHead)) }),
        ("nothing_recorded", { .recorded(Recorded(chain: $0.alpha, head: nil)) }),
        ("notarized", { .notarized($0.notarized) }),
        ("published_handover", { .handover($0.shownHandover) }),
        ("nomination", { .nomination(Nomination(Transaction(.ballot($0.ballot), chain: .notary, network: $0.network))) }),
        ("published_consent", { .consent($0.consent) }),
        ("leg_notice", { .leg($0.frozenNotice) }),
        ("branch_head", { .branch($0.branchHead) }),
        ("contract_notice", { .contract($0.contractNotice) }),
        ("pause_notice", { .pause($0.pauseNotice) }),
        ("published_pause_consent", { .pauseConsent($0.pauseConsent) }),
        ("published_admission", { .admission($0.admission(0)) }),
        ("published_joined", { .joined($0.joinNotice) }),
    ]

    static let requests: [(name: String, request: @Sendable (GoldenExamples) -> Request)] = [
        ("fetch_recorded", { .fetchRecorded($0.alpha) }),
        ("consent", { .consent($0.consent) }),
        ("thaw_consent", { .consent($0.thawConsent) }),
        ("leave_consent", { .consent($0.leaveConsent) }),
        ("release_query", { .release($0.releaseQuery) }),
        ("stand_query", { .stand($0.standQuery) }),
        ("leave_query", { .stand($0.leaveQuery) }),
        ("frozen_query", { .frozen($0.beta) }),
        ("chain_query", { _ in .chains }),
        ("fetch_headers", { .fetchHeaders(chain: $0.alpha, from: 3, limit: 64) }),
        ("fetch_account_proof", { .fetchAccountProof(chain: $0.beta, account: $0.alice.publicKey) }),
        ("contract_query", { _ in .contract(id: "bureau", version: 2) }),
        ("fetch_contracts", { _ in .contracts(from: 5, limit: 256) }),
        ("sponsor", { .sponsor($0.terms, $0.termsSignature) }),
        ("bridge_query", { .bridge(BridgeQuery(contract: "vault", kind: .redeemed, fromHeight: 7, afterOrder: $0.lockedItem.order)) }),
        ("bridge_orders_query", { .bridge(BridgeQuery(contract: "vault", kind: .issued, orders: [$0.lockedItem.order, $0.redeemedItem.order])) }),
        ("bridge_proof_query", { .bridgeProof(BridgeProofQuery(contract: "vault", kind: .locked, order: $0.lockedItem.order)) }),
        ("attest", { .attest($0.issue, $0.final) }),
        ("pause_query", { .pause(.asset($0.alpha, AssetID("X")!)) }),
        ("pause_consent", { .pauseConsent($0.pauseConsent) }),
        ("pauses_query", { _ in .pauses }),
        ("brakes_query", { _ in .brakes }),
        ("admit", { .admit($0.admission(0)) }),
        ("join_query", { _ in .joins }),
        ("fetch_holds", { .fetchHolds(HoldsQuery(chain: $0.alpha)) }),
        (
            "fetch_holds_after",
            { .fetchHolds(HoldsQuery(chain: $0.alpha, account: $0.alice.publicKey, after: .init(height: 7, xid: $0.cross.xid), limit: 9)) }
        ),
    ]

    static let responses: [(name: String, response: @Sendable (GoldenExamples) -> Response)] = [
        ("recorded", { .recorded(Recorded(chain: $0.alpha, head: $0.recordedHead)) }),
        ("nothing_recorded", { .recorded(Recorded(chain: $0.alpha, head: nil)) }),
        ("chain_states", { .chains($0.chainStates) }),
        ("granted", { _ in .granted(true) }),
        ("not_granted", { _ in .granted(false) }),
        ("frozen_proof", { $0.frozenProof }),
        ("headers", { .headers(HeaderRun(headers: [$0.mined], last: $0.notaryFinal), head: 9) }),
        ("no_headers", { _ in .headers(HeaderRun(headers: [], last: nil), head: 4) }),
        ("account_proof", { .accountProof($0.final, StateProof(value: $0.statusEntry, siblings: [GoldenExamples.hash("s0")], other: nil)) }),
        ("contract_proof", { .contract($0.notaryFinal, $0.contractProof) }),
        ("contracts", { .contracts([$0.contractEntry], count: 6) }),
        ("bridge_state", { .bridge(BridgeView(version: 2, height: 14, lane: 300, returned: 40, items: [$0.redeemedItem])) }),
        ("no_bridge", { _ in .bridge(BridgeView(version: nil, height: 14, lane: 0, returned: 0, items: [])) }),
        ("bridge_shown", { .bridgeShown($0.final, StateProof(value: $0.lockedItem.encoded, siblings: [GoldenExamples.hash("s0")], other: nil)) }),
        ("pause_proof", { .pauseShown($0.notaryFinal, StateProof(value: $0.pauseEntry.encoded, siblings: [GoldenExamples.hash("s0")], other: nil)) }),
        ("pauses", { .pauses($0.pauseStates) }),
        ("brakes", { .brakes($0.brakeView) }),
        ("attested_answer", { _ in .attested(have: 1, threshold: 2) }),
        ("holds", { _ in .holds(Holds(entries: [Array("entry".utf8), Array("another".utf8)], count: 70, height: 12, time: 1_700_000_005_000)) }),
        ("no_holds", { _ in .holds(Holds(entries: [], count: 0, height: 12, time: 1_700_000_005_000)) }),
        ("joins", { .joins(Joins(joined: [$0.joinNotice], applicants: [.init(body: $0.chainBody, notaries: $0.notaries.prefix(2).map(\.publicKey))])) }),
    ]

    @Test("published messages of mined, handed over and frozen chains have the bytes that the schema alone gives")
    func messages() throws {
        for (name, make) in Self.published {
            let message = make(examples)
            file.check(name, message.encoded())
            #expect(try Message(decoding: try file.bytes(name), network: examples.network) == message, "\(name) is read as it was written")
        }
    }

    @Test("requests about mined and frozen chains have the bytes that the schema alone gives")
    func asked() throws {
        for (name, make) in Self.requests {
            let request = make(examples)
            file.check(name, request.encoded())
            #expect(try Request(decoding: try file.bytes(name), network: examples.network) == request, "\(name) is read as it was written")
        }
    }

    @Test("answers about mined and frozen chains have the bytes that the schema alone gives")
    func answered() throws {
        for (name, make) in Self.responses {
            let response = make(examples)
            file.check(name, response.encoded)
            #expect(try Response(decoding: try file.bytes(name), network: examples.network) == response, "\(name) is read as it was written")
        }
    }

    @Test("a miner finds the nonce that the hashing rule alone finds, and the header has the bytes and hash of the protocol")
    func mined() throws {
        let header = examples.mined
        file.check("mined_header", header.bytes)
        file.check("mined_hash", header.hash.bytes)
        let read = try BlockHeader(decoding: try file.bytes("mined_header"))
        #expect(read.workTarget == GoldenExamples.workTarget && read.fields == header.fields)
        var search = NonceSearch(MiningJob(BlockHeader(examples.template)))
        #expect(search.search(1 << 16) == read.fields.workNonce)
    }

    @Test("a mined block's final header has a record in place of votes, and its signatures and proof are read back")
    func recorded() throws {
        let final = examples.minedFinal(.recorded(examples.recordedHead))
        file.check("mined_final", final.encoded)
        let read = try FinalHeader(decoding: try file.bytes("mined_final"))
        #expect(read == final && read.finality.certificate == nil)
        guard case .recorded(let head) = read.finality else { throw WireFault(.missing, "FinalHeader.recorded") }
        let notaries = try #require(examples.electorate(examples.notaries))
        let votes = try #require(head.notary.finality.certificate?.checks(electorate: notaries, network: examples.network))
        let signatures = try #require(read.notary?.checks(for: read.header, notaries: notaries, network: examples.network))
        #expect(votes.count == 3 && signatures.count == 3 && (votes + signatures).allSatisfy(\.holds))
    }

    @Test("a hand-over has the bytes that the schema alone gives, on disk as in a frame")
    func handover() throws {
        file.check("handover", examples.shownHandover.encoded)
        #expect(try Handover(decoding: try file.bytes("handover")) == examples.shownHandover)
    }

    @Test("consents and inner requests are signed over what the protocol says, read from bytes of another hand")
    func signatures() throws {
        let network = examples.network
        for name in ["consent", "thaw_consent", "leave_consent", "release_query", "stand_query", "leave_query"] {
            let check =
                switch try Request(decoding: try file.bytes(name), network: network) {
                case .consent(let consent): consent.check(network: network)
                case .release(let query): query.check(examples.notaries[0].publicKey, network: network)
                case .stand(let query): query.check(examples.notaries[0].publicKey, network: network)
                default: throw WireFault(.invalid, name)
                }
            #expect(check.holds, "\(name)")
        }
        let join = try Transaction(decoding: try file.bytes("join"), chain: .notary, network: network)
        guard case .join(let join) = join.kind else { throw WireFault(.invalid, "join") }
        let words = join.checks(network: network)
        #expect(words.count == 5 && words.allSatisfy(\.holds))
        for (name, count) in [("freeze", 2), ("first_freeze", 2), ("thaw", 3), ("leave", 6)] {
            let transaction = try Transaction(decoding: try file.bytes(name), chain: .notary, network: network)
            guard case .status(let change) = transaction.kind else { throw WireFault(.invalid, name) }
            let checks = change.checks(network: network)
            #expect(checks.count == count && checks.allSatisfy(\.holds), "\(name)")
        }
    }
}
