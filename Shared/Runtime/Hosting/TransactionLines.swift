import Cryptography
import Logging
import RoleKit
import Wire

/// Lines at debug level about single transactions: where each has been, found by its id.
struct TransactionLines {
    let logger: Logger
    let network: Digest

    /// Digits of a trace id, as tracing systems have them.
    private static let traceDigits = 32

    private var isOn: Bool { logger.logLevel <= .debug }

    func received(_ message: Message, on topic: String, by publisher: String) {
        if isOn { write("received", message, Topic(name: topic), ["from": "\(publisher)"]) }
    }

    func sent(_ message: Message, on topic: Topic) {
        if isOn { write("sent", message, topic, [:]) }
    }

    /// - Parameter chain: of the role that is asked.
    func asked(_ request: Request, on chain: ChainID) {
        guard isOn else { return }
        switch request {
        case .submit(let bytes):
            guard let transaction = try? Transaction(decoding: bytes, chain: chain, network: network) else { return }
            write("asked to take", transaction.xid ?? transaction.id, ["id": "\(transaction.id.hex)"])
        case .answer(let answer): write(answer.confirmed ? "asked to confirm" : "asked to refuse", answer.xid, [:])
        default: return
        }
    }

    func replied(_ response: Response) {
        guard isOn, case .submit(let result) = response, let id = result.id else { return }
        write(result.rejection == nil ? "taken" : "not taken", id, result.rejection.map { ["reason": "\($0.code)"] } ?? [:])
    }

    private func write(_ verb: String, _ message: Message, _ topic: Topic?, _ more: Logger.Metadata) {
        switch message {
        case .accepted(let batch):
            guard case .transactions(let chain)? = topic else { return }
            for pooled in batch.transactions {
                guard let transaction = try? Transaction(decoding: pooled.transaction, chain: chain, network: network) else { continue }
                write("\(verb) accepted", transaction.xid ?? transaction.id, more)
            }
        case .candidate(let block):
            let place: Logger.Metadata = ["chain": "\(block.header.chain)", "height": "\(block.header.height)"]
            for transaction in block.transactions { write("\(verb) candidate", transaction.xid ?? transaction.id, more.merging(place) { $1 }) }
        case .leg(let notice): write("\(verb) leg", notice.cross.xid, more.merging(["chain": "\(notice.chain)"]) { $1 })
        case .confirm(let notice): write("\(verb) confirmation", notice.xid, more)
        case .verdict(let verdict):
            guard case .refused(let transaction?, let reason) = verdict.verdict else { return }
            write("\(verb) refusal", transaction, more.merging(["reason": "\(reason.code)"]) { $1 })
        default: return
        }
    }

    private func write(_ what: String, _ id: Digest, _ more: Logger.Metadata) {
        let hex = id.hex
        logger.debug("\(what)", metadata: more.merging(["tx": "\(hex)", "trace_id": "\(hex.prefix(TransactionLines.traceDigits))"]) { $1 })
    }
}
