import Cryptography
import Hummingbird
import WalletDesk
import Wire

/// One request on its way to an answer.
struct Call: Sendable {
    let gateway: Gateway
    let request: Request
    /// What stands in the path, decoded.
    let parameters: [String: String]
    /// What stands after the question mark, decoded; the route knows every name.
    let query: [String: String]

    var network: Network { gateway.configuration.network }

    /// Asks the network, on a thread that may wait.
    func ask<Result: Sendable>(_ body: @escaping @Sendable (Inquiry) throws -> Result) async throws -> Result { try await gateway.desks.ask(body) }

    /// The chain that the path names.
    func chain() throws -> ChainDescription {
        let name = parameters["chain"] ?? ""
        guard let id = ChainID(name), let chain = network.chain(id) else {
            let names = (network.chains + [network.notary]).map(\.id.description).joined(separator: ", ")
            throw GatewayFault.notFound("this network has no chain of that name", "Chains: \(names).")
        }
        return chain
    }

    /// The transaction, by id or xid, that the path names.
    func id() throws -> Digest {
        guard let digest = Hexadecimal.decode(parameters["id"] ?? "").flatMap({ Digest($0) }) else {
            throw GatewayFault.notFound("the path names no transaction", "Give an id or xid: 64 hexadecimal digits.")
        }
        return digest
    }

    /// The account that the path names.
    func account() throws -> PublicKey {
        do throws(Bech32mFault) {
            return try Address(parameters["account"] ?? "").publicKey
        } catch {
            throw GatewayFault.notFound("the path names no account: \(error)", "Give an address: cc1 and 58 more characters.")
        }
    }

    /// The sub-chain that the query names, if it names one.
    func wantedChain() throws -> ChainID? {
        guard let name = query["chain"] else { return nil }
        guard let found = network.chains.first(where: { $0.id.description == name }) else {
            throw GatewayFault.notFound("this network has no chain of that name", "Chains: \(network.chains.map(\.id.description).joined(separator: ", ")).")
        }
        return found.id
    }

    /// The account that the query names, if it names one.
    func wantedAccount() throws -> PublicKey? {
        guard let text = query["account"] else { return nil }
        guard let address = try? Address(text) else { throw GatewayFault.notFound("account names no account", "Give an address: cc1 and 58 more characters.") }
        return address.publicKey
    }

    /// A whole number of the query.
    func number(_ name: String, in range: ClosedRange<UInt64>, default value: UInt64?) throws -> UInt64? {
        guard let text = query[name] else { return value }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(text), range.contains(number) else {
            throw GatewayFault.malformed("\(name) has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The media type of the body, without its parameters.
    var contentType: String {
        String((request.headers[.contentType] ?? "").prefix { $0 != ";" }).lowercased().filter { $0 != " " }
    }

    /// Whether the sender would rather have the bytes of the schema.
    var wantsBytes: Bool { (request.headers[.accept] ?? "").lowercased().contains(Call.bytesType) }

    static let bytesType = "application/x-protobuf"

    /// The whole body, within its bounds of size and time.
    func body() async throws -> [UInt8] {
        if let text = request.headers[.contentLength], let length = Int(text), length > GatewayLimits.bodyBytes { throw Call.tooLarge }
        let body = request.body
        let bytes: [UInt8]? = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await part in body {
                    bytes += part.readableBytesView
                    if bytes.count > GatewayLimits.bodyBytes { throw Call.tooLarge }
                }
                return Task.isCancelled ? nil : bytes
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(GatewayLimits.bodyMilliseconds))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let bytes else {
            var fault = GatewayFault(408, .notReady, "the body did not come within \(GatewayLimits.bodyMilliseconds) milliseconds", "Send it at once.")
            fault.endsConnection = true
            throw fault
        }
        return bytes
    }

    private static var tooLarge: GatewayFault {
        var fault = GatewayFault(413, .tooLarge, "the body has more than \(GatewayLimits.bodyBytes) bytes", "A transaction has at most \(Limits.transactionBytes).")
        fault.endsConnection = true
        return fault
    }
}
