import BankCore
import Determinism
import Foundation
import Runtime

/// The folder into which payment files are put, and out of which they are taken once they are in the journal.
final class InboxFolder {
    private let path: String
    private var seen: [String: (size: UInt64, modified: Date)] = [:]
    /// Files that could not be taken, as they were then.
    private var left: [String: (size: UInt64, modified: Date)] = [:]
    private var dueMilliseconds: UInt64 = 0

    private static let pauseMilliseconds: UInt64 = 200
    private static let filesAtOnce = 16

    init(_ path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: "\(path)/taken", withIntermediateDirectories: true)
    }

    /// Names of files that have come and no longer grow, in order of their names.
    func arrived() throws -> [String] {
        let now = BusClock.now().monotonicMilliseconds
        guard now >= dueMilliseconds else { return [] }
        dueMilliseconds = now + InboxFolder.pauseMilliseconds
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".xml") && !$0.hasPrefix(".") }.sorted()
        var present: [String: (size: UInt64, modified: Date)] = [:]
        var arrived: [String] = []
        for name in names {
            guard let facts = try? manager.attributesOfItem(atPath: "\(path)/\(name)"), facts[.type] as? FileAttributeType == .typeRegular else { continue }
            let now = (size: (facts[.size] as? NSNumber)?.uint64Value ?? 0, modified: facts[.modificationDate] as? Date ?? .distantPast)
            present[name] = now
            // Seen before, and the same since: whoever writes it is done.
            if let before = seen[name], before == now, left[name].map({ $0 != now }) ?? true, arrived.count < InboxFolder.filesAtOnce { arrived.append(name) }
        }
        seen = present
        left = left.filter { present[$0.key] != nil }
        return arrived
    }

    /// Does not offer a file again before it has changed.
    func leave(_ name: String) { left[name] = seen[name] }

    func read(_ name: String) throws -> [UInt8] { try InboxFolder.bytes(of: "\(path)/\(name)") }

    /// A file's bytes, one more than allowed at most: the reader refuses that.
    static func bytes(of path: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw BankFault("\(path) cannot be opened: \(String(cString: strerror(errno)))", "Check the file's name, owner and mode.")
        }
        defer { try? handle.close() }
        return [UInt8](try handle.read(upToCount: BankLimits.fileBytes + 1) ?? Data())
    }

    /// Puts a file that is in the journal out of the way.
    func done(_ name: String) throws {
        seen[name] = nil
        guard rename("\(path)/\(name)", "\(path)/taken/\(name)") == 0 || errno == ENOENT else {
            throw BankFault("\(path)/\(name) cannot be moved to \(path)/taken: \(String(cString: strerror(errno)))", "Check the folder's owner and mode.")
        }
    }
}

extension InitiationFile {
    /// A payment file's bytes.
    package static func bytes(of path: String) throws -> [UInt8] { try InboxFolder.bytes(of: path) }
}
