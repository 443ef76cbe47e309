import Cryptography
import Schema

import Wire

/// Every reader of bytes from outside, with an example that it takes.
struct Decoder: Sendable, CustomStringConvertible {
    var name: String
    var example: [UInt8]
    /// Whether only the bytes that an encoder writes are taken.
    var isCanonical: Bool
    /// What an empty message lacks, or nil when it is a valid one.
    var empty: WireFault?
    var decode: @Sendable ([UInt8]) throws -> Void

    var description: String { name }

    static var all: [Decoder] { ledger + messages + requests + calls }

    private static var ledger: [Decoder] {
        let examples = GoldenExamples()
        let network = examples.network
        let block = Decoder.block(examples)
        let certified = CertifiedCandidate(header: examples.header, builderSignature: examples.signature, notary: examples.notaryCertificate)
        let vote = Vote(
            Statement(chain: examples.alpha, epoch: 0, slot: 3, kind: .notar, hash: .init(a: 1, b: 2, c: 3, d: 4)), network: network,
            signer: examples.alice.signer)
        let kinds = examples.transactions.map { item in
            let chain = examples.chain(of: item.transaction)
            return Decoder(
                name: "Transaction(\(item.name))", example: item.transaction.bytes, isCanonical: true,
                empty: WireFault(.missing, "Transaction.kind")
            ) { _ = try Transaction(decoding: $0, chain: chain, network: network) }
        }
        return kinds + [
            Decoder(
                name: "BlockHeader", example: examples.header.bytes, isCanonical: true, empty: WireFault(.invalid, "BlockHeader.height")
            ) { _ = try BlockHeader(decoding: $0) },
            Decoder(name: "Block", example: block.encoded, isCanonical: false, empty: WireFault(.invalid, "BlockHeader.height")) {
                _ = try Block(decoding: $0, network: network)
            },
            Decoder(
                name: "CertifiedCandidate", example: certified.encoded, isCanonical: false, empty: WireFault(.invalid, "BlockHeader.height")
            ) { _ = try CertifiedCandidate(decoding: $0) },
            Decoder(
                name: "FinalHeader", example: examples.final.encoded, isCanonical: false, empty: WireFault(.missing, "FinalHeader.finality")
            ) { _ = try FinalHeader(decoding: $0) },
            Decoder(
                name: "FinalBlock", example: FinalBlock(block: block, final: nil).encoded, isCanonical: false,
                empty: WireFault(.missing, "FinalBlock.block")
            ) { _ = try FinalBlock(decoding: $0, network: network) },
            Decoder(
                name: "Certificate", example: examples.final.finality.certificate!.encoded, isCanonical: true,
                empty: WireFault(.invalid, "Certificate.chain")
            ) { _ = try Certificate(decoding: $0) },
            Decoder(name: "Vote", example: vote.encoded, isCanonical: true, empty: WireFault(.invalid, "Vote.chain")) {
                _ = try Vote(decoding: $0)
            },
        ]
    }

    private static var messages: [Decoder] {
        let examples = GoldenExamples()
        let network = examples.network
        let pooled = PooledTransaction(transaction: examples.transfer.bytes, foreign: [examples.final])
        let notice = LegNotice(
            chain: examples.alpha, purpose: .settle, cross: examples.cross, foreign: [examples.final], evidence: [examples.present],
            notary: "notary-1")
        var beat = Beat(source: "builder.alpha@alpha-1/1", height: 3, waiting: 2)
        (beat.startedMilliseconds, beat.received, beat.sent, beat.faults, beat.unsent) = (1, 2, 3, 4, 5)
        (beat.busyMicroseconds, beat.processorMicroseconds, beat.waitingMilliseconds) = (6, 7, 8)
        let published: [(String, Message)] = [
            ("accepted", .accepted(AcceptedTransactions(node: "alpha-1", transactions: [pooled]))),
            ("candidate", .candidate(block(examples))), ("final", .final(examples.final)), ("leg", .leg(notice)),
            (
                "verdict",
                .verdict(
                    NotaryVerdict(
                        chain: examples.alpha, block: examples.blockA, notary: examples.bob.publicKey,
                        verdict: .refused(transaction: examples.blockB, reason: .badSignature)))
            ),
            ("branch", .branch(BranchHead(notary: "notary-1", chain: examples.alpha, height: 1, block: examples.blockA, crosses: []))),
            ("nomination", .nomination(Nomination(Transaction(.ballot(examples.ballot), chain: .notary, network: network)))),
            ("handover", .handover(examples.handover)),
            ("beat", .beat(beat)),
        ]
        let others = GoldenMessageTests.published.map { (name: $0.name, message: $0.message(examples)) }
        let frames = (published + others).map { name, message in
            Decoder(
                name: "Message(\(name))", example: message.encoded(), isCanonical: false, empty: WireFault(.missing, "Published.message")
            ) { _ = try Message(decoding: $0, network: network) }
        }
        return frames + [
            Decoder(name: "PooledTransaction", example: pooled.encoded, isCanonical: false, empty: nil) {
                _ = try PooledTransaction(decoding: $0)
            },
            Decoder(name: "LegNotice", example: notice.encoded, isCanonical: false, empty: WireFault(.invalid, "LegNotice.chain")) {
                _ = try LegNotice(decoding: $0, network: network)
            },
            Decoder(
                name: "Notice", example: Notice.leg(notice).encoded, isCanonical: false, empty: WireFault(.missing, "Notice.notice")
            ) { _ = try Notice(decoding: $0, network: network) },
        ]
    }

    /// Requests and answers about mined and frozen chains.
    private static var calls: [Decoder] {
        let examples = GoldenExamples()
        let network = examples.network
        return GoldenMessageTests.requests.map { item in
            Decoder(
                name: "Request(\(item.name))", example: item.request(examples).encoded(), isCanonical: false,
                empty: WireFault(.missing, "Request.request")
            ) { _ = try Request(decoding: $0, network: network) }
        } + GoldenMessageTests.responses.map { item in
            Decoder(
                name: "Response(\(item.name))", example: item.response(examples).encoded, isCanonical: false,
                empty: WireFault(.missing, "Response.response")
            ) { _ = try Response(decoding: $0, network: network) }
        } + [
            Decoder(
                name: "BlockHeader(mined)", example: examples.mined.bytes, isCanonical: true, empty: WireFault(.invalid, "BlockHeader.height")
            ) { _ = try BlockHeader(decoding: $0) },
            Decoder(
                name: "FinalHeader(recorded)", example: examples.minedFinal(.recorded(examples.recordedHead)).encoded, isCanonical: false,
                empty: WireFault(.missing, "FinalHeader.finality")
            ) { _ = try FinalHeader(decoding: $0) },
        ]
    }

    private static var requests: [Decoder] {
        let examples = GoldenExamples()
        let network = examples.network
        let part = Receipt.Part(
            chain: examples.alpha, transaction: examples.transfer.bytes, outcome: .applied, index: 0, path: [examples.blockA],
            final: examples.final, record: nil)
        let receipt = Receipt(id: examples.transfer.id, parts: [part], handovers: [examples.handover])
        let answer = Answer(xid: examples.cross.xid, refusal: "no", network: network, signer: examples.bob.signer)
        return [
            Decoder(
                name: "Request(submit)", example: Request.submit(examples.transfer.bytes).encoded(), isCanonical: false,
                empty: WireFault(.missing, "Request.request")
            ) { _ = try Request(decoding: $0, network: network) },
            Decoder(
                name: "Request(answer)", example: Request.answer(answer).encoded(), isCanonical: false,
                empty: WireFault(.missing, "Request.request")
            ) { _ = try Request(decoding: $0, network: network) },
            Decoder(
                name: "Response(receipt)", example: Response.receipt(receipt).encoded, isCanonical: false,
                empty: WireFault(.missing, "Response.response")
            ) { _ = try Response(decoding: $0, network: network) },
            Decoder(
                name: "Response(election)",
                example: Response.election(
                    ElectionView(
                        height: 3, slot: 4, candidacies: [CandidacyEntry(examples.candidacy)], ballots: [BallotEntry(examples.ballot)])
                ).encoded, isCanonical: false, empty: WireFault(.missing, "Response.response")
            ) { _ = try Response(decoding: $0, network: network) },
            Decoder(
                name: "Response(handovers)", example: Response.handovers([examples.handover]).encoded, isCanonical: false,
                empty: WireFault(.missing, "Response.response")
            ) { _ = try Response(decoding: $0, network: network) },
            Decoder(name: "Handover", example: examples.handover.encoded, isCanonical: false, empty: WireFault(.invalid, "Handover.chain")) {
                _ = try Handover(decoding: $0)
            },
            Decoder(name: "Receipt", example: receipt.encoded, isCanonical: true, empty: WireFault(.invalid, "Receipt.id")) {
                _ = try Receipt(decoding: $0)
            },
            Decoder(
                name: "HeaderRun", example: HeaderRun(headers: [examples.header], last: examples.final).encoded, isCanonical: true, empty: nil
            ) { _ = try HeaderRun(decoding: $0) },
        ]
    }

    private static func block(_ examples: GoldenExamples) -> Block {
        let transactions = [examples.transfer, examples.transfer, examples.settle]
        return Block(
            header: examples.header, builderSignature: examples.signature, transactions: transactions,
            outcomes: [.applied, Outcome(rejection: .insufficientFunds), .applied], foreign: [])
    }
}
