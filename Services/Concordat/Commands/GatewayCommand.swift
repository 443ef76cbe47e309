import ArgumentParser
import Cryptography
import Foundation
import Gateway
import Runtime
import WalletDesk

/// Serves a network over HTTP.
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Serve a network over HTTP: a REST interface with its OpenAPI document, and a page that shows the network live.",
        discussion: """
            Example:
              concordat gateway --listen 127.0.0.1:8080
              curl -s http://127.0.0.1:8080/v1/chains
            It holds no key of an account: clients hand in what they have signed. With the key of a tap (keys/transport/tap-1.key in the folder) it also
            shows alarms and signs of life. docs/gateway.md describes it.
            Exit codes: 0 stopped by a signal, 1 it cannot listen there, 64 usage, 69 the network does not answer.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var logs: LogOptions
    @OptionGroup var metrics: MetricsOption

    @Option(help: "Where to listen, ADDRESS:PORT; port 0 for one that is free. (default: 127.0.0.1:8080)")
    var listen: String?

    @Option(name: .customLong("public"), help: "A name under which others reach it; without one it listens on this machine only. May be given several times.")
    var publicNames: [String] = []

    @Option(name: .customLong("tap"), help: "The tap of network.yaml whose key is used. (default: tap-1, when its key is there)")
    var tapName: String?

    @Flag(help: .hidden)
    var supervised = false

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let (host, port) = try address()
        let key = try tapKey(folder)
        try Inquiry.requireReachable(configuration, folder)
        let logger = try logs.logger("gateway")
        let exporter = Exporter("gateway")
        defer { exporter.stop() }
        if let address = try metrics.address() { try exporter.serve(address, folder, configuration, logger: logger) }
        let noticeMilliseconds = try metrics.noticeMilliseconds()
        let shutdown = Shutdown()
        if supervised { ParentWatch.start() }
        let (common, isHeard) = (common, key != nil)
        let settings = Gateway.Settings(host: host, port: port, names: publicNames, tap: key)
        exporter.add(GatewayMetrics(meter: settings.meter))
        let service = GatewayService(folder, configuration, settings, logger: logger) {
            GatewayCommand.tell(common, host, $0, isHeard: isHeard)
        } failed: {
            shutdown.ask()
        }
        service.start()
        while !shutdown.wait(milliseconds: 1_000) { service.look() }
        exporter.drain()
        usleep(UInt32(clamping: noticeMilliseconds * 1_000))
        service.stop()
        exporter.leave(folder)
        if let problem = service.problem {
            if "\(problem)".contains("Address already in use") {
                let holder = UInt16(exactly: port).flatMap { Ports.holder(of: $0) }.map { "\($0.name) (process \($0.processID))" } ?? "another program"
                throw Failure(.failed, "\(host):\(port) is in use by \(holder)", "Stop it, or name another place with --listen; port 0 takes one that is free.")
            }
            throw Failure(.failed, "the gateway cannot serve at \(host):\(port): \(problem)", "Name another place with --listen; port 0 takes one that is free.")
        }
    }

    private static func tell(_ common: CommonOptions, _ host: String, _ port: Int, isHeard: Bool) {
        let url = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        if common.json {
            struct Report: Encodable { var url: String, document: String, live: Bool }
            return Console.print(JSONText.line(Report(url: url, document: "\(url)/v1/openapi.json", live: isHeard)))
        }
        Console.print("\(url)  page of the network")
        Console.print("\(url)/v1/openapi.json  every request and answer")
        if !isHeard { common.say("No key of a tap is here: alarms and signs of life are not shown. Give one with --tap.") }
    }

    /// Where to listen; elsewhere than on this machine only when a name is given.
    private func address() throws -> (host: String, port: Int) {
        let text = try Setting.text(listen, "listen", default: "127.0.0.1:8080")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), colon > text.startIndex else {
            throw Setting.bad("listen", text, "Write ADDRESS:PORT, for example 127.0.0.1:8080.")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let isLocal = ["127.0.0.1", "::1", "localhost"].contains(host)
        guard isLocal || !publicNames.isEmpty else {
            throw Failure(
                .usage, "--listen \(text) opens the gateway to other machines",
                "Say under which name they reach it, with --public; it asks nobody who they are, so put a proxy with TLS before it (docs/gateway.md).")
        }
        return (host, Int(port))
    }

    private func tapKey(_ folder: NetworkFolder) throws -> (name: String, key: TransportKeyPair)? {
        let name = tapName ?? NetworkPlan.tapName
        do {
            return (name, try KeyFile.readTransport(folder.transportKey(name)))
        } catch {
            guard tapName != nil else { return nil }
            throw Failure(.configuration, "the key of \(name) cannot be read: \(error.summary)", "Run this where the key is, with --data; --tap names another tap of network.yaml.")
        }
    }
}
