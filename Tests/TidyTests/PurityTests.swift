import Foundation
import Testing

@Suite("Pure cores")
struct PurityTests {
    let tree: SourceTree

    init() throws { tree = try SourceTree() }

    @Test("import nothing that can reach a clock, a disk, a socket or a thread")
    func imports() {
        let allowed: Set<String> = [
            "Chain", "Cryptography", "Determinism", "Ledger", "RoleKit", "Schema", "Wire", "DequeModule", "HeapModule", "OrderedCollections", "SwiftProtobuf",
            "Histogram", "WalletCore",
        ]
        // The schema's code needs swift-protobuf, which uses FoundationEssentials for its Data alone.
        let schemaAllowed: Set<String> = ["FoundationEssentials"]
        for file in tree.pure {
            for (number, text) in file.code where text.contains("import ") {
                let words = text.split(separator: " ").map(String.init)
                guard let index = words.firstIndex(of: "import"), index + 1 < words.count, !text.contains("func ") else { continue }
                let name = words[index + 1]
                let isAllowed = allowed.contains(name) || file.path.hasPrefix("Shared/Wire/") && schemaAllowed.contains(name)
                #expect(isAllowed, "\(file.path):\(number) imports \(name)")
            }
        }
    }

    @Test("name no clock, no chance, no concurrency and no output")
    func words() throws {
        let banned = [
            #"\bDate\("#, #"\bTask\b"#, #"\basync\b"#, #"\bawait\b"#, #"\bContinuousClock\b"#, #"\bSuspendingClock\b"#, #"\bDispatch\w+\b"#,
            #"\.random\("#, #"\.randomElement\("#, #"\.shuffled\("#, #"\.shuffle\("#, #"\bSystemRandomNumberGenerator\b"#, #"\bprint\("#,
            #"\bgetenv\("#, #"\bhashValue\b"#,
        ].joined(separator: "|")
        let pattern = try Regex(banned)
        for file in tree.pure {
            for (number, text) in file.code {
                #expect(text.firstMatch(of: pattern) == nil, "\(file.path):\(number): \(text.trimmingCharacters(in: .whitespaces))")
            }
        }
    }

    @Test("iterate over no Set and no Dictionary, whose order differs from run to run")
    func iteration() throws {
        let declaration = try Regex(#"(?:var|let) (\w+)(?:: (?:\[[^\[\](]+: .+|Set<.*)| = (?:Set<|\[[A-Z]\w*: ))"#)
        var names: [String: Set<String>] = [:]
        for file in tree.pure {
            for (_, text) in file.code {
                // Four spaces: a stored property, not a local value.
                guard text.hasPrefix("    "), let match = text.firstMatch(of: declaration), let name = match.output[1].substring else { continue }
                names[file.family, default: []].insert(String(name))
            }
        }
        for file in tree.pure {
            for name in (names[file.family] ?? []).sorted() {
                let use = try Regex(
                    #"\bin (?:\w+\.)*\#(name)(?:\.(?:keys|values))?(?: where .*)? *\{|(?:^|[^.\w])(?:self\.|\w+\.)?\#(name)\.(?:map|compactMap|forEach|flatMap|reduce|first|min|max|lazy|enumerated|popFirst|prefix|joined)\b|\b\#(name)\.(?:keys|values)\.(?:map|compactMap|forEach|flatMap|first|lazy|enumerated|prefix)\b"#)
                for (number, text) in file.code {
                    #expect(text.firstMatch(of: use) == nil, "\(file.path):\(number): \(text.trimmingCharacters(in: .whitespaces))")
                }
            }
        }
    }
}
