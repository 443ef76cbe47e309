import Foundation
import Testing

import Wire

/// The tables of docs/protocol.md, the catalogue and the schema say the same.
@Suite struct CatalogueTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8).components(separatedBy: "\n")
    }

    /// Rows of the table whose heading begins with these columns.
    private func table(_ columns: [String]) throws -> [[String]] {
        let heading = "| " + columns.joined(separator: " | ") + " |"
        let document = try lines("docs/protocol.md")
        let start = try #require(document.firstIndex(of: heading), "docs/protocol.md has a table headed \(heading)")
        return document[(start + 2)...].prefix { $0.hasPrefix("|") }.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "") }
        }
    }

    /// Fields of one message of the schema: number, type, name, comment.
    private func fields(of message: String) throws -> [(number: Int, type: String, name: String, comment: String)] {
        let schema = try lines("Shared/Wire/proto/messages.proto")
        let start = try #require(schema.firstIndex { $0.hasPrefix("message \(message) {") })
        return schema[(start + 1)...].prefix { $0 != "}" }.compactMap { line in
            let parts = line.components(separatedBy: "//")
            let words = parts[0].split(whereSeparator: { " ;=".contains($0) }).map(String.init)
            guard parts.count == 2, words.count == 3, let number = Int(words[2]), number >= 10 else { return nil }
            return (number, words[0], words[1], parts[1].trimmingCharacters(in: .whitespaces))
        }
    }

    private func topic(_ pattern: String) -> Topic? { Topic(name: pattern.replacingOccurrences(of: ".C", with: ".alpha")) }

    @Test("the table of topics names every topic of the catalogue with its ends, and nothing else")
    func topics() throws {
        let rows = try table(["topic", "message", "from", "to"])
        var documented: [String: [String]] = [:]
        for row in rows { documented[row[0]] = [row[2], row[3]] }
        var catalogue: [String: [String]] = [:]
        for line in try lines("Shared/Wire/Catalogue.swift") {
            guard let comment = line.components(separatedBy: "    /// ").last, line.hasPrefix("    /// "),
                let colon = comment.range(of: ": "), comment.contains(" → ") || comment.contains(" ↔ ")
            else { continue }
            let ends = comment[colon.upperBound...].replacingOccurrences(of: " ↔ ", with: " → ").components(separatedBy: " → ")
            catalogue[String(comment[..<colon.lowerBound])] = ends
        }
        #expect(documented == catalogue)
        let alpha = ChainID("alpha")!
        let every: [Topic] = [
            .transactions(alpha), .candidate(alpha), .certification(alpha), .vote(alpha), .final(alpha), .leg(alpha), .confirm(alpha),
            .branch(alpha), .lead(alpha), .recorded(alpha), .notaryHeader, .joined, .evidence, .handover, .election, .alarm, .beat,
        ]
        #expect(Set(rows.map { topic($0[0]) }) == Set(every))
        for each in every { #expect(Topic(name: each.name) == each) }
    }

    @Test("the table of topics carries each message on the topics that the schema says")
    func messages() throws {
        var documented: [String: Set<String>] = [:]
        for row in try table(["topic", "message", "from", "to"]) {
            for message in row[1].components(separatedBy: ", ") { documented[message, default: []].insert(row[0]) }
        }
        var schema: [String: Set<String>] = [:]
        for field in try fields(of: "Published") where field.name != "record" {
            schema[field.type] = Set(field.comment.components(separatedBy: ", "))
        }
        #expect(documented == schema)
    }

    @Test("a record is published by nobody: the notary chain's blocks carry them")
    func record() throws {
        let examples = GoldenExamples()
        // Field 25 with an empty message.
        #expect(throws: WireFault(.invalid, "Published.record")) { try Message(decoding: [0xca, 0x01, 0x00], network: examples.network) }
    }

    @Test("the table of requests names every request with its services and its answer")
    func requests() throws {
        var answers: [String: String] = [:]
        for field in try fields(of: "Response") where field.comment.hasPrefix("to ") && field.name != "failure" {
            for request in field.comment.dropFirst(3).components(separatedBy: " and ") { answers[request] = field.type }
        }
        let schema = try fields(of: "Request").map { [$0.type, $0.comment, answers[$0.name] ?? "none"] }
        #expect(try table(["request", "service", "answer"]) == schema)
    }

    @Test("the table of reasons lists every reason with its number")
    func reasons() throws {
        let documented = try table(["number", "reason", "meaning"]).map { [$0[0], $0[1]] }
        #expect(documented == Reason.allCases.map { ["\($0.rawValue)", $0.code] })
    }

    @Test("role addresses and topic names are read as they are written")
    func addresses() throws {
        let address = RoleAddress(role: .collector, chain: ChainID("alpha")!, node: "alpha-1", replica: 2)
        #expect(address.description == "collector.alpha@alpha-1/2")
        #expect(RoleAddress(address.description) == address)
        #expect(address.services == ["collector.alpha", "collector.alpha@alpha-1"])
        for text in ["collector.alpha", "collector@alpha-1/1", "cook.alpha@alpha-1/1", "collector.alpha@/1", "collector.alpha@alpha-1/0", ""] {
            #expect(RoleAddress(text) == nil, "\(text)")
        }
        for text in ["tx", "tx.", "tx.Alpha", "unknown.alpha", ""] { #expect(Topic(name: text) == nil, "\(text)") }
    }
}
