import Hummingbird
import TapCore
import Wire

/// What was heard live.
enum LiveAnswers {
    struct AlarmShape: Encodable, Sendable {
        var severity: String, code: String, times: Int, first_milliseconds: UInt64, last_milliseconds: UInt64, sources: [String], detail: String

        init(_ entry: AlarmBook.Entry) {
            severity = entry.severity.rawValue
            code = entry.code
            times = entry.count
            first_milliseconds = entry.firstMilliseconds
            last_milliseconds = entry.lastMilliseconds
            sources = entry.sources
            detail = entry.detail
        }
    }

    private struct AlarmsShape: Encodable, Sendable {
        var hearing: LiveBoard.Hearing
        /// The gravest first, of equal ones the newest.
        var alarms: [AlarmShape]
    }

    private struct RolesShape: Encodable, Sendable {
        var hearing: LiveBoard.Hearing
        var stages: [RoleBook.StageShape]
        var roles: [RoleBook.Line]
    }

    static func roles(_ call: Call) async throws -> Response {
        let board = call.gateway.live.board()
        return JSONAnswer.response(RolesShape(hearing: board.hearing, stages: board.stages, roles: board.roles))
    }

    static func board(_ call: Call) async throws -> Response { JSONAnswer.response(call.gateway.live.board()) }

    /// Those that this gateway has seen in final blocks, newest first; of one chain, or of one account, where that is asked for.
    static func transactions(_ call: Call) async throws -> Response {
        let limit = try call.number("limit", in: 1...UInt64(GatewayLimits.transactionsPerAnswer), default: UInt64(GatewayLimits.boardTransfers)) ?? 1
        let (chain, account) = (try call.wantedChain(), try call.wantedAccount())
        return JSONAnswer.response(call.gateway.live.transfers(Int(limit), chain: chain, account: account))
    }

    static func alarms(_ call: Call) async throws -> Response {
        let live = call.gateway.live
        return JSONAnswer.response(AlarmsShape(hearing: live.hearing, alarms: live.alarms.map(AlarmShape.init)))
    }
}
