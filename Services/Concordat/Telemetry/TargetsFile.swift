import Foundation
import Runtime

/// `run/targets.json`: where every process of a network shows its metrics, in the form that Prometheus reads (`file_sd`).
///
/// Each process writes its own entry, also when it is started again or by hand; one that has died stays in it, so that
/// Prometheus sees it down.
struct TargetsFile {
    struct Target: Codable {
        var targets: [String]
        var labels: [String: String]

        /// Name of the process.
        var instance: String { labels["instance"] ?? "" }
        var address: String { targets.first ?? "" }
    }

    let path: String
    private var lockPath: String { path + ".lock" }

    init(_ folder: NetworkFolder) { path = folder.targetsFile }

    /// Entries in the order of names; empty when there are none.
    func read() -> [Target] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return (try? JSONDecoder().decode([Target].self, from: data)) ?? []
    }

    /// Writes the entry of one process, in place of an earlier one of the same name.
    func register(_ name: String, address: String, network: String) throws {
        try change { targets in
            targets.removeAll { $0.instance == name }
            targets.append(Target(targets: [address], labels: ["instance": name, "network": network]))
        }
    }

    /// Takes the entry of one process away, unless another one of its name has taken its place.
    func remove(_ name: String, address: String) throws { try change { $0.removeAll { $0.instance == name && $0.address == address } } }

    /// Forgets every process: none runs.
    func clear() throws { try change { $0 = [] } }

    private func change(_ body: (inout [Target]) -> Void) throws {
        try OutputFolder.make(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.failed, "\(lockPath): \(String(cString: strerror(errno)))", "Check the owner and mode of the folder.") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        var targets = read()
        body(&targets)
        targets.sort { $0.instance < $1.instance }
        // Whoever reads meanwhile sees the old file or the new one, whole.
        let fresh = path + ".new"
        try OutputFolder.write(JSONText.pretty(targets) + "\n", to: fresh)
        guard rename(fresh, path) == 0 else { throw Failure(.failed, "\(path): \(String(cString: strerror(errno)))", "Check the owner and mode of the folder.") }
    }
}
