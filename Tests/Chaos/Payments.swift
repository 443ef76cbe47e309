import Determinism
import Foundation

/// The payments that go on during everything, by the real `pay`, and the devices that answer them, by the real `agent`.
final class Payments {
    /// What `pay` says of a line.
    struct Result: Decodable {
        var line: Int, id: String, outcome: String, reason: String
        var payer_milliseconds: UInt64?
        var ended_milliseconds: UInt64?
    }

    private let layout: Layout
    private let program: String
    private var pay: pid_t = 0
    private var agent: pid_t = 0
    private(set) var ending: Ending?
    /// Lines of payments across chains.
    private var crosses: Set<String> = []
    private(set) var count = 0

    private static let clients = 60
    /// Accounts whose devices say no, and those that say nothing.
    private static let refusing = [7, 8]
    private static let silent = [9, 10]

    init(_ layout: Layout, program: String) {
        self.layout = layout
        self.program = program
    }

    private var paymentsFile: String { "\(layout.folder)/payments.csv" }
    private var rulesFile: String { "\(layout.folder)/agent.rules" }
    private var outFolder: String { "\(layout.folder)/paid" }

    /// Starts the devices; again when they have ended.
    func keepAgent() throws {
        guard agent == 0 || Ending.poll(agent) != nil else { return }
        if agent == 0 {
            let rules = Payments.refusing.map { "\(Payments.name($0)) refuse goods were not delivered" } + Payments.silent.map { "\(Payments.name($0)) silent" }
            try (rules.joined(separator: "\n") + "\n").write(toFile: rulesFile, atomically: true, encoding: .utf8)
        }
        agent = try start(["agent", "--data", layout.folder, "--rules", rulesFile, "--quiet"], log: "agent")
    }

    /// Pays once across, from start to end.
    func probe() throws -> Bool {
        let arguments = [program, "send", "--data", layout.folder, "--from", "alice", "--to", "bob", "--amount", "10", "--deadline", "30", "--json"]
        return try Command.run(Hosts.command(on: Layout.clients, arguments)).code == 0
    }

    /// Starts paying.
    func begin(count: Int, rate: Int, seed: UInt64) throws {
        self.count = count
        try write(count: count, seed: seed)
        pay = try start(
            ["pay", "--data", layout.folder, "--file", paymentsFile, "--out", outFolder, "--rate", "\(rate)", "--concurrency", "5000"], log: "pay")
    }

    private func start(_ arguments: [String], log: String) throws -> pid_t {
        var options = Command.Options()
        options.errors = layout.log(of: log)
        options.output = layout.log(of: log)
        return try Command.spawn(Hosts.command(on: Layout.clients, [program] + arguments), options)
    }

    /// Whether paying has come to an end.
    func poll() -> Bool {
        if ending == nil, pay != 0 { ending = Ending.poll(pay) }
        return ending != nil
    }

    /// What `pay` said last.
    var progress: String {
        let text = (try? String(contentsOfFile: layout.log(of: "pay"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last { $0.hasPrefix("paid ") }.map(String.init) ?? "nothing paid yet"
    }

    /// Lets `pay` write down what it knows, and ends it and the devices.
    func stop() {
        for (process, number) in [(pay, SIGINT), (agent, SIGTERM)] where process > 0 {
            if process == pay, ending != nil { continue }
            kill(process, number)
            let deadline = monotonicSeconds() + 10
            while monotonicSeconds() < deadline {
                if let end = Ending.poll(process) {
                    if process == pay { ending = end }
                    break
                }
                usleep(20_000)
            }
        }
    }

    func results() throws -> [Result] {
        try JSONDecoder().decode([Result].self, from: Data(contentsOf: URL(fileURLWithPath: "\(outFolder)/results.json")))
    }

    func isCross(_ result: Result) -> Bool { crosses.contains(result.id) }

    // MARK: the file

    private static func name(_ client: Int) -> String { (client < 10 ? "client-0" : "client-") + "\(client)" }

    /// Within and across both chains, in both directions; some to devices that refuse or keep silent, some of more than the payer
    /// has, some to nobody.
    private func write(count: Int, seed: UInt64) throws {
        var random = SeededRandom(seed: seed ^ 0x7061_7973)
        func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }
        var lines = ["id,from,to,asset,amount,deadline_seconds,memo"]
        for number in 0..<count {
            let id = "c\(number)"
            let payer = 11 + below(Payments.clients - 10)
            var payee = 1 + below(Payments.clients)
            if payee == payer { payee = payee % Payments.clients + 1 }
            // Most go across.
            if (payer - payee) % 2 == 0, below(2) == 0 { payee = payee % Payments.clients + 1 }
            if payee == payer { payee = (payee + 1) % Payments.clients + 1 }
            var amount = 10 * (1 + below(5))
            var to = Payments.name(payee)
            switch below(50) {
            case 0: amount = 900_000
            case 1: to = "nobody"
            case 2: to = Payments.name(Payments.refusing[below(2)])
            case 3: to = Payments.name(Payments.silent[below(2)])
            default: break
            }
            let isAcross = to != "nobody" && (Int(to.suffix(2)) ?? payer) % 2 != payer % 2
            if isAcross { crosses.insert(id) }
            // Clients with odd numbers are at home on alpha (X), the others on beta (Y).
            let deadline = Payments.silent.map(Payments.name).contains(to) ? 6 : [8, 15, 30, 60][below(4)]
            lines.append("\(id),\(Payments.name(payer)),\(to),\(payer % 2 == 1 ? "X" : "Y"),\(amount),\(deadline),")
        }
        try (lines.joined(separator: "\n") + "\n").write(toFile: paymentsFile, atomically: true, encoding: .utf8)
    }
}
