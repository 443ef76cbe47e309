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

    static func alarms(_ call: Call) async throws -> Response {
        let live = call.gateway.live
        return JSONAnswer.response(AlarmsShape(hearing: live.hearing, alarms: live.alarms.map(AlarmShape.init)))
    }
}
