import Cryptography
import Hummingbird
import WalletDesk
import Wire

/// What has not ended, what slows it down, and who broke a rule.
enum WatchAnswers {
    private struct CapShape: Encodable, Sendable {
        var contract: String, chain: String, asset: String, way: String, mode: String, used: String, amount: String, share_percent: UInt64
        var window_milliseconds: UInt64, full_in_milliseconds: UInt64?, would_refuse: UInt64
    }

    private struct DelayShape: Encodable, Sendable {
        var contract: String, chain: String, asset: String, mode: String, amount: String, milliseconds: UInt64, would_refuse: UInt64
    }

    private struct WaitingShape: Encodable, Sendable { var id: String, chain: String, contract: String, amount: String, reason: String }

    private struct BrakesShape: Encodable, Sendable {
        var caps: [CapShape], delays: [DelayShape], waiting: [WaitingShape], pauses: [BrakeDesk.PauseRow]

        /// Amounts as text, like everywhere here.
        init(_ report: BrakeDesk.Report) {
            caps = report.caps.map {
                CapShape(
                    contract: $0.contract, chain: $0.chain, asset: $0.asset, way: $0.way, mode: $0.mode, used: "\($0.used)", amount: "\($0.amount)",
                    share_percent: $0.share_percent, window_milliseconds: $0.window_milliseconds, full_in_milliseconds: $0.full_in_milliseconds,
                    would_refuse: $0.would_refuse)
            }
            delays = report.delays.map {
                DelayShape(
                    contract: $0.contract, chain: $0.chain, asset: $0.asset, mode: $0.mode, amount: "\($0.amount)", milliseconds: $0.milliseconds,
                    would_refuse: $0.would_refuse)
            }
            waiting = report.waiting.map { WaitingShape(id: $0.id, chain: $0.chain, contract: $0.contract, amount: "\($0.amount)", reason: $0.reason) }
            pauses = report.pauses
        }
    }

    static func brakes(_ call: Call) async throws -> Response {
        JSONAnswer.response(try await call.ask { BrakesShape(try BrakeDesk($0).report()) })
    }

    static func evidence(_ call: Call) async throws -> Response { JSONAnswer.response(try await call.ask { try OffenceDesk.all($0) }) }

    /// Rows of one answer: the network is asked about each.
    private static let rowsMaximum: UInt64 = 100
    private static let rowsDefault: UInt64 = 20

    static func pending(_ call: Call) async throws -> Response {
        let limit = Int(try call.number("limit", in: 1...rowsMaximum, default: rowsDefault) ?? rowsDefault)
        let (chain, account) = (try call.wantedChain(), try call.wantedAccount())
        let report = try await call.ask { try PendingDesk($0).report(chain: chain, account: account, limit: limit) }
        return JSONAnswer.response(report)
    }
}
