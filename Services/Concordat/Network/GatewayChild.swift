import Foundation
import Runtime

/// The gateway of a network that `up` runs: a process of its own, started again when it has died, so that the page can harm nothing.
final class GatewayChild {
    private let folder: NetworkFolder
    /// Where it listens; once it does, with the port that it found free.
    private var address: String
    private let options: [String]
    private var process: Process?
    private var startedAt = Date()
    /// It reads from it, and ends when this process does.
    private let lifeline = Pipe()

    private static let readySeconds = 15.0
    private static let pauseSeconds = 5.0

    /// - Parameter address: where it listens, ADDRESS:PORT.
    init(_ folder: NetworkFolder, address: String, options: [String]) {
        self.folder = folder
        self.address = address
        self.options = options
    }

    /// Starts it, and waits until it takes requests.
    ///
    /// - Returns: where its page is.
    func start() throws -> String {
        let output = Pipe()
        try launch(output: output)
        let deadline = Date().addingTimeInterval(GatewayChild.readySeconds)
        var text = ""
        let descriptor = output.fileHandleForReading.fileDescriptor
        while !text.contains("\n"), Date() < deadline {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 200) > 0 else { continue }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            text += String(decoding: more, as: UTF8.self)
        }
        struct Place: Decodable { var url: String }
        guard let place = try? JSONDecoder().decode(Place.self, from: Data(text.utf8)) else {
            stop()
            let log = (try? String(contentsOfFile: folder.log(of: "gateway"), encoding: .utf8)) ?? ""
            let last = log.split(separator: "\n").last { $0.hasPrefix("Error: ") }.map { String($0.dropFirst("Error: ".count)) }
            throw Failure(.failed, last ?? "the gateway did not start within \(Int(GatewayChild.readySeconds)) s", "See \(folder.log(of: "gateway")); name another place with --gateway, port 0 takes one that is free.")
        }
        // Started again, it is to be found where it was.
        if place.url.hasPrefix("http://") { address = String(place.url.dropFirst("http://".count)) }
        try? place.url.write(toFile: GatewayChild.pageFile(folder), atomically: true, encoding: .utf8)
        return place.url
    }

    /// Where the page is, for who starts a network in the background.
    static func pageFile(_ folder: NetworkFolder) -> String { "\(folder.path)/run/page" }

    private func launch(output: Pipe?) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["gateway", "--data", folder.path, "--listen", address, "--supervised", "--json"] + options
        let log = folder.log(of: "gateway")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardInput = lifeline.fileHandleForReading
        if let output { process.standardOutput = output } else { process.standardOutput = FileHandle.nullDevice }
        let handle = FileHandle(forWritingAtPath: log)
        process.standardError = handle
        // The child has its own by then; each start would leave a file open (see Supervisor).
        defer { try? handle?.close() }
        startedAt = Date()
        try process.begin()
        self.process = process
    }

    /// Starts it again when it has died; call it every second or so.
    func look(report: (String) -> Void) {
        guard let process, !process.isRunning, Date().timeIntervalSince(startedAt) > GatewayChild.pauseSeconds else { return }
        report("the gateway ended with \(process.terminationStatus); starting it again")
        do {
            try launch(output: nil)
        } catch {
            report("the gateway cannot be started: \(Failure(error).problem)")
        }
    }

    /// Ends it.
    func stop() {
        try? FileManager.default.removeItem(atPath: GatewayChild.pageFile(folder))
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}
