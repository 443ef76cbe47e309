import Cryptography
import Schema
import SwiftProtobuf
import Testing

import Wire

/// What comes from outside is read once, and everything that is not exactly right is refused with the field's name.
@Suite struct RefusalTests {
    private func fault(_ decoder: Decoder, _ bytes: [UInt8]) -> WireFault? {
        do {
            try decoder.decode(bytes)
            return nil
        } catch {
            return error as? WireFault
        }
    }

    @Test("each decoder takes its own example", arguments: Decoder.all)
    func example(_ decoder: Decoder) throws {
        try decoder.decode(decoder.example)
    }

    @Test("bytes that are no protocol buffer are malformed", arguments: Decoder.all)
    func malformed(_ decoder: Decoder) {
        #expect(fault(decoder, [0xff, 0xff, 0xff])?.kind == .malformed)
        #expect(fault(decoder, Array(decoder.example.dropLast())) != nil, "a message cut short is refused")
    }

    @Test("an empty message is refused for what it lacks", arguments: Decoder.all)
    func missing(_ decoder: Decoder) {
        #expect(fault(decoder, []) == decoder.empty)
    }

    @Test("an unknown field makes bytes that are hashed or signed not canonical", arguments: Decoder.all.filter(\.isCanonical))
    func unknownField(_ decoder: Decoder) {
        // Field 1000, a varint of 1: an encoder of this schema never writes it.
        #expect(fault(decoder, decoder.example + [0xc0, 0x3e, 0x01])?.kind == .notCanonical)
    }

    @Test("a default value that is written out makes a header not canonical")
    func defaultWrittenOut() {
        // Field 3, epoch, a varint of 0, appended.
        #expect(throws: WireFault(.notCanonical, "BlockHeader")) { try BlockHeader(decoding: GoldenExamples().header.bytes + [0x18, 0x00]) }
    }

    @Test("a number with a longer varint than needed is not canonical")
    func longVarint() throws {
        var bytes = GoldenExamples().header.bytes
        // chain takes 7 bytes; then the tag of height and its one byte.
        #expect(Array(bytes[7...8]) == [0x10, 0x01])
        bytes.replaceSubrange(8...8, with: [0x81, 0x00])
        #expect(throws: WireFault(.notCanonical, "BlockHeader")) { try BlockHeader(decoding: bytes) }
    }

    @Test("a signed body inside a transaction must be canonical too")
    func nestedBody() throws {
        let examples = GoldenExamples()
        var message = try PBTransaction(serializedBytes: examples.transfer.bytes)
        message.transfer.body.append(contentsOf: [0xc0, 0x3e, 0x01])
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(throws: WireFault(.notCanonical, "Transfer.body")) {
            try Transaction(decoding: bytes, chain: examples.alpha, network: examples.network)
        }
    }

    /// Changes to a valid transfer's body or envelope, and the fault that each must give.
    private static let transferFaults: [(WireFault, @Sendable (inout PBTransferBody) -> Void)] = [
        (WireFault(.invalid, "TransferBody.chain"), { $0.chain = "beta" }),
        (WireFault(.invalid, "TransferBody.sender"), { $0.sender.removeLast() }),
        (WireFault(.invalid, "TransferBody.receiver"), { $0.receiver.append(0) }),
        (WireFault(.invalid, "TransferBody.receiver"), { $0.receiver = $0.sender }),
        (WireFault(.invalid, "TransferBody.asset"), { $0.asset = "" }),
        (WireFault(.invalid, "TransferBody.asset"), { $0.asset = "no spaces" }),
        (WireFault(.invalid, "TransferBody.asset"), { $0.asset = String(repeating: "X", count: 33) }),
        (WireFault(.invalid, "TransferBody.amount"), { $0.amount = 0 }),
        (WireFault(.tooLarge, "TransferBody.memo"), { $0.memo = String(repeating: "m", count: Limits.memoBytes + 1) }),
    ]

    @Test("each wrong field of a transfer is refused by its name", arguments: transferFaults.indices)
    func transfer(_ index: Int) throws {
        let (expected, change) = RefusalTests.transferFaults[index]
        let examples = GoldenExamples()
        var message = try PBTransaction(serializedBytes: examples.transfer.bytes)
        var body = try PBTransferBody(serializedBytes: message.transfer.body)
        change(&body)
        message.transfer.body = try body.serializedData()
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(throws: expected) { try Transaction(decoding: bytes, chain: examples.alpha, network: examples.network) }
    }

    private static let crossFaults: [(WireFault, @Sendable (inout PBCrossBody) -> Void)] = [
        (WireFault(.missing, "CrossBody.legs"), { $0.legs.removeLast() }),
        (WireFault(.tooLarge, "CrossBody.legs"), { body in body.legs = (0...Limits.legs).map { _ in body.legs[0] } }),
        (WireFault(.missing, "CrossBody.contract"), { $0.contract = "" }),
        (WireFault(.tooLarge, "CrossBody.contract"), { $0.contract = String(repeating: "c", count: 33) }),
        (WireFault(.invalid, "CrossBody.initiator"), { $0.initiator = .init() }),
        (WireFault(.missing, "SignedCross.authorizations"), { $0.initiator = $0.legs[1].credit }),
        (WireFault(.invalid, "Leg.chain"), { $0.legs[1].chain = "notary" }),
        (WireFault(.invalid, "Leg.chain"), { $0.legs[1].chain = "Beta" }),
        (WireFault(.invalid, "Leg.credit"), { $0.legs[0].credit = $0.legs[0].debit }),
        (WireFault(.invalid, "Leg.amount"), { $0.legs[0].amount = 0 }),
        (WireFault(.invalid, "CrossBody.legs"), { $0.legs[1].chain = "alpha" }),
        (WireFault(.tooLarge, "CrossBody.memo"), { $0.memo = String(repeating: "é", count: Limits.memoBytes) }),
    ]

    @Test("each wrong field of a cross transaction is refused by its name", arguments: crossFaults.indices)
    func cross(_ index: Int) throws {
        let (expected, change) = RefusalTests.crossFaults[index]
        let examples = GoldenExamples()
        let open = Transaction(.open(examples.cross), chain: examples.alpha, network: examples.network)
        var message = try PBTransaction(serializedBytes: open.bytes)
        var body = try PBCrossBody(serializedBytes: message.open.cross.body)
        change(&body)
        message.open.cross.body = try body.serializedData()
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(throws: expected) { try Transaction(decoding: bytes, chain: examples.alpha, network: examples.network) }
    }

    private static let finalFaults: [(WireFault, @Sendable (inout PBFinalHeader) -> Void)] = [
        (WireFault(.invalid, "FinalHeader.notary"), { $0.clearNotary() }),
        (WireFault(.missing, "FinalHeader.finality"), { $0.clearFinality() }),
        (WireFault(.invalid, "FinalHeader.builder_signature"), { $0.builderSignature.removeLast() }),
        (WireFault(.invalid, "FinalHeader.descendants"), { $0.descendants.append($0.descendants[0]) }),
        (WireFault(.invalid, "FinalHeader.finality"), { $0.descendants = [] }),
        (WireFault(.invalid, "FinalHeader.finality"), { $0.finality.kind = .notar }),
        (WireFault(.invalid, "FinalHeader.finality"), { $0.finality.slot += 1 }),
        (WireFault(.invalid, "FinalHeader.finality"), { $0.finality.chain = "beta" }),
        (WireFault(.invalid, "Certificate.kind"), { $0.finality.kind = .UNRECOGNIZED(9) }),
        (WireFault(.invalid, "Certificate.slot"), { $0.finality.slot = 0 }),
        (WireFault(.invalid, "Certificate.signatures"), { $0.finality.signatures.removeLast() }),
        (WireFault(.invalid, "NotaryCertificate.signatures"), { $0.notary.signers[0] |= 4 }),
        (WireFault(.tooLarge, "NotaryCertificate.signers"), { $0.notary.signers = .init(repeating: 0, count: 9) }),
        (WireFault(.tooLarge, "FinalHeader.descendants"), { final in
            final.descendants = .init(repeating: final.descendants[0], count: Limits.descendants + 1)
        }),
    ]

    @Test("each wrong part of a final header is refused by its name", arguments: finalFaults.indices)
    func final(_ index: Int) throws {
        let (expected, change) = RefusalTests.finalFaults[index]
        var message = try PBFinalHeader(serializedBytes: GoldenExamples().final.encoded)
        change(&message)
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(throws: expected) { try FinalHeader(decoding: bytes) }
    }

    @Test("more bytes than the limit are refused before they are read")
    func tooLarge() {
        let network = GoldenExamples().network
        let transaction = [UInt8](repeating: 0, count: Limits.transactionBytes + 1)
        let alpha = ChainID("alpha")!
        #expect(throws: WireFault(.tooLarge, "Transaction")) { try Transaction(decoding: transaction, chain: alpha, network: network) }
        let record = [UInt8](repeating: 0, count: Limits.recordBytes + 1)
        #expect(throws: WireFault(.tooLarge, "Transaction")) { try Transaction(decoding: record, chain: .notary, network: network) }
        let block = [UInt8](repeating: 0, count: Limits.blockBytes + 1)
        #expect(throws: WireFault(.tooLarge, "Block")) { try Block(decoding: block, network: network) }
        #expect(throws: WireFault(.tooLarge, "Published")) { try Message(decoding: block, network: network) }
        #expect(throws: WireFault(.tooLarge, "Request")) { try Request(decoding: block, network: network) }
    }

    @Test("a body that its header does not name is refused, whoever hands it over")
    func otherBody() throws {
        let examples = GoldenExamples()
        let example = try #require(Decoder.all.first { $0.name == "Block" }).example
        for change in [{ (message: inout PBBlock) in message.outcomes[0] ^= 1 }, { $0.transactions.swapAt(0, 2) }] {
            var message = try PBBlock(serializedBytes: example)
            change(&message)
            let bytes = try [UInt8](message.serializedData())
            #expect(throws: WireFault(.invalid, "Block.transactions")) { try Block(decoding: bytes, network: examples.network) }
        }
    }

    @Test("an outcome byte that is no outcome reason is refused in a block")
    func outcome() throws {
        let examples = GoldenExamples()
        let example = try #require(Decoder.all.first { $0.name == "Block" }).example
        for byte in [UInt8(Reason.malformed.rawValue), 63, 255] {
            var message = try PBBlock(serializedBytes: example)
            message.outcomes[1] = byte
            let bytes: [UInt8] = try message.serializedBytes()
            #expect(throws: WireFault(.invalid, "Block.outcomes")) { try Block(decoding: bytes, network: examples.network) }
        }
    }

    @Test("bytes changed at random are taken or refused, and never stop the process", arguments: Decoder.all)
    func mutations(_ decoder: Decoder) {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var refused = 0
        for _ in 0..<400 {
            var bytes = decoder.example
            for _ in 0...next(3) {
                switch next(4) {
                case 0 where !bytes.isEmpty: bytes[next(bytes.count)] ^= UInt8(1 << next(8))
                case 1 where !bytes.isEmpty: bytes.remove(at: next(bytes.count))
                case 2: bytes.insert(UInt8(next(256)), at: next(bytes.count + 1))
                default: bytes = Array(bytes.prefix(next(bytes.count + 1)))
                }
            }
            if fault(decoder, bytes) != nil { refused += 1 }
        }
        #expect(refused > 0, "some changes break the form")
    }
}
