import CoreMetrics
import Telemetry
import Testing

@Suite("A page of metrics")
struct MetricPageTests {
    private func lines(_ page: MetricPage) -> [String] { String(decoding: page.text(), as: UTF8.self).split(separator: "\n").map(String.init) }

    @Test("has help and type once, and then a line a series, in the order in which they came")
    func families() {
        var page = MetricPage()
        page.add(.stageRequests, 7 as UInt64, MetricLabels([("role", "builder"), ("chain", "alpha")]))
        page.add(.ready, isTrue: true)
        page.add(.stageRequests, 9 as UInt64, MetricLabels([("role", "collector"), ("chain", "alpha")]))
        let lines = lines(page)
        #expect(lines.prefix(4) == [
            "# HELP concordat_stage_requests_total Requests that a role was asked.", "# TYPE concordat_stage_requests_total counter",
            "concordat_stage_requests_total{role=\"builder\",chain=\"alpha\"} 7", "concordat_stage_requests_total{role=\"collector\",chain=\"alpha\"} 9",
        ])
        #expect(lines.contains("concordat_ready 1") && lines.contains("# TYPE concordat_ready gauge"))
    }

    @Test("writes quotes, backslashes and new lines in labels so that they stay within theirs")
    func escaping() {
        var page = MetricPage()
        page.add(.ready, isTrue: false, MetricLabels([("bad name!", "a\"b\\c\nd"), ("1st", "é")]))
        #expect(lines(page).contains(#"concordat_ready{bad_name_="a\"b\\c\nd",_1st="é"} 0"#))
    }

    @Test("counts a histogram's buckets upwards, and ends with all")
    func histogram() {
        var page = MetricPage()
        page.add(.stageDuration, HistogramReading(bounds: [0.5, 1], counts: [2, 0, 3], sum: 12.25), MetricLabels([("role", "builder")]))
        let wanted = [
            #"concordat_stage_duration_seconds_bucket{role="builder",le="0.5"} 2"#, #"concordat_stage_duration_seconds_bucket{role="builder",le="1"} 2"#,
            #"concordat_stage_duration_seconds_bucket{role="builder",le="+Inf"} 5"#, #"concordat_stage_duration_seconds_sum{role="builder"} 12.25"#,
            #"concordat_stage_duration_seconds_count{role="builder"} 5"#,
        ]
        #expect(Array(lines(page).dropFirst(2).prefix(5)) == wanted)
    }

    @Test("writes numbers as Prometheus reads them", arguments: [
        (0, "0"), (-3, "-3"), (1_795_375_298.66, "1795375298.66"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e21, "1e+21"), (0.000_25, "0.00025"),
    ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        var page = MetricPage()
        page.add(.heartbeatTime, value)
        #expect(lines(page).contains("concordat_heartbeat_timestamp_seconds \(text)"))
    }

    @Test("leaves out what is beyond its bound, and says how much that is")
    func bound() {
        var page = MetricPage(seriesMaximum: 2)
        for number in 0..<5 { page.add(.busStreams, UInt64(number), MetricLabels([("site", "\(number)")])) }
        #expect(lines(page).filter { $0.hasPrefix("concordat_bus_streams{") }.count == 2)
        #expect(lines(page).contains("concordat_metrics_dropped_series 3"))
    }

    @Test("every metric has a name by the rules and a help text of its own")
    func catalogue() {
        #expect(Set(Metric.allCases.map(\.help)).count == Metric.allCases.count)
        for metric in Metric.allCases {
            #expect(metric.rawValue.allSatisfy { $0.isLowercase || $0 == "_" } && !metric.help.isEmpty && metric.help.hasSuffix("."), "\(metric.rawValue)")
            #expect(metric.rawValue.hasPrefix("concordat_") || metric.rawValue.hasPrefix("process_"))
            #expect((metric.kind == .counter) == metric.rawValue.hasSuffix("_total"), "\(metric.rawValue)")
        }
    }
}

@Suite("What code measures through swift-metrics")
struct PrometheusRegistryTests {
    private func text(_ registry: PrometheusRegistry) -> String {
        var page = MetricPage()
        registry.write(to: &page)
        return String(decoding: page.text(dropped: registry.refusedCount), as: UTF8.self)
    }

    @Test("counters, meters, timers and recorders appear under Prometheus names, with their labels in order")
    func kinds() {
        let registry = PrometheusRegistry()
        registry.describe("concordat_http_requests_total", "Requests over HTTP.")
        let counter = CoreMetrics.Counter(label: "http.requests", dimensions: [("status", "200"), ("path", "/x")], factory: registry)
        counter.increment(by: 3)
        CoreMetrics.Counter(label: "http.requests", dimensions: [("path", "/x"), ("status", "200")], factory: registry).increment()
        CoreMetrics.Meter(label: "queue", factory: registry).set(2.5)
        CoreMetrics.Timer(label: "http.duration", factory: registry).recordMilliseconds(30)
        let shown = text(registry)
        for line in [
            "# HELP concordat_http_requests_total Requests over HTTP.", #"concordat_http_requests_total{path="/x",status="200"} 4"#, "concordat_queue 2.5",
            "# TYPE concordat_http_duration_seconds histogram", #"concordat_http_duration_seconds_bucket{le="0.025"} 0"#,
            #"concordat_http_duration_seconds_bucket{le="0.05"} 1"#, "concordat_http_duration_seconds_sum 0.03", "concordat_http_duration_seconds_count 1",
        ] {
            #expect(shown.contains(line + "\n"), "\(line) is not in \(shown)")
        }
    }

    @Test("a counter never falls, and what was destroyed is not shown any more")
    func counters() {
        let registry = PrometheusRegistry()
        let counter = CoreMetrics.Counter(label: "things", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -2)
        #expect(text(registry).contains("concordat_things_total 5\n"))
        counter.destroy()
        #expect(!text(registry).contains("concordat_things_total"))
    }

    @Test("series beyond the bound lead nowhere, and are counted")
    func bound() {
        let registry = PrometheusRegistry(instrumentsMaximum: 3)
        for number in 0..<10 { CoreMetrics.Counter(label: "per.user", dimensions: [("user", "\(number)")], factory: registry).increment() }
        let shown = text(registry)
        #expect(shown.split(separator: "\n").filter { $0.hasPrefix("concordat_per_user_total{") }.count == 3)
        #expect(shown.contains("concordat_metrics_dropped_series 7\n"))
    }
}
