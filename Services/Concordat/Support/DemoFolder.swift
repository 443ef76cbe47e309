import Foundation
import Runtime

/// The folder of a demo's results: an earlier demo's is emptied of what a demo writes, nobody else's is touched.
enum DemoFolder {
    /// Tells a demo's folder from others.
    static let marker = ".concordat-demo"
    /// Everything that a demo writes.
    private static let contents = ["network", "receipts", "report.json", "results.csv", "results.json", "orders.json", "euro", "dollar"]

    /// Makes the folder ready for a run.
    /// - Throws: why it must not be used.
    static func prepare(_ path: String) throws {
        let manager = FileManager.default
        var isFolder = ObjCBool(false)
        if manager.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw Failure(.configuration, "\(path) is a file", "Name a folder with --out.") }
            try empty(path, manager)
        }
        try OutputFolder.make(path)
        try OutputFolder.write("A folder of concordat demo; the next one replaces its contents.\n", to: "\(path)/\(marker)")
    }

    private static func empty(_ path: String, _ manager: FileManager) throws {
        guard let entries = try? manager.contentsOfDirectory(atPath: path) else {
            throw Failure(.configuration, "the folder \(path) cannot be read", "Name another folder with --out.")
        }
        guard !entries.isEmpty else { return }
        let isOurs = entries.contains(marker) || Set(entries).isSuperset(of: ["network", "report.json", "results.csv"])
        guard isOurs else {
            throw Failure(.configuration, "the folder \(path) holds something that no demo wrote", "Name a new folder with --out, or empty this one yourself.")
        }
        if let holder = FolderLock.holder(NetworkFolder("\(path)/network").lockFile) {
            throw Failure(.configuration, "the network of a demo in \(path) still runs (process \(holder))", "Wait for it, stop it, or name another folder with --out.")
        }
        for entry in contents where entries.contains(entry) {
            do {
                try manager.removeItem(atPath: "\(path)/\(entry)")
            } catch {
                throw Failure(.configuration, "\(path)/\(entry) of an earlier demo cannot be removed", "Check its owner and mode, or name another folder with --out.")
            }
        }
    }
}
