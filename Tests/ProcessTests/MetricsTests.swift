import Foundation
import Testing

/// Where the processes of a network show themselves.
struct ScrapeTargets {
    private struct Entry: Decodable { var targets: [String], labels: [String: String] }

    /// Addresses by name of process.
    let addresses: [String: String]

    init(_ folder: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run/targets.json"))
        let entries = try JSONDecoder().decode([Entry].self, from: data)
        addresses = Dictionary(uniqueKeysWithValues: entries.compactMap { entry in entry.targets.first.map { (entry.labels["instance"] ?? "", $0) } })
    }

    /// Runs a tool to its end, with something on its standard input.
    static func tool(_ words: [String], input: String = "") throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        let (inward, outward) = (Pipe(), Pipe())
        process.standardInput = inward
        process.standardOutput = outward
        process.standardError = outward
        try process.run()
        let thread = Thread {
            try? inward.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? inward.fileHandleForWriting.close()
        }
        thread.start()
        let data = outward.fileHandleForReading.readDataToEndOfFile()
        try outward.fileHandleForReading.close()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// What a server answers: the body, and the seconds it took.
    static func get(_ url: String) throws -> (body: String, seconds: Double) {
        let (code, output) = try tool(["curl", "-sS", "-m", "10", "-w", "\n%{time_total}", url])
        let end = try #require(output.lastIndex(of: "\n"), "\(url): \(code) \(output)")
        return (String(output[..<end]), try #require(Double(output[output.index(after: end)...]), "\(url): \(code) \(output)"))
    }
}

extension RealProcesses {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Metrics that a text speaks of, by the names of their families.
    private func metrics(in text: String, families: Set<String>) -> Set<String> {
        Set(
            text.matches(of: /\b(?:concordat|process)_[a-z_]+\b/).map { match in
                let name = String(match.output)
                for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) && families.contains(String(name.dropLast(suffix.count))) {
                    return String(name.dropLast(suffix.count))
                }
                return name
            })
    }

    @Test("every process of a network shows metrics that hold to the rules, in under 10 ms, and that docs, alerts and the board name; a real Prometheus finds them all")
    func metrics() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1", "--heartbeat", "500ms", "--gateway", "127.0.0.1:0"])
        let targets = try ScrapeTargets(network.folder)
        let names = try network.processNames() + ["up", "gateway"]
        #expect(Set(targets.addresses.keys) == Set(names))
        let up = try #require(targets.addresses["up"])
        #expect(try Program.wait(seconds: 20) { try ScrapeTargets.get("http://\(up)/metrics").body.contains(/concordat_heartbeat_duration_seconds_count [1-9]/) })
        let page = try String(contentsOfFile: "\(network.folder)/run/page", encoding: .utf8)
        for path in ["/v1/chains", "/v1/chains/none", "/nowhere/alice"] { _ = try ScrapeTargets.get(page + path) }
        let gateway = try ScrapeTargets.get("http://\(try #require(targets.addresses["gateway"]))/metrics").body
        for line in [
            #"{method="GET",route="/v1/chains",status="200"} 1"#, #"{method="GET",route="/v1/chains/{chain}",status="404"} 1"#, #"{method="",route="",status="404"} 1"#,
        ] { #expect(gateway.contains("concordat_gateway_requests_total\(line)"), "\(gateway)") }
        #expect(gateway.contains("concordat_gateway_duration_seconds_count 3"))
        var families: [String: String] = [:]
        for (name, address) in targets.addresses.sorted(by: { $0.key < $1.key }) {
            let pages = try (0..<5).map { _ in try ScrapeTargets.get("http://\(address)/metrics") }
            let fastest = pages.map(\.seconds).min() ?? .infinity
            #expect(fastest < 0.01, "\(name): \(pages.map(\.seconds))")
            let lint = try ScrapeTargets.tool(["promtool", "check", "metrics"], input: pages[0].body + "\n")
            #expect(lint.code == 0, "\(name): \(lint.output)")
            for match in pages[0].body.matches(of: /# TYPE (\S+) (\S+)/) { families[String(match.output.1)] = String(match.output.2) }
            #expect(!pages[0].body.contains(/alice|bob|client-/), "\(name) shows an account")
        }
        let docs = try String(contentsOf: RealProcesses.root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
        let rows = docs.matches(of: /\n\| `(\w+)` \| (counter|gauge|histogram) \|/).map { (String($0.output.1), String($0.output.2)) }
        #expect(Dictionary(rows, uniquingKeysWith: { first, _ in first }) == families)
        for file in ["alerts.yml", "dashboard.json"] {
            let text = try String(contentsOf: RealProcesses.root.appendingPathComponent("compose/observability/\(file)"), encoding: .utf8)
            let named = metrics(in: text, families: Set(families.keys))
            #expect(named.count > 10 && named.isSubset(of: families.keys), "\(file) names what nobody shows: \(named.subtracting(families.keys))")
        }
        try prometheus(network.folder, targets: targets.addresses.count)
    }

    /// Runs Prometheus on the project's own configuration, of this network.
    private func prometheus(_ folder: String, targets: Int) throws {
        let place = "\(folder)/prometheus"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let source = RealProcesses.root.appendingPathComponent("compose/observability")
        let text = try String(contentsOf: source.appendingPathComponent("prometheus.yml"), encoding: .utf8)
        #expect(text.contains("../../.concordat/run/targets.json"))
        let own = text.replacingOccurrences(of: "../../.concordat", with: folder).replacingOccurrences(of: "_interval: 5s", with: "_interval: 1s")
        try own.write(toFile: "\(place)/prometheus.yml", atomically: true, encoding: .utf8)
        try FileManager.default.copyItem(atPath: source.appendingPathComponent("alerts.yml").path, toPath: "\(place)/alerts.yml")
        let checked = try ScrapeTargets.tool(["promtool", "check", "config", "\(place)/prometheus.yml"])
        #expect(checked.code == 0, "\(checked.output)")
        // The port is chosen by the system, and Prometheus says which.
        let log = "\(place)/log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["prometheus", "--config.file=\(place)/prometheus.yml", "--storage.tsdb.path=\(place)/data", "--web.listen-address=127.0.0.1:0"]
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        func said() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        #expect(Program.wait(seconds: 20) { said().contains(/Listening on.*address=127/) }, "\(said())")
        let address = try #require(said().firstMatch(of: /Listening on.*address=(127\.0\.0\.1:\d+)/).map { String($0.output.1) })
        func query(_ expression: String) throws -> String {
            try ScrapeTargets.tool(["curl", "-sS", "-m", "10", "--data-urlencode", "query=\(expression)", "http://\(address)/api/v1/query"]).output
        }
        let all = #"sum(up{job="concordat"} == 1)"#
        let isWhole = try Program.wait(seconds: 30) { try query(all).contains("\"\(targets)\"]") }
        #expect(isWhole, "\(said().suffix(1_000))")
        #expect(try query("count(concordat_ready == 1) > 9").contains("\"value\""))
        #expect(try query(#"max by (chain) (concordat_ledger_finalized_height{role="consensus",chain="alpha"}) > 0"#).contains("\"alpha\""))
        #expect(try query("concordat_heartbeat_sent_total > 0").contains("\"instance\":\"up\""))
        let rules = try ScrapeTargets.get("http://\(address)/api/v1/rules?type=alert").body
        #expect(rules.contains("HeartbeatMissing") && !rules.contains("\"health\":\"err\""), "\(rules.prefix(2_000))")
    }

    private struct Health: Decodable {
        struct Check: Decodable { var name: String, passes: Bool }
        var process: String, ok: Bool
        var checks: [Check]?
        var failed: [String] { (checks ?? []).filter { !$0.passes }.map(\.name) }
    }

    @Test("health says which check fails when a bus is killed, a process is silent or asked to end, and that payments do not arrive")
    func health() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1", "--no-restart"])
        func health(_ words: [String]) throws -> (code: Int32?, rows: [Health]) {
            let (code, output, _) = try Program.run(["health", "--data", network.folder, "--json", "--ready"] + words)
            // Nothing but an error is said while a process is not listed.
            return (code, output.isEmpty ? [] : try JSONDecoder().decode([Health].self, from: Data(output.utf8)))
        }
        let collector = "collector.alpha@alpha-1/1"
        #expect(try Program.wait(seconds: 10) { try health([]).code == 0 })
        kill(try network.processID(of: "bus@alpha"), SIGKILL)
        #expect(try Program.wait(seconds: 5) { try health([collector]).rows.first?.failed == ["bus"] })
        let all = try health([])
        #expect(all.code == 2 && all.rows.filter(\.ok).map(\.process).contains("collector.beta@beta-1/1"), "\(all)")
        #expect(all.rows.first { $0.process == "bus@alpha" }?.checks == nil)
        #expect(try Program.run(["health", "--data", network.folder, "bus@alpha"]).code == 69)
        #expect(try Program.run(["health", "--data", network.folder, "bus@gamma"]).code == 64)
        // It lives, and nothing is gained by starting it again.
        #expect(try Program.run(["health", "--data", network.folder, collector]).code == 0)
        let late = try Program.run(["heartbeat", "--data", network.folder, "--count", "1", "--heartbeat-patience", "1500ms"])
        #expect(late.code == 2 && late.output.contains("did not arrive: late"), "\(late)")
        _ = try network.run("bus@alpha")
        #expect(try Program.wait(seconds: 15) { try health([collector]).code == 0 })
        let beats = try Program.run(["heartbeat", "--data", network.folder, "--count", "2", "--every", "100ms", "--json"])
        #expect(beats.code == 0 && beats.output.split(separator: "\n").allSatisfy { $0.contains("\"arrived\":true") }, "\(beats)")
        // Not ready comes before the end.
        let builder = "builder.beta@beta-1/1"
        kill(try network.processID(of: builder), SIGTERM)
        #expect(try Program.wait(seconds: 10) { try network.processID(of: builder) == 0 })
        let own = try Program(["run", "--data", network.folder, "--role", builder, "--metrics", "127.0.0.1:0", "--drain-notice", "4s"])
        #expect(try Program.wait(seconds: 15) { try health([builder]).code == 0 }, "\(own.errors)")
        own.signal(SIGTERM)
        #expect(try Program.wait(seconds: 3) { try health([builder]).rows.first?.failed == ["serving"] })
        #expect(own.isRunning)
        #expect(own.end(withinSeconds: 15) == 0, "\(own.errors)")
        #expect(try Program.run(["run", "--data", network.folder, "--role", builder, "--metrics", "nowhere"]).code == 64)
    }

    @Test("JSON logs are one object a line, with time, level and role, and say where a payment has been by its id")
    func logs() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1", "--no-metrics", "--log-format", "json", "--log-level", "debug"])
        #expect(try Program.run(["health", "--data", network.folder]).code == 69)
        struct Sent: Decodable { var id: String }
        let sent = try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "10", "--json"])
        let id = try JSONDecoder().decode(Sent.self, from: Data(sent.output.utf8)).id
        struct Line: Decodable { var ts: String, level: String, role: String, message: String, tx: String?, trace_id: String? }
        var roles: Set<String> = []
        for name in try network.processNames() {
            let text = try String(contentsOfFile: "\(network.folder)/run/logs/\(name.replacingOccurrences(of: "/", with: "-")).log", encoding: .utf8)
            #expect(!text.isEmpty)
            for line in text.split(separator: "\n") {
                let read = try #require(try? JSONDecoder().decode(Line.self, from: Data(line.utf8)), "\(name): \(line)")
                #expect(read.ts.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil && read.role == name, "\(line)")
                guard read.tx == id else { continue }
                #expect(read.trace_id == String(id.prefix(32)))
                roles.insert(String(name.prefix { $0 != "@" }))
            }
        }
        #expect(roles == ["collector.alpha", "builder.alpha", "consensus.alpha", "validator.alpha", "collector.beta", "builder.beta", "consensus.beta", "validator.beta", "recorder.notary"], "\(roles)")
    }
}
