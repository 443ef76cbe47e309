import Foundation
import Testing

@Suite("The shape of the code")
struct ShapeTests {
    let tree: SourceTree

    init() throws { tree = try SourceTree() }

    @Test("one concept a file: none is longer than 400 lines")
    func fileLength() {
        #expect(!tree.files.isEmpty)
        for file in tree.files { #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines") }
    }

    @Test("no function is longer than 70 lines")
    func functionLength() throws {
        let start = try Regex(#"^( *)(?:[\w@()]+ )*(?:func|init)\b.*\{$"#)
        for file in tree.files {
            var open: (indent: String, line: Int)?
            for (index, line) in file.lines.enumerated() {
                if open == nil, let match = line.firstMatch(of: start), let indent = match.output[1].substring {
                    open = (String(indent), index)
                } else if let current = open, line == current.indent + "}" {
                    #expect(index - current.line <= 70, "\(file.path):\(current.line + 1) is \(index - current.line) lines long")
                    open = nil
                }
            }
        }
    }

    @Test("nothing is left unfinished, and no test is switched off")
    func nothingUnfinished() throws {
        // Spelled in pieces, so that this file does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK", "not " + "implemented", "for " + "now"]
        let switches = [".dis" + "abled(", "XCT" + "Skip", "withKnown" + "Issue"]
        for file in tree.files {
            for (index, line) in file.lines.enumerated() {
                for word in words { #expect(!line.contains(word), "\(file.path):\(index + 1) says \(word)") }
                for word in switches where file.path.hasPrefix("Tests/") {
                    #expect(!line.contains(word), "\(file.path):\(index + 1) switches a test off")
                }
            }
        }
    }

    @Test("every type and function that other targets use says what it is for")
    func documented() throws {
        let declaration = try Regex(#"^ *package (?:static |mutating |final |indirect |nonisolated )*(?:struct|enum|class|protocol|func|typealias) (\w+)"#)
        // What these do is said where they are required.
        let required: Set<String> = ["apply", "hash", "next", "encode", "run", "validate"]
        for file in tree.files where !file.path.hasPrefix("Tests/") {
            for (index, line) in file.lines.enumerated() {
                guard let match = line.firstMatch(of: declaration), let name = match.output[1].substring, !required.contains(String(name)) else { continue }
                var above = index - 1
                while above >= 0, file.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
                #expect(
                    above >= 0 && file.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("///"),
                    "\(file.path):\(index + 1) has no comment: \(line.trimmingCharacters(in: .whitespaces))")
            }
        }
    }
}
