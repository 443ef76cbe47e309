import Cryptography
import Foundation
import TapCore
import Wire

/// Shows frames as lines: for people in columns, else as JSON.
struct TapPrinter {
    let isJSON: Bool
    let paint: Paint
    /// Of the frame shown last.
    private var lastMilliseconds: UInt64?

    init(isJSON: Bool, paint: Paint) {
        self.isJSON = isJSON
        self.paint = paint
    }

    private struct Line: Encodable {
        var time: String
        var site: String
        var role: String
        var node: String
        var topic: String
        var kind: String
        var chain: String?
        var height: UInt64?
        var transactions: [String]
        var detail: String
        var sequence: UInt64
        var bytes: Int
        var hash: String
    }

    static let head = [
        "TIME".padded(12), "ROLE".padded(24), "KIND".padded(11), "CHAIN#HEIGHT".padded(16), "TX".padded(12), "SEQ".padded(8), "Δ ms".padded(8), "BYTES".padded(8), "WHAT",
    ].joined(separator: "  ")

    mutating func line(_ frame: TapFrame, hash: Digest) -> String {
        defer { lastMilliseconds = frame.timeMilliseconds }
        if isJSON {
            return JSONText.line(
                Line(
                    time: TapPrinter.time(frame.timeMilliseconds, isWhole: true), site: frame.site, role: frame.role, node: frame.node, topic: frame.topic, kind: frame.kind,
                    chain: frame.chain?.description, height: frame.height, transactions: frame.transactions.map(\.hex), detail: frame.detail, sequence: frame.sequence,
                    bytes: frame.byteCount, hash: hash.hex))
        }
        let place = (frame.chain?.description ?? "-") + (frame.height.map { "#\($0)" } ?? "")
        let names = frame.transactions.count == 1 ? String(frame.transactions[0].hex.prefix(12)) : frame.transactions.isEmpty ? "-" : "\(frame.transactions.count) ids"
        let pause = lastMilliseconds.map { "\(Int64(frame.timeMilliseconds) - Int64($0))" } ?? "-"
        let cells = [
            TapPrinter.time(frame.timeMilliseconds, isWhole: false).padded(12), "\(frame.role) \(frame.node)".padded(24), frame.kind.padded(11), place.padded(16), names.padded(12),
            "\(frame.sequence)".padded(8), pause.padded(8), "\(frame.byteCount)".padded(8), Console.printable(frame.detail),
        ]
        let text = cells.joined(separator: "  ")
        return frame.kind == "alarm" || frame.kind == "unreadable" ? paint.bad(text) : text
    }

    /// What is missing.
    func line(_ hole: TapTally.Hole) -> String {
        let count = hole.through - hole.from + 1
        return paint.bad("! lost      \(hole.topic) of \(hole.site): frames \(hole.from) to \(hole.through), \(count) in all (this tap; the pipeline is unaffected)")
    }

    /// What was heard, for people.
    func summary(_ tally: TapTally, seconds: Double) -> [String] {
        let rate = seconds > 0 ? Double(tally.shown) / seconds : 0
        var lines = ["--", "\(tally.shown) frames shown of \(tally.heard) heard in \(String(format: "%.1f", seconds)) s · \(String(format: "%.1f", rate))/s · \(tally.shownBytes) bytes"]
        lines.append(
            tally.isComplete
                ? paint.good("complete: \(tally.streamCount) streams, each frame names the one before it, none is missing")
                : paint.bad("NOT complete: \(tally.lost) frames are missing, \(tally.broken) do not name the one before them"))
        let rows = tally.counts.map { [$0.role, $0.kind, "\($0.frames)", "\($0.bytes)"] }
        return lines + (rows.isEmpty ? [] : Table.lines([["ROLE", "KIND", "FRAMES", "BYTES"]] + rows))
    }

    private struct Summary: Encodable {
        struct Count: Encodable { var role: String, kind: String, frames: Int, bytes: Int }
        var shown: Int
        var heard: Int
        var streams: Int
        var lost: UInt64
        var broken: Int
        var complete: Bool
        var counts: [Count]
    }

    /// The same for programs.
    static func json(_ tally: TapTally) -> String {
        JSONText.line(
            Summary(
                shown: tally.shown, heard: tally.heard, streams: tally.streamCount, lost: tally.lost, broken: tally.broken, complete: tally.isComplete,
                counts: tally.counts.map { .init(role: $0.role, kind: $0.kind, frames: $0.frames, bytes: $0.bytes) }))
    }

    /// The time of day, or the whole of it, in UTC.
    private static func time(_ milliseconds: UInt64, isWhole: Bool) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        let text = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        return isWhole ? text : String(text.dropFirst(11).dropLast())
    }
}

extension String {
    /// Followed by spaces up to a width.
    func padded(_ width: Int) -> String { count >= width ? self : self + String(repeating: " ", count: width - count) }
}
