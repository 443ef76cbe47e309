/// A plot as inline SVG: lines over a grid, with what they are.
struct Plot {
    /// One line.
    struct Line {
        var name: String
        var colour: String
        var points: [(x: Double, y: Double)]
    }

    /// Where on the horizontal axis values stand.
    enum Axis {
        case linear(unit: String)
        /// Shares of payments above, from 1 down: each tenth of them takes as much room.
        case percentiles
    }

    var title: String
    var axis: Axis
    var unit: String
    var lines: [Line]

    private static let width = 860.0, height = 280.0, left = 64.0, right = 34.0, top = 12.0, bottom = 36.0
    private var plotWidth: Double { Plot.width - Plot.left - Plot.right }
    private var plotHeight: Double { Plot.height - Plot.top - Plot.bottom }

    /// The whole figure; a plot without points says so.
    var svg: String {
        let points = lines.flatMap(\.points)
        guard let farthest = points.map(\.x).max() else { return "<h2>\(title)</h2><p class=\"none\">Nothing was measured.</p>" }
        let high = Plot.ceiling(points.map(\.y).max() ?? 1)
        let wide = max(farthest, 1e-9)
        var text = "<h2>\(title)</h2>\n<p class=\"key\">" + lines.map { "<span style=\"color:\($0.colour)\">&#9644;</span> \($0.name)" }.joined(separator: " &nbsp; ") + "</p>\n"
        text += "<svg viewBox=\"0 0 \(Int(Plot.width)) \(Int(Plot.height))\" role=\"img\" aria-label=\"\(title)\">\n"
        for step in 0...4 {
            let value = high * Double(step) / 4
            let y = Plot.top + plotHeight * (1 - Double(step) / 4)
            text += line(Plot.left, y, Plot.width - Plot.right, y, "grid") + label(Plot.left - 6, y + 4, "end", "\(Plot.short(value)) \(unit)")
        }
        for tick in ticks(wide) {
            let x = Plot.left + plotWidth * tick.place
            text += line(x, Plot.top, x, Plot.top + plotHeight, "grid") + label(x, Plot.height - 14, "middle", tick.name)
        }
        for drawn in lines where !drawn.points.isEmpty {
            let places = drawn.points.map { "\(Plot.number(Plot.left + plotWidth * place($0.x, wide))),\(Plot.number(Plot.top + plotHeight * (1 - $0.y / high)))" }
            text += "<polyline points=\"\(places.joined(separator: " "))\" fill=\"none\" stroke=\"\(drawn.colour)\" stroke-width=\"1.6\"/>\n"
        }
        return text + "</svg>\n"
    }

    /// Nines that the percentile axis shows.
    private static let decades = 4.0

    private func place(_ x: Double, _ wide: Double) -> Double {
        switch axis {
        case .linear: x / wide
        case .percentiles: min(1, Plot.decadesBelow(x) / Plot.decades)
        }
    }

    private func ticks(_ wide: Double) -> [(place: Double, name: String)] {
        switch axis {
        case .linear(let unit):
            stride(from: 0, through: wide, by: Plot.ceiling(wide / 6)).map { ($0 / wide, "\(Plot.short($0)) \(unit)") }
        case .percentiles: [(0, "0"), (1 / Plot.decades, "90 %"), (2 / Plot.decades, "99 %"), (3 / Plot.decades, "99.9 %"), (1, "99.99 %")]
        }
    }

    /// How many tenths of tenths a share is: 0 for 1, 1 for a tenth, 2 for a hundredth; straight lines between halves of each.
    static func decadesBelow(_ share: Double) -> Double {
        guard share > 1e-9 else { return 9 }
        var (rest, decades) = (min(share, 1), 0.0)
        while rest <= 0.1 { (rest, decades) = (rest * 10, decades + 1) }
        // The decimal logarithm between 1 and a tenth, by halving the span eight times.
        var (low, high, root) = (0.0, 1.0, 0.1)
        var value = rest
        for _ in 0..<8 {
            root = root.squareRoot()
            let middle = (low + high) / 2
            if value <= root { (low, value) = (middle, value / root) } else { high = middle }
        }
        return decades + low
    }

    /// The next round number.
    static func ceiling(_ value: Double) -> Double {
        var scale = 1e-6
        while scale * 10 < value { scale *= 10 }
        for factor in [1.0, 2, 3, 4, 5, 6, 8, 10] where scale * factor >= value { return scale * factor }
        return 1
    }

    private static func short(_ value: Double) -> String {
        value >= 100 ? LoadText.decimal(value, 0) : value >= 10 ? LoadText.decimal(value, 1) : LoadText.decimal(value, value == value.rounded() ? 0 : 2)
    }

    private static func number(_ value: Double) -> String { LoadText.decimal(value, 1) }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
        "<line x1=\"\(Plot.number(x1))\" y1=\"\(Plot.number(y1))\" x2=\"\(Plot.number(x2))\" y2=\"\(Plot.number(y2))\" class=\"\(style)\"/>\n"
    }

    private func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
        "<text x=\"\(Plot.number(x))\" y=\"\(Plot.number(y))\" text-anchor=\"\(anchor)\">\(text)</text>\n"
    }
}
