import Foundation

extension Process {
    /// Open files with which another process may be started. From 1,365 on `run` reads beyond its list of them
    /// (swift-corelibs-foundation, pull 5472), and this process would end without a word.
    private static let openFiles = 1_200
    /// Files that a start takes. Where there are fewer left, `run` fails halfway and never hears of an end again, of any process.
    private static let neededFiles = 16

    /// Starts it, unless too many files are open here.
    func begin() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let allowed = Int(clamping: limit.rlim_cur)
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? allowed
        guard open < min(Process.openFiles, allowed - Process.neededFiles) else {
            throw Failure(
                .failed, "this process has \(open) files open, too many to start another",
                "Run the network without --in-process, the gateway by itself (concordat gateway), close what the shell has left open, or raise the limit (ulimit -n).")
        }
        do {
            try run()
        } catch let error as CocoaError {
            let reason = (error.underlying as? POSIXError).map { ": \(String(cString: strerror($0.code.rawValue)))" } ?? ""
            throw Failure(
                .failed, "the system does not start another process\(reason)",
                "Look at its limits of processes and memory (ulimit -a; a unit's TasksMax, a container's pids and memory).")
        }
    }
}
