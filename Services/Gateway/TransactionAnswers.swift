import Chain
import Cryptography
import Foundation
import Hummingbird
import WalletDesk
import Wire

/// Where transactions stand, what they went through, and what proves it.
enum TransactionAnswers {
    struct StepShape: Encodable, Sendable {
        var step: String, what: String, source: String, chain: String, height: UInt64, time_milliseconds: UInt64

        init(_ step: Trace.Step) {
            self.step = step.step
            what = step.what
            source = step.source
            chain = step.chain
            height = step.height
            time_milliseconds = step.time
        }
    }

    struct StandingShape: Encodable, Sendable {
        var chain: String, state: String, reason: String?, height: UInt64, accepted_milliseconds: UInt64, final_milliseconds: UInt64

        init(_ chain: ChainID, _ status: Status) {
            self.chain = chain.description
            state = status.state.code
            reason = status.reason?.code
            height = status.height
            accepted_milliseconds = status.acceptedMilliseconds
            final_milliseconds = status.finalMilliseconds
        }
    }

    private struct StatusShape: Encodable, Sendable {
        var id: String
        var ended: Bool
        /// How it ended, or what it waits for.
        var state: String
        /// Of the chains whose collectors know it.
        var chains: [StandingShape]
    }

    private struct TraceShape: Encodable, Sendable { var id: String, ended: Bool, state: String, steps: [StepShape] }

    private struct CrossStatusShape: Encodable, Sendable {
        var xid: String, ended: Bool, state: String
        var chains: [StandingShape]
        /// Nil while no final block holds a part of it.
        var cross: CrossShape?
        var steps: [StepShape]
    }

    private struct PartShape: Encodable, Sendable {
        var chain: String, what: String, outcome: String, height: UInt64, time_milliseconds: UInt64
        /// Notary block that records it.
        var recorded_in_notary_height: UInt64?
    }

    private struct ReceiptShape: Encodable, Sendable {
        var id: String, ending: String
        /// Why it was rejected or refunded.
        var reason: String?
        /// Whether the notary chain has recorded every block of it.
        var recorded: Bool
        var parts: [PartShape]
        /// The receipt's file in base64: anybody can verify it without a network.
        var receipt: String
    }

    static func status(_ call: Call) async throws -> Response {
        let (id, network) = (try call.id(), call.network)
        let shape = try await call.ask { inquiry -> StatusShape? in
            let standings = try inquiry.standings(of: id)
            let standing = Standing(standings, network)
            // A recorder keeps what collectors have long put away.
            if !standing.isKnown, try steps(of: id, inquiry).isEmpty { return nil }
            return StatusShape(id: id.hex, ended: standing.isEnded || !standing.isKnown, state: standing.text, chains: known(standings))
        }
        guard let shape else { throw unknown }
        return JSONAnswer.response(shape)
    }

    static func trace(_ call: Call) async throws -> Response {
        let (id, network) = (try call.id(), call.network)
        let shape = try await call.ask { inquiry -> TraceShape? in
            let standing = Standing(try inquiry.standings(of: id), network)
            let found = try steps(of: id, inquiry)
            guard standing.isKnown || !found.isEmpty else { return nil }
            return TraceShape(id: id.hex, ended: standing.isEnded || !standing.isKnown, state: standing.text, steps: found.map(StepShape.init))
        }
        guard let shape else { throw unknown }
        return JSONAnswer.response(shape)
    }

    static func cross(_ call: Call) async throws -> Response {
        let (id, network) = (try call.id(), call.network)
        let shape = try await call.ask { inquiry -> CrossStatusShape? in
            let standings = try inquiry.standings(of: id)
            let standing = Standing(standings, network)
            let found = try steps(of: id, inquiry)
            guard standing.isKnown || !found.isEmpty else { return nil }
            let cross = try content(of: id, inquiry)
            // What has a part in a block, and no part of it is of a cross transaction, is of one chain alone.
            if cross == nil, standings.contains(where: { $0.status.state == .final }) { return nil }
            return CrossStatusShape(
                xid: id.hex, ended: standing.isEnded || !standing.isKnown, state: standing.text, chains: known(standings), cross: cross.map(CrossShape.init),
                steps: found.map(StepShape.init))
        }
        guard let shape else { throw GatewayFault.notFound("no collector and no recorder knows a cross transaction of this xid", "A transaction of one chain: /v1/transactions/ID") }
        return JSONAnswer.response(shape)
    }

    static func receipt(_ call: Call) async throws -> Response {
        let id = try call.id()
        let found = try await call.ask { try ReceiptDesk($0).fetch(id) }
        guard let (receipt, finding) = found else {
            throw GatewayFault.notFound("no recorder knows this transaction", "What is not in a final block yet has no receipt: /v1/transactions/ID/trace")
        }
        if call.wantsBytes { return JSONAnswer.bytes(receipt.encoded, type: Call.bytesType) }
        var reason: String?
        switch finding.ending {
        case .rejected(let why): reason = why.code
        case .refunded(let cause): reason = cause.code
        case .applied, .settled, .open: break
        }
        let kinds = receipt.parts.map { part in (try? Transaction(decoding: part.transaction, chain: part.chain, network: call.network.id)).map { TransactionShape.word($0.kind) } }
        let parts = zip(finding.parts, kinds).map { part, kind in
            PartShape(
                chain: part.chain.description, what: kind ?? "transaction", outcome: part.outcome.rejection?.code ?? "applied", height: part.height,
                time_milliseconds: part.time, recorded_in_notary_height: part.recordedAt)
        }
        return JSONAnswer.response(
            ReceiptShape(
                id: id.hex, ending: finding.ending.name, reason: reason, recorded: finding.isRecorded, parts: parts,
                receipt: Data(receipt.encoded).base64EncodedString()))
    }

    private static let unknown = GatewayFault.notFound(
        "no collector and no recorder of this network knows this transaction", "Check the digits; what was refused is not kept.")

    private static func known(_ standings: [(chain: ChainID, status: Status)]) -> [StandingShape] {
        standings.filter { $0.status.state != .unknown }.map { StandingShape($0.chain, $0.status) }
    }

    /// What recorders saw of it; empty when none has, or none answers.
    private static func steps(of id: Digest, _ inquiry: Inquiry) throws -> [Trace.Step] {
        guard case .found(let trace) = try TraceDesk.fetch(id, inquiry) else { return [] }
        return trace.steps
    }

    /// The cross transaction itself, from what recorders keep of its parts; nil when they have none.
    private static func content(of xid: Digest, _ inquiry: Inquiry) throws -> CrossTransaction? {
        let network = inquiry.configuration.network
        for node in network.notary.listed {
            guard case .receipt(let receipt)? = try inquiry.ask([(Service.name(.recorder, chain: .notary, node: node.id), .receipt(xid))])[0] else { continue }
            for part in receipt.parts {
                switch (try? Transaction(decoding: part.transaction, chain: part.chain, network: network.id))?.kind {
                case .open(let cross): if cross.xid == xid { return cross }
                case .confirm(let confirm): if confirm.cross.xid == xid { return confirm.cross }
                case .refuse(let refuse): if refuse.cross.xid == xid { return refuse.cross }
                case .cancel(let cancel): if cancel.cross.xid == xid { return cancel.cross }
                default: continue
                }
            }
        }
        return nil
    }
}
