import Foundation

extension Process {
    /// Open files with which another process may be started. From 1,365 on `run` reads beyond its list of them
    /// (swift-corelibs-foundation, pull 5472), and this process would end without a word.
    private static let openFiles = 1_200

    /// Starts it, unless too many files are open here.
    func begin() throws {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        guard open < Process.openFiles else {
            throw Failure(
                .failed, "this process has \(open) files open, and with \(Process.openFiles) or more it cannot start another",
                "Run the network without --in-process, the gateway by itself (concordat gateway), or close what the shell has left open.")
        }
        try run()
    }
}
