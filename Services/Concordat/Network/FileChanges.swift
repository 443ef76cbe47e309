import Foundation
import Runtime

/// Says when the files that describe a network have changed: network.yaml, and those of chains that joined.
struct FileChanges {
    private let folder: NetworkFolder
    private var seen: [String: Date]

    init(_ folder: NetworkFolder) {
        self.folder = folder
        seen = FileChanges.dates(folder)
    }

    /// Whether a file was written, came or went since the last look.
    mutating func look() -> Bool {
        let dates = FileChanges.dates(folder)
        defer { seen = dates }
        return dates != seen
    }

    private static func dates(_ folder: NetworkFolder) -> [String: Date] {
        let joined = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/joined")) ?? []
        var dates: [String: Date] = [:]
        for path in [folder.networkFile] + joined.map({ "\(folder.path)/joined/\($0)" }) {
            dates[path] = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        }
        return dates
    }
}
