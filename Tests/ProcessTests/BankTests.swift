import Foundation
import Testing

/// Two banks on a running network: customers' ledgers, inboxes and outboxes.
final class RunningBanks {
    let network: RunningNetwork
    private var adapters: [Program] = []
    static let names = ["payer", "payee"]

    init() throws {
        // Nobody but the adapters answers for the banks' accounts.
        network = try RunningNetwork(["--nodes", "1", "--clients", "0"], rules: "alice silent\nbob silent\n")
        let sides = [("payer", "alpha", "X", "alice", "PAYRDEFFXXX"), ("payee", "beta", "Y", "bob", "PAYEUS33XXX")]
        for (own, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            func currency(_ asset: String) -> String { "{ code: \(asset)\(asset)\(asset), asset: \(asset), digits: 0 }" }
            try write(
                """
                name: \(own.0)
                bic: \(own.4)
                chain: \(own.1)
                account: \(own.3)
                currency: \(currency(own.2))
                partners: [{ bic: \(other.4), chain: \(other.1), account: \(other.3), currency: \(currency(other.2)) }]
                customers: \(own.0)-customers.yaml
                """, "\(own.0).yaml")
            try write("accounts: [{ number: C-1, name: One, balance: 100000 }, { number: C-2, name: Two, balance: 0 }, { number: C-3, name: Three, balance: 0, state: closed }]\n", "\(own.0)-customers.yaml")
        }
    }

    private func write(_ text: String, _ name: String) throws { try text.write(toFile: "\(network.folder)/\(name)", atomically: true, encoding: .utf8) }

    func start() throws {
        adapters = try RunningBanks.names.map { name in
            try Program(["bank", "run", "--data", network.folder, "--bank", "\(network.folder)/\(name).yaml", "--in", "\(network.folder)/\(name)-in", "--out", "\(network.folder)/\(name)-out"])
        }
        #expect(Program.wait(seconds: 20) { adapters.allSatisfy { $0.errors.contains("waiting for files") } }, "\(adapters.map(\.errors))")
    }

    func kill() {
        for adapter in adapters { adapter.signal(SIGKILL) }
        for adapter in adapters { #expect(adapter.end(withinSeconds: 5) == 128 + SIGKILL, "\(adapter.errors)") }
    }

    func stop() {
        for adapter in adapters { adapter.signal(SIGTERM) }
        for adapter in adapters { #expect(adapter.end(withinSeconds: 10) == 0, "\(adapter.errors)") }
        adapters = []
    }

    deinit { for adapter in adapters where adapter.isRunning { adapter.signal(SIGKILL) } }

    /// A payment file of so many instructions, the fifth of each five to a closed account.
    func handIn(count: Int) throws {
        var instructions = ""
        for number in 1...count {
            instructions += """
                <CdtTrfTxInf><PmtId><EndToEndId>E-\(number)</EndToEndId></PmtId><Amt><EqvtAmt><Amt Ccy="XXX">\(1 + number % 7)</Amt><CcyOfTrf>YYY</CcyOfTrf></EqvtAmt></Amt>
                <CdtrAgt><FinInstnId><BICFI>PAYEUS33XXX</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><Othr><Id>\(number % 5 == 0 ? "C-3" : "C-2")</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>

                """
        }
        let text = """
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
            <GrpHdr><MsgId>KILL-1</MsgId><CreDtTm>2026-01-05T08:30:00Z</CreDtTm><NbOfTxs>\(count)</NbOfTxs><InitgPty/></GrpHdr>
            <PmtInf><PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-01-05</Dt></ReqdExctnDt><Dbtr/><DbtrAcct><Id><Othr><Id>C-1</Id></Othr></Id></DbtrAcct>
            <DbtrAgt><FinInstnId><BICFI>PAYRDEFFXXX</BICFI></FinInstnId></DbtrAgt>
            \(instructions)</PmtInf></CstmrCdtTrfInitn></Document>
            """
        try FileManager.default.createDirectory(atPath: "\(network.folder)/payer-in", withIntermediateDirectories: true)
        try text.write(toFile: "\(network.folder)/payer-in/batch.xml", atomically: true, encoding: .utf8)
    }

    struct Standing: Decodable {
        struct Message: Decodable {
            struct Instruction: Decodable { var end_to_end_id: String, status: String, code: String, ledger: String? }
            var status: String, final: Bool
            var instructions: [Instruction]
        }
        struct Credit: Decodable { var end_to_end_id: String, state: String }
        var messages: [Message]
        var credits: [Credit]
    }

    func standing(_ name: String) throws -> Standing {
        let (_, output, errors) = try Program.run(["bank", "status", "--data", network.folder, "--bank", "\(network.folder)/\(name).yaml", "--json"])
        guard !output.isEmpty else { throw RunningNetwork.Unready(said: errors) }
        return try JSONDecoder().decode(Standing.self, from: Data(output.utf8))
    }

    /// What an account owns on the chains, by asset.
    func owned(_ name: String) throws -> [String: UInt64] {
        struct Row: Decodable { var asset: String, amount: UInt64 }
        let (_, output, _) = try Program.run(["balance", name, "--data", network.folder, "--json"])
        return try JSONDecoder().decode([Row].self, from: Data(output.utf8)).reduce(into: [:]) { $0[$1.asset, default: 0] += $1.amount }
    }

    func finalReports() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(network.folder)/payer-out").filter { $0.hasSuffix("-final.xml") }
    }
}

extension RealProcesses {
    @Test("a bank's adapter that is killed again and again in the middle of a batch pays each instruction once, and answers each once")
    func killedAdapter() throws {
        let banks = try RunningBanks()
        let count = 200
        try banks.start()
        try banks.handIn(count: count)
        func settled() throws -> Int { try banks.standing("payer").messages.first?.instructions.filter { $0.status == "ACSC" }.count ?? 0 }
        var kills = 0
        for share in [1, 30, 60, 100] {
            #expect(try Program.wait(seconds: 60) { try settled() >= share }, "the batch does not go on")
            banks.kill()
            if try settled() < count * 4 / 5 { kills += 1 }
            try banks.start()
        }
        #expect(kills > 0, "the batch was over before the first kill")
        #expect(try Program.wait(seconds: 120) { try banks.finalReports().count == 1 }, "no final report")
        // A moment later the last credits are booked.
        #expect(try Program.wait(seconds: 20) { try banks.standing("payee").credits.filter { $0.state == "credited" }.count == count * 4 / 5 })
        try banks.handIn(count: count)
        #expect(Program.wait(seconds: 20) { !FileManager.default.fileExists(atPath: "\(banks.network.folder)/payer-in/batch.xml") })
        banks.stop()

        let payer = try banks.standing("payer")
        let instructions = try #require(payer.messages.first).instructions
        #expect(payer.messages.count == 1 && instructions.count == count)
        for (index, instruction) in instructions.enumerated() {
            let isClosed = (index + 1) % 5 == 0
            #expect(instruction.status == (isClosed ? "RJCT" : "ACSC") && instruction.code == (isClosed ? "AC04" : ""), "\(instruction)")
        }
        #expect(Set(instructions.compactMap(\.ledger)).count == count, "each was signed once, and once only")
        var paid: UInt64 = 0
        for number in 1...count where number % 5 != 0 { paid += UInt64(1 + number % 7) }
        #expect(try banks.owned("alice") == ["X": 100_000 - paid])
        #expect(try banks.owned("bob") == ["Y": 100_000 + paid * 10])
        let credits = try banks.standing("payee").credits
        #expect(credits.filter { $0.state == "credited" }.count == count * 4 / 5)
        #expect(Set(credits.map(\.end_to_end_id)).count == credits.count)
        try banks.network.stopAndAudit()
    }

    @Test("a closed system behind a folder is asked by files, and what it refuses comes back in its own words")
    func folderSystem() throws {
        let banks = try RunningBanks()
        let folder = "\(banks.network.folder)/core"
        let file = "\(banks.network.folder)/payee.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(of: "customers: payee-customers.yaml", with: "system_folder: core")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try banks.start()
        try banks.handIn(count: 10)
        // The closed system: it has two accounts, and books what it is told.
        struct Question: Decodable { var kind: String, reference: String, account: String, amount: UInt64, currency: String }
        var booked: [String: UInt64] = [:]
        func serve() throws {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/questions") where name.hasSuffix(".json") && !name.hasPrefix(".") {
                let question = try JSONDecoder().decode(Question.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/questions/\(name)")))
                #expect(name == "\(question.kind)-\(question.reference).json" && question.currency == "YYY")
                var answer = #"{"done": true}"#
                if question.kind == "may_credit", question.account == "C-3" { answer = #"{"refused": "blocked_account", "text": "frozen by a court"}"# }
                if question.kind == "credit" { booked[question.account, default: 0] += question.amount }
                try answer.write(toFile: "\(folder)/answers/\(name)", atomically: true, encoding: .utf8)
                try FileManager.default.removeItem(atPath: "\(folder)/questions/\(name)")
            }
        }
        #expect(try Program.wait(seconds: 60) { try serve(); return try banks.finalReports().count == 1 }, "no final report")
        #expect(try Program.wait(seconds: 20) { try serve(); return try banks.standing("payee").credits.filter { $0.state == "credited" }.count == 8 })
        banks.stop()
        let report = try String(contentsOfFile: "\(banks.network.folder)/payer-out/\(banks.finalReports()[0])", encoding: .utf8)
        #expect(report.contains("<Cd>AC06</Cd>") && report.contains("frozen by a court"), "\(report)")
        let paid = try banks.owned("bob")["Y"].map { $0 - 100_000 }
        #expect(booked == ["C-2": paid ?? 0])
        try banks.network.stopAndAudit()
    }

    @Test("what is wrong with a payment file is told with line, element and ISO's code, and nothing is kept of it")
    func checkedFile() throws {
        let banks = try RunningBanks()
        try banks.handIn(count: 3)
        let path = "\(banks.network.folder)/payer-in/batch.xml"
        let arguments = ["bank", "check", path, "--data", banks.network.folder, "--bank", "\(banks.network.folder)/payer.yaml"]
        #expect(try Program.run(arguments).code == 0)
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text = text.replacingOccurrences(of: "<Amt Ccy=\"XXX\">3</Amt>", with: "<Amt Ccy=\"XXX\">3.5</Amt>")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let (code, output, _) = try Program.run(arguments)
        #expect(code == 1)
        #expect(output.contains("CH20") && output.contains("line 7"), "\(output)")
        #expect(!FileManager.default.fileExists(atPath: "\(banks.network.folder)/banks"))
        let (other, _, errors) = try Program.run(["bank", "check", path, "--data", banks.network.folder, "--bank", "\(banks.network.folder)/nobody.yaml"])
        #expect(other == 78 && errors.contains("nobody.yaml"), "\(errors)")
        let paid = try Program.run(
            ["bank", "pay", path, "--data", banks.network.folder, "--bank", "\(banks.network.folder)/payer.yaml", "--out", "\(banks.network.folder)/payer-out", "--wait", "2"])
        #expect(paid.code == 2, "nobody answers for the payee's bank: \(paid.output) \(paid.errors)")
    }
}
