import Foundation

/// The run as a picture (SVG): a lane for each host with a bar for each fault, a tick for each start of a process, and below
/// the payments that ended.
struct Picture {
    let timeline: Timeline
    let layout: Layout
    let rate: PaymentRate
    let title: String

    private static let left = 92.0
    private static let width = 1_400.0
    private static let laneHeight = 24.0
    private static let top = 44.0
    private static let chartHeight = 150.0

    /// Colours, one for a family of faults.
    private static let families: [(name: String, kinds: [FaultKind], color: String)] = [
        ("kill -9", [.kill, .killNode, .killBus, .killChain, .killAll], "#c0392b"),
        ("down", [.down], "#6b1d14"),
        ("stopped (SIGSTOP)", [.stop, .stopNode, .stopBus], "#e08e0b"),
        ("cut off", [.partition, .split, .siteCut, .clientsCut], "#2e5fa3"),
        ("cut off one way", [.oneWay], "#5fa8d3"),
        ("packets lost", [.loss], "#8fc1b5"),
        ("disk full", [.diskFull], "#7d5a3c"),
        ("clock wrong", [.clock], "#8e44ad"),
        ("file damaged", [.votesTail, .walTail, .bitFlip], "#1d7a46"),
    ]
    private static let outcomes = [("settled", "#3f9b5f"), ("refunded", "#e3b23c"), ("rejected", "#a0a0a0")]

    private var lanes: [String] { layout.groups.flatMap { [$0.busHost] + $0.nodes } + [Layout.clients] }
    private var chartTop: Double { Picture.top + Double(lanes.count) * Picture.laneHeight + 34 }
    private var duration: Double {
        max(1, Double(rate.seconds.count), timeline.entries.map { $0.until ?? $0.at }.max() ?? 0, timeline.healedAt)
    }

    private func x(_ second: Double) -> Double { Picture.left + max(0, min(second, duration)) / duration * Picture.width }

    var text: String {
        let height = chartTop + Picture.chartHeight + 96
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(Picture.left + Picture.width + 24))\" height=\"\(Int(height))\" font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            label(Picture.left, 22, title, size: 15),
        ]
        lines += laneLines() + faultBars() + restartTicks() + axis() + chart() + legend(height - 52)
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private func laneLines() -> [String] {
        lanes.enumerated().flatMap { index, lane in
            let y = Picture.top + Double(index) * Picture.laneHeight
            let shade = lane.hasPrefix("bus-") ? "#eceff3" : index % 2 == 0 ? "#fafafa" : "#f5f5f5"
            return [
                rectangle(Picture.left, y, Picture.width, Picture.laneHeight - 2, shade), label(Picture.left - 6, y + 15, lane, anchor: "end"),
            ]
        }
    }

    private func faultBars() -> [String] {
        timeline.entries.flatMap { entry in
            let color = Picture.families.first { $0.kinds.contains(entry.kind) }?.color ?? "#000000"
            let hosts = Set(entry.targets.map { layout.hosts.contains($0) ? $0 : layout.host(of: $0) })
            return hosts.sorted().compactMap { lanes.firstIndex(of: $0) }.map { index in
                let start = x(entry.at)
                let width = max(3, x(entry.until ?? duration) - start)
                let detail = ([entry.kind.rawValue] + entry.targets.prefix(4) + [entry.outcome]).filter { !$0.isEmpty }.joined(separator: " · ")
                return rectangle(start, Picture.top + Double(index) * Picture.laneHeight + 2, width, Picture.laneHeight - 10, color, detail)
            }
        }
    }

    private func restartTicks() -> [String] {
        timeline.restarts.compactMap { restart in
            guard let index = lanes.firstIndex(of: layout.host(of: restart.process)) else { return nil }
            let color = restart.expected ? "#333333" : "#d0006f"
            return rectangle(x(restart.at), Picture.top + Double(index + 1) * Picture.laneHeight - 8, 1.5, 5, color, "\(restart.process) \(restart.how)")
        }
    }

    private func axis() -> [String] {
        let step = [5.0, 10, 15, 30, 60, 120, 300, 600].first { duration / $0 <= 20 } ?? 1_800
        var lines: [String] = []
        for second in stride(from: 0, through: duration, by: step) {
            let place = x(second)
            lines.append("<line x1=\"\(number(place))\" y1=\"\(Int(Picture.top))\" x2=\"\(number(place))\" y2=\"\(number(chartTop + Picture.chartHeight))\" stroke=\"#d8d8d8\" stroke-width=\"0.6\"/>")
            lines.append(label(place, chartTop + Picture.chartHeight + 14, "\(Int(second) / 60):\(String(format: "%02d", Int(second) % 60))", anchor: "middle"))
        }
        guard timeline.healedAt > 0 else { return lines }
        let place = x(timeline.healedAt)
        lines.append("<line x1=\"\(number(place))\" y1=\"\(Int(Picture.top - 6))\" x2=\"\(number(place))\" y2=\"\(number(chartTop + Picture.chartHeight))\" stroke=\"#1d7a46\" stroke-width=\"1.6\" stroke-dasharray=\"5 3\"/>")
        return lines + [label(place - 4, Picture.top - 8, "healed", anchor: "end", color: "#1d7a46")]
    }

    /// Payments that ended, stacked; several seconds to a column when there are many.
    private func chart() -> [String] {
        let bucket = max(1, Int((duration / 350).rounded(.up)))
        let columns = Picture.outcomes.map { outcome in
            let series = rate.series(outcome.0)
            return stride(from: 0, to: series.count, by: bucket).map { series[$0..<min($0 + bucket, series.count)].reduce(0, +) }
        }
        let totals = (columns.first ?? []).indices.map { index in columns.reduce(0) { $0 + $1[index] } }
        let most = max(1, totals.max() ?? 1)
        let base = chartTop + Picture.chartHeight
        var lines = [
            label(Picture.left - 6, chartTop + 10, "\(String(format: "%.0f", Double(most) / Double(bucket)))/s", anchor: "end"), label(Picture.left - 6, base, "0", anchor: "end"),
            label(Picture.left - 6, chartTop + Picture.chartHeight / 2, "payments", anchor: "end"),
        ]
        for index in totals.indices {
            var y = base
            let start = x(Double(index * bucket))
            let width = max(0.8, x(Double((index + 1) * bucket)) - start)
            for (outcome, column) in zip(Picture.outcomes, columns) where column[index] > 0 {
                let height = Double(column[index]) / Double(most) * Picture.chartHeight
                y -= height
                lines.append(rectangle(start, y, width, height, outcome.1))
            }
        }
        return lines + ["<line x1=\"\(number(Picture.left))\" y1=\"\(number(base))\" x2=\"\(number(Picture.left + Picture.width))\" y2=\"\(number(base))\" stroke=\"#555555\"/>"]
    }

    private func legend(_ y: Double) -> [String] {
        func row(_ y: Double, _ items: [(String, String)]) -> [String] {
            var place = Picture.left
            return items.flatMap { name, color in
                defer { place += 30 + Double(name.count) * 7 }
                return [rectangle(place, y - 10, 14, 11, color), label(place + 19, y, name)]
            }
        }
        return row(y, Picture.families.map { ($0.name, $0.color) })
            + row(
                y + 24,
                Picture.outcomes.map { ("payments \($0.0)", $0.1) } + [("process ended by a fault", "#333333"), ("process ended by itself", "#d0006f")])
    }

    // MARK: shapes

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }

    private func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: String, _ detail: String = "") -> String {
        let start = "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\" fill=\"\(color)\""
        return detail.isEmpty ? start + "/>" : start + "><title>\(escaped(detail))</title></rect>"
    }

    private func label(_ x: Double, _ y: Double, _ text: String, anchor: String = "start", size: Int = 12, color: String = "#222222") -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\" fill=\"\(color)\">\(escaped(text))</text>"
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
    }
}
