import Cryptography
import Runtime
import WalletCore
import Wire

extension Door {
    /// What people write.
    static let texts: [Door] = [
        text("address", takeAddress),
        text("transport-key") { text in
            guard let key = try? TransportKey(text) else { return false }
            try demand(key.text == text, "a transport key is not what was read")
            return true
        },
        text("hexadecimal") { text in
            guard let bytes = Hexadecimal.decode(text) else { return false }
            try demand(Hexadecimal.encode(bytes) == text.lowercased(), "hexadecimal digits are not what was read")
            return true
        },
        text("names", takeNames),
        Door("payments", longest: 8_192, takePayments),
        Door("bridge-orders", longest: 8_192, takeBridgeOrders),
        text("agent-rules", takeRules),
    ]

    static func text(_ name: String, longest: Int = 4_096, _ body: @escaping @Sendable (String) throws -> Bool) -> Door {
        // Files are read as UTF-8 or refused, and so are the strings of protocol buffers.
        Door(name, longest: longest) { bytes in try String(validating: bytes, as: UTF8.self).map(body) ?? false }
    }

    private static func takeAddress(_ text: String) throws -> Bool {
        if let content = try? Bech32m.decode(text) {
            try demand(Bech32m.encode(content) == text.lowercased(), "a bech32m text is not what was read")
            if let bytes = try? Bech32m.bytes(of: content.groups) {
                try demand(Bech32m.encode(prefix: content.prefix, bytes: bytes) == text.lowercased(), "its bytes give another text")
            }
        }
        guard let address = try? Address(text) else { return false }
        try demand(address.text == text.lowercased(), "an address is not what was read")
        return true
    }

    private static func takeNames(_ text: String) throws -> Bool {
        var isTaken = false
        func comesBack(_ written: String?) throws {
            guard let written else { return }
            try demand(written == text, "two texts name one thing: \(text) and \(written)")
            isTaken = true
        }
        try comesBack(ChainID(text)?.description)
        try comesBack(AssetID(text)?.description)
        try comesBack(RoleAddress(text)?.description)
        try comesBack(Topic(name: text)?.name)
        try comesBack(MemberRole(text)?.description)
        try comesBack(Reason(code: text)?.code)
        let pattern = BusPattern(text)
        try demand(pattern.matches(text) || text.hasSuffix("*"), "a name is not meant by its own pattern")
        return isTaken
    }

    private static func quoted(_ cell: String) -> String {
        "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A file of a peg's orders, and the same orders written anew.
    private static func takeBridgeOrders(_ bytes: [UInt8]) throws -> Bool {
        let file = BridgeFile(bytes)
        guard !file.lines.isEmpty else { return false }
        let rows = file.lines.map { line in [line.id, line.peg, line.from, line.to, "\(line.amount)", line.memo].map(quoted).joined(separator: ",") }
        let again = BridgeFile(Array(([BridgeFile.columns.joined(separator: ",")] + rows).joined(separator: "\n").utf8))
        func unnumbered(_ line: BridgeFile.Line) -> BridgeFile.Line {
            BridgeFile.Line(number: 0, id: line.id, peg: line.peg, from: line.from, to: line.to, amount: line.amount, memo: line.memo)
        }
        try demand(again.lines.map(unnumbered) == file.lines.map(unnumbered), "orders written anew are other orders")
        try demand(Set(file.lines.map(\.id)).count == file.lines.count, "one id orders twice")
        return true
    }

    /// A file of payments, and the same payments written anew.
    private static func takePayments(_ bytes: [UInt8]) throws -> Bool {
        let file = PaymentFile(bytes)
        guard !file.lines.isEmpty else { return false }
        let rows = file.lines.map { line in
            [
                line.id, line.from, line.to, line.asset.description, "\(line.amount)", line.deadlineSeconds.map { "\($0)" } ?? "", line.memo,
            ].map(quoted).joined(separator: ",")
        }
        let again = PaymentFile(Array(([PaymentFile.columns.joined(separator: ",")] + rows).joined(separator: "\n").utf8))
        func unnumbered(_ lines: [PaymentFile.Line]) -> [PaymentFile.Line] {
            lines.map { line in
                var line = line
                line.number = 0
                return line
            }
        }
        try demand(unnumbered(again.lines) == unnumbered(file.lines), "payments written anew are other payments")
        try demand(Set(file.lines.map(\.id)).count == file.lines.count, "one id pays twice")
        return true
    }

    private static func takeRules(_ text: String) throws -> Bool {
        let key = Stage.cast.people[0].publicKey
        guard let rules = try? AgentRules.parse(text, account: { $0 == "client-01" ? key : nil }) else { return false }
        let again = try rules.map { rule in
            let name = rule.receiver == nil ? "*" : "client-01"
            return switch rule.action {
            case .confirm: "\(name) confirm"
            case .silent: "\(name) silent"
            case .refuse(let reason): "\(name) refuse \(reason)"
            case .ask: throw Broken("no rule's text says ask")
            }
        }
        let read = try? AgentRules.parse(again.joined(separator: "\n"), account: { $0 == "client-01" ? key : nil })
        try demand(read == rules, "rules written anew are other rules")
        return !rules.isEmpty
    }
}
