import Cryptography
import Foundation
import Testing

/// `golden.txt`, which comes from `golden.py`: that knows the schema and docs/protocol.md and none of this project's code.
struct GoldenFile {
    /// Name → bytes.
    let lines: [String: [UInt8]]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("golden.txt")
        var lines: [String: [UInt8]] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            let bytes: [UInt8] = try #require(Hexadecimal.decode(parts[1]), "\(parts[0]) is hexadecimal")
            lines[parts[0]] = bytes
        }
        self.lines = lines
    }

    /// Bytes of this project's own are those of the file.
    func check(_ name: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        let expected = lines[name].map(Hexadecimal.encode)
        #expect(Hexadecimal.encode(bytes) == expected, "\(name)", sourceLocation: sourceLocation)
    }

    /// What the file has under a name.
    func bytes(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        try #require(lines[name], "golden.txt has a line \(name)", sourceLocation: sourceLocation)
    }
}
