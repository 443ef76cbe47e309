import Foundation

/// Asks over HTTP as clients do.
enum Curl {
    /// The status, and the body.
    static func ask(_ url: String, _ options: [String] = []) throws -> (status: Int, body: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "-s", "-m", "15", "-w", "\n%{http_code}"] + options + [url]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        try pipe.fileHandleForReading.close()
        process.waitUntilExit()
        let end = data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex
        return (Int(String(decoding: data[end...].dropFirst(), as: UTF8.self)) ?? 0, Data(data[..<end]))
    }
}
