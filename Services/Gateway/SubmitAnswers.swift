import Cryptography
import Hummingbird
import WalletDesk
import Wire

/// What clients hand in. A transaction's id is its content: handing it in again is answered the same, and happens once.
enum SubmitAnswers {
    private struct TakenShape: Encodable, Sendable { var id: String, chain: String, state: String, detail: String }

    static func transaction(_ call: Call) async throws -> Response {
        let chain = try call.chain()
        let bytes: [UInt8]
        switch call.contentType {
        case Call.bytesType: bytes = try await call.body()
        case "application/json":
            let content = try JSONFields(try await call.body(), required: ["transaction"])
            bytes = try content.bytes("transaction")
        default: throw unknownType
        }
        guard !bytes.isEmpty else { throw GatewayFault(422, .malformed, "the transaction has no bytes", "docs/protocol.md says what a transaction is.") }
        guard bytes.count <= Limits.transactionBytes else {
            throw GatewayFault(413, .tooLarge, "the transaction has more than \(Limits.transactionBytes) bytes", "docs/protocol.md, section 16, names the bounds.")
        }
        guard chain.id != .notary else { throw GatewayFault(refused: .notAllowed, "clients submit to sub-chains; the notary chain takes records of notaries alone") }
        return taken(try await call.ask { try hand(.submit(bytes), to: chain, first: Int(bytes[bytes.count - 1]), $0) }, chain)
    }

    /// A receiver's answer to a leg that waits for it (S880).
    static func answer(_ call: Call) async throws -> Response {
        let chain = try call.chain()
        guard call.contentType == "application/json" else { throw unknownType }
        let content = try JSONFields(try await call.body(), required: ["xid", "confirmed", "key", "signature"], optional: ["reason"])
        let reason = try content.text("reason", atMost: Limits.memoBytes) ?? ""
        let confirmed = try content.flag("confirmed")
        guard let xid = Hexadecimal.decode(try content.text("xid", atMost: 64) ?? "").flatMap({ Digest($0) }) else { throw GatewayFault.malformed("xid has to be 64 hexadecimal digits") }
        guard let key = Hexadecimal.decode(try content.text("key", atMost: 64) ?? "").flatMap({ PublicKey($0) }) else { throw GatewayFault.malformed("key has to be 64 hexadecimal digits") }
        guard let signature = Hexadecimal.decode(try content.text("signature", atMost: 128) ?? "").flatMap({ Signature($0) }) else {
            throw GatewayFault.malformed("signature has to be 128 hexadecimal digits")
        }
        guard chain.id != .notary else { throw GatewayFault(refused: .notAllowed, "nothing on the notary chain waits for receivers") }
        guard !confirmed || reason.isEmpty else { throw GatewayFault(refused: .malformed, "only a refusal has a reason") }
        let answer = Answer(xid: xid, confirmed: confirmed, reason: reason, authorization: Authorization(key: key, signature: signature))
        return taken(try await call.ask { try hand(.answer(answer), to: chain, first: Int(xid.bytes[0]), $0) }, chain)
    }

    private static let unknownType = GatewayFault(
        415, .malformed, "the body's type is not one of those that this path takes", "Send application/json or \(Call.bytesType); see /v1/openapi.json.")

    private static func taken(_ result: SubmitResult, _ chain: ChainDescription) -> Response {
        if let reason = result.rejection { return GatewayFault(refused: reason, result.detail).response }
        return JSONAnswer.response(
            TakenShape(id: result.id?.hex ?? "", chain: chain.id.description, state: "accepted", detail: result.detail), status: .accepted)
    }

    /// Asks one collector after the other until one says yes or no; which is first follows from the content, so that a retry comes to the same one.
    private static func hand(_ request: Wire.Request, to chain: ChainDescription, first: Int, _ inquiry: Inquiry) throws -> SubmitResult {
        let nodes = chain.nodes
        var refusal: SubmitResult?
        for offset in nodes.indices {
            let node = nodes[(first + offset) % nodes.count]
            switch try inquiry.ask([(Service.name(.collector, chain: chain.id, node: node.id), request)])[0] {
            case .submit(let result)?:
                guard let reason = result.rejection, reason == .notReady || reason == .overloaded else { return result }
                refusal = result
            case .failure(let reason, let detail)?: refusal = SubmitResult(id: nil, rejection: reason, detail: detail)
            default: continue
            }
        }
        guard let refusal else { throw Failure(.unreachable, "no collector of \(chain.id) answers", "Send it again: the same transaction happens once.") }
        return refusal
    }
}
