import Foundation
import Gateway
import Hummingbird
import Testing
import WalletDesk
import Wire

@Suite("Answers of the gateway")
struct AnswerTests {
    @Test("every reason of the network is the client's fault, a conflict, or something to try again; none is the gateway's own fault")
    func statuses() {
        for reason in Reason.allCases {
            let status = GatewayFault(refused: reason, "").status
            #expect((400..<500).contains(status) || status == 503, "\(reason.code)")
        }
        #expect(GatewayFault.status(of: .badSignature) == 422 && GatewayFault.status(of: .nonceUsed) == 409 && GatewayFault.status(of: .overloaded) == 503)
    }

    @Test("a fault says reason, detail, what to do and where to read on; 503 says when to try again")
    func faults() {
        let response = GatewayFault.full.response
        #expect(response.status.code == 503 && response.headers[.retryAfter] == "2")
        #expect(response.headers[.contentType] == "application/json")
        #expect(GatewayFault(Inquiry.late).status == 504 && GatewayFault(Inquiry.silence).status == 503)
    }

    @Test("a body has exactly the fields that the document names, of their types")
    func fields() throws {
        func read(_ text: String) throws -> JSONFields { try JSONFields(Array(text.utf8), required: ["a"], optional: ["b"]) }
        let fields = try read(#"{"a": "aGk=", "b": true}"#)
        #expect(try fields.bytes("a") == [104, 105] && fields.flag("b"))
        for text in ["", "[]", "null", "{}", #"{"a": 1, "c": 2}"#, #"{"b": true}"#, String(repeating: "[", count: 60_000)] {
            #expect(throws: GatewayFault.self, "\(text.prefix(20))") { try read(text) }
        }
        for text in [#"{"a": 1}"#, #"{"a": null}"#, #"{"a": "?"}"#, #"{"a": true}"#] {
            #expect(throws: GatewayFault.self, "\(text)") { try read(text).bytes("a") }
        }
        for text in [#"{"a": 1}"#, #"{"a": "true"}"#, #"{"a": 0}"#] { #expect(throws: GatewayFault.self, "\(text)") { try read(text).flag("a") } }
        #expect(throws: GatewayFault.self) { try read(#"{"a": "four"}"#).text("a", atMost: 3) }
    }

    @Test("a transaction of the largest size fits into a body, and amounts are text")
    func sizes() {
        #expect(GatewayLimits.bodyBytes > (Limits.transactionBytes + 2) / 3 * 4 + 1_000)
        #expect(GatewayLimits.requestMilliseconds > GatewayLimits.serviceMilliseconds + GatewayLimits.othersMilliseconds)
    }
}
