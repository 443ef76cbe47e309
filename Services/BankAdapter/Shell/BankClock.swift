import BankCore
import Foundation

/// The wall clock, as messages write it.
package enum BankClock {
    /// Today, in universal time.
    package static var today: CalendarDate {
        let text = String(BankClock.text(UInt64(Date().timeIntervalSince1970 * 1_000)).prefix(10))
        guard let date = CalendarDate(text) else { preconditionFailure("the clock tells dates") }
        return date
    }

    /// Unix milliseconds as `2026-11-22T09:30:00.120Z`.
    package static func text(_ milliseconds: UInt64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1_900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
            Int32(milliseconds % 1_000))
    }
}
