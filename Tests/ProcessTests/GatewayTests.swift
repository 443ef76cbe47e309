import Foundation
import Testing

extension RealProcesses {
    /// The gateway of a network as a process, asked as clients ask it.
    private final class GatewayProcess {
        let program: Program
        let url: String

        init(_ folder: String) throws {
            struct Ready: Decodable { var url: String }
            program = try Program(["gateway", "--data", folder, "--listen", "127.0.0.1:0", "--json"])
            let program = program
            Program.wait(seconds: 20) { program.output.contains("\n") || !program.isRunning }
            url = try JSONDecoder().decode(Ready.self, from: Data(program.output.utf8)).url
        }

        deinit { if program.isRunning { program.signal(SIGKILL) } }

        func ask(_ path: String, _ options: [String] = []) throws -> (status: Int, body: Data) { try Curl.ask(url + path, options) }

        func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
            let (status, body) = try ask(path)
            return try #require(status == 200 ? try JSONDecoder().decode(type, from: body) : nil, "\(path): \(status) \(String(decoding: body, as: UTF8.self))")
        }
    }

    @Test("a gateway shows chains, blocks, accounts, a payment with its steps and its receipt, and takes what clients have signed, once")
    func gateway() throws {
        let network = try RunningNetwork(["--nodes", "2", "--notaries", "1"])
        let gateway = try GatewayProcess(network.folder)
        struct Sent: Decodable { var id: String }
        let sent = try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "5", "--json"])
        let id = try JSONDecoder().decode(Sent.self, from: Data(sent.output.utf8)).id
        struct Chain: Decodable { var chain: String, height: UInt64?, status: String?, nodes: [Node] }
        struct Node: Decodable { var height: UInt64? }
        let chains = try gateway.read([Chain].self, "/v1/chains")
        #expect(chains.map(\.chain) == ["alpha", "beta", "notary"] && chains.allSatisfy { $0.height ?? 0 > 0 && $0.nodes.allSatisfy { $0.height != nil } })
        struct Cross: Decodable {
            struct Content: Decodable { var legs: [Leg] }
            struct Leg: Decodable { var chain: String, from: String, amount: String }
            struct Step: Decodable { var step: String }
            var ended: Bool, state: String, cross: Content?, steps: [Step]
        }
        let cross = try gateway.read(Cross.self, "/v1/cross-transactions/\(id)")
        let legs = try #require(cross.cross?.legs)
        #expect(cross.ended && cross.state.hasPrefix("settled") && legs.map(\.chain) == ["alpha", "beta"] && legs.map(\.amount) == ["5", "50"] && cross.steps.count > 5)
        struct Receipt: Decodable { var ending: String, receipt: String }
        let receipt = try gateway.read(Receipt.self, "/v1/receipts/\(id)")
        let file = try gateway.ask("/v1/receipts/\(id)", ["-H", "Accept: application/x-protobuf"])
        #expect(receipt.ending == "settled" && Data(base64Encoded: receipt.receipt) == file.body)
        let path = "\(network.folder)/payment.receipt"
        try file.body.write(to: URL(fileURLWithPath: path))
        #expect(try Program.run(["receipt", "verify", path, "--network", "\(network.folder)/network.yaml"]).code != 1)
        struct Account: Decodable {
            struct OnChain: Decodable { var chain: String, balances: [Balance] }
            struct Balance: Decodable { var asset: String, amount: String }
            var chains: [OnChain]
        }
        #expect(try gateway.read(Account.self, "/v1/accounts/\(legs[0].from)").chains.first { $0.chain == "alpha" }?.balances.first?.amount == "99995")
        try submitAgain(gateway, id)
        try refuse(gateway)
        for (options, code, says) in [
            (["--listen", "0.0.0.0:0"], 64, "opens the gateway to other machines"), (["--listen", "here"], 64, "ADDRESS:PORT"), (["--tap", "tap-9"], 78, "the key of tap-9"),
            (["--listen", String(gateway.url.dropFirst(7))], 1, "is in use by"),
        ] as [([String], Int32, String)] {
            let refused = try Program.run(["gateway", "--data", network.folder] + options)
            #expect(refused.code == code && refused.errors.contains(says), "\(options): \(refused)")
        }
        gateway.program.signal(SIGTERM)
        #expect(gateway.program.end(withinSeconds: 10) == 0, "\(gateway.program.errors.suffix(2_000))")
        try network.stopAndAudit()
    }

    /// The first transaction of the payment, from its block, as a client would send it again.
    private func submitAgain(_ gateway: GatewayProcess, _ id: String) throws {
        struct Receipt: Decodable { var receipt: String }
        let receipt = try #require(Data(base64Encoded: try gateway.read(Receipt.self, "/v1/receipts/\(id)").receipt))
        let transaction = try #require(GatewayBytes.firstTransaction(ofReceipt: receipt))
        let body = #"{"transaction": "\#(transaction.base64EncodedString())"}"#
        let file = NSTemporaryDirectory() + "concordat-transaction-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: file) }
        try transaction.write(to: URL(fileURLWithPath: file))
        let first = try gateway.ask("/v1/chains/alpha/transactions", ["-H", "Content-Type: application/json", "-d", body])
        let second = try gateway.ask("/v1/chains/alpha/transactions", ["-H", "Content-Type: application/x-protobuf", "--data-binary", "@\(file)"])
        #expect(first.status == 202 && first == second, "\(String(decoding: first.body, as: UTF8.self)) \(String(decoding: second.body, as: UTF8.self))")
        let wrong = try gateway.ask("/v1/chains/beta/transactions", ["-H", "Content-Type: application/json", "-d", body])
        #expect(wrong.status == 422 && String(decoding: wrong.body, as: UTF8.self).contains("\"reason\":\"wrong_chain\""))
    }

    private func refuse(_ gateway: GatewayProcess) throws {
        let json = ["-H", "Content-Type: application/json"]
        let large = #"{"transaction": "\#(String(repeating: "A", count: 70_000))"}"#
        for (path, options, status, says) in [
            ("/v1/chains/gamma", [], 404, "Chains: alpha, beta, notary."), ("/v1/chains/alpha/blocks?limit=17", [], 400, "from 1 to 16"), ("/v1/chains?x=1", [], 400, "no parameter x"),
            ("/v1/transactions/00", [], 404, "64 hexadecimal digits"), ("/v1/accounts/cc1x", [], 404, "names no account"), ("/v1/chains", ["-X", "DELETE"], 405, "not_allowed"),
            ("/v1/chains/alpha/transactions", json + ["-d", "{}"], 400, "transaction is missing"), ("/v1/chains/alpha/transactions", ["-d", "x"], 415, "Send application/json"),
            ("/v1/chains/alpha/transactions", json + ["-d", #"{"transaction": "AAAA"}"#], 422, "malformed"), ("/v1/chains/alpha/transactions", json + ["-d", large], 413, "too_large"),
            ("/v1/chains", ["-H", "Host: evil.example"], 421, "not known"), ("/v1/chains/alpha/transactions", json + ["-H", "Origin: http://evil.example", "-d", "{}"], 403, "other sites"),
            ("/v1/receipts/\(String(repeating: "0", count: 64))", [], 404, "no recorder knows"), ("/v2", [], 404, "nothing at this path"),
        ] as [(String, [String], Int, String)] {
            let answer = try gateway.ask(path, options)
            #expect(answer.status == status && String(decoding: answer.body, as: UTF8.self).contains(says), "\(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
    }
}

/// The schema's form, read by hand: field number and wire type before every field.
enum GatewayBytes {
    /// Of a receipt, its first part's transaction.
    static func firstTransaction(ofReceipt bytes: Data) -> Data? { field(2, of: bytes).flatMap { field(2, of: $0) } }

    private static func field(_ number: UInt64, of bytes: Data) -> Data? {
        var rest = bytes[...]
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 127) << shift
                if byte < 128 { return value }
            }
            return nil
        }
        while let key = varint() {
            guard let value = varint() else { return nil }
            guard key & 7 == 2 else { continue }
            let content = rest.prefix(Int(value))
            rest = rest.dropFirst(Int(value))
            if key >> 3 == number { return Data(content) }
        }
        return nil
    }
}
