import Auditor
import Cryptography
import Wire

extension Door {
    /// What the bus carries and the tables of stores hold.
    static let wire: [Door] = [
        framed("message", { try Message(decoding: $0, network: Stage.network.id) }, { $0.encoded() }),
        framed("request", { try Request(decoding: $0, network: Stage.network.id) }, { $0.encoded() }),
        framed("response", { try Response(decoding: $0, network: Stage.network.id) }, \.encoded),
        framed("notice", { try Notice(decoding: $0, network: Stage.network.id) }, \.encoded),
        framed("block", { try Block(decoding: $0, network: Stage.network.id) }, \.encoded),
        framed("final-block", { try FinalBlock(decoding: $0, network: Stage.network.id) }, \.encoded),
        framed("final-header", { try FinalHeader(decoding: $0) }, \.encoded),
        framed("certified", { try CertifiedCandidate(decoding: $0) }, \.encoded),
        framed("pooled", { try PooledTransaction(decoding: $0) }, \.encoded),
        framed("leg-notice", { try LegNotice(decoding: $0, network: Stage.network.id) }, \.encoded),
        framed("receipt", isKept: true, { try Receipt(decoding: $0) }, \.encoded),
        framed("headers", isKept: true, { try HeaderRun(decoding: $0) }, \.encoded),
        Door("header", .message(prefix: 0), takeHeader),
        framed("certificate", isKept: true, { try Certificate(decoding: $0) }, \.encoded),
        framed("vote", isKept: true, { try Vote(decoding: $0) }, \.encoded),
        Door("transaction", .message(prefix: 1), takeTransaction),
    ]

    private static func framed<Value>(
        _ name: String, isKept: Bool = false, _ decode: @escaping @Sendable ([UInt8]) throws -> Value,
        _ encode: @escaping @Sendable (Value) -> [UInt8]
    ) -> Door {
        Door(name, .message(prefix: 0)) { bytes in
            try comesBack(bytes, isKept: isKept, decode: { try? decode($0) }, encode: encode) != nil
        }
    }

    private static func takeHeader(_ bytes: [UInt8]) throws -> Bool {
        let header = try comesBack(bytes, isKept: true, decode: { try? BlockHeader(decoding: $0) }, encode: \.bytes)
        guard let header else { return false }
        try demand(AuditReading.headerHash(bytes) == header.hash.bytes, "the auditor reads another header, or none")
        return true
    }

    /// The first byte chooses the chain; bytes of a transaction are kept as they came, and its parts must write the same ones.
    private static func takeTransaction(_ input: [UInt8]) throws -> Bool {
        guard let choice = input.first else { return false }
        let chains = [Stage.alpha, Stage.beta, .notary]
        let chain = chains[Int(choice) % chains.count]
        let bytes = Array(input.dropFirst())
        let network = Stage.network.id
        guard let transaction = try? Transaction(decoding: bytes, chain: chain, network: network) else { return false }
        let made = Transaction(transaction.kind, chain: chain, network: network)
        try demand(transaction.bytes == bytes && made.bytes == bytes, "bytes that no encoder writes were taken")
        try demand(made.id == transaction.id, "a transaction's id depends on more than what it says")
        let audited = AuditReading.transactionID(bytes, chain: chain.description, network: network.bytes)
        try demand(audited == transaction.id.bytes, "the auditor reads another transaction, or none")
        if let xid = transaction.xid {
            let id = Transaction.id(kind: transaction.kindNumber, chain: chain, xid: xid, network: network)
            try demand(id == transaction.id, "the id of a transaction is not the one that its xid gives")
        }
        return true
    }
}
