import Foundation

/// The project's own Swift files, read once.
struct SourceTree {
    struct File {
        /// From the project's folder.
        var path: String
        var lines: [String]

        /// Name without what follows a plus sign: `BlockTree+Trial.swift` belongs to `BlockTree`.
        var family: String {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return folder + "/" + (name.split { $0 == "+" || $0 == "." }.first.map(String.init) ?? name)
        }

        var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

        /// Lines without comments and the contents of string literals, with their numbers.
        var code: [(number: Int, text: String)] {
            lines.enumerated().map { ($0 + 1, File.stripped($1)) }
        }

        private static func stripped(_ line: String) -> String {
            var text = ""
            var isString = false
            var previous: Character = " "
            for character in line {
                if character == "\"", previous != "\\" { isString.toggle() }
                if !isString, character == "/", previous == "/" { return String(text.dropLast()) }
                if !isString { text.append(character) }
                previous = character
            }
            return text
        }
    }

    let files: [File]

    /// The project's folder.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    init() throws {
        var files: [File] = []
        for folder in ["Shared", "Services", "Tests"] {
            let found = FileManager.default.enumerator(at: SourceTree.root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
            while let url = found?.nextObject() as? URL {
                guard url.pathExtension == "swift", !url.path.contains("/Generated/") else { continue }
                let text = try String(contentsOf: url, encoding: .utf8)
                files.append(
                    File(
                        path: String(url.path.dropFirst(SourceTree.root.path.count + 1)),
                        lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)))
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// Files that must be pure: what the simulator runs.
    var pure: [File] {
        let shared = ["Shared/Determinism/", "Shared/Ledger/", "Shared/Chain/", "Shared/RoleKit/", "Shared/Wire/"]
        return files.filter { file in
            file.path.hasPrefix("Services/") && file.path.contains("/Core/") || shared.contains { file.path.hasPrefix($0) }
        }
    }
}
