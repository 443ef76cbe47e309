import BankCore
import Foundation

/// An existing system behind a folder: a question is a file in `questions`, its answer a file of the same name in `answers`.
///
/// Both are written under another name first and then renamed, so that nobody reads half a file. The name is `KIND-REFERENCE.json`.
package final class FolderSystem: BankSystem {
    /// What stands in an answer's file.
    private struct Answer: Decodable {
        var done: Bool?
        var refused: BankRefusal?
        var text: String?
    }

    private let folder: String
    private var asked: Set<String> = []

    package init(_ folder: String) throws {
        self.folder = folder
        for name in ["questions", "answers"] { try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true) }
    }

    /// As `BankSystem` asks for it.
    package func answer(_ question: BankQuestion) throws -> BankAnswer? {
        let name = "\(question.kind.rawValue)-\(question.reference).json"
        if let bytes = try read("\(folder)/answers/\(name)") { return try FolderSystem.parse(bytes, name) }
        // Once each run: the file stays until the system takes it away.
        if asked.insert(name).inserted {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try OutboxFile.write([UInt8](encoder.encode(question)), to: "\(folder)/questions/\(name)")
        }
        return nil
    }

    private func read(_ path: String) throws -> [UInt8]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: BankLimits.answerBytes + 1) ?? Data()
        guard data.count <= BankLimits.answerBytes else { throw BankFault("\(path) is larger than any answer", "Mend what writes the answers.") }
        return [UInt8](data)
    }

    /// Reads an answer: `{"done": true}`, or `{"refused": "closed_account", "text": "closed in March"}`.
    static func parse(_ bytes: [UInt8], _ name: String) throws -> BankAnswer {
        let advice = "Write {\"done\": true}, or {\"refused\": \"KIND\", \"text\": \"WORDS\"}; kinds: \(BankRefusal.allCases.map(\.rawValue).joined(separator: ", "))."
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)) else { throw BankFault("answers/\(name) is no answer", advice) }
        if let refused = answer.refused, answer.done != true {
            guard !name.hasPrefix("settle"), !name.hasPrefix("release"), !name.hasPrefix("credit") else {
                throw BankFault("answers/\(name) refuses what has happened already", "Book it, on a suspense account if need be, and write {\"done\": true}.")
            }
            return .refused(refused, String((answer.text ?? refused.rawValue).prefix(200)))
        }
        guard answer.done == true else { throw BankFault("answers/\(name) says neither done nor refused", advice) }
        return .done
    }
}

/// Files that others fetch: whole, or not there.
package enum OutboxFile {
    /// Writes under a name that nobody looks for, brings it to disk, then renames.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let part = "\(folder.isEmpty ? "." : folder)/.\(name).part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw fault(path) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { close(descriptor) }
                throw fault(path)
            }
            rest = rest.dropFirst(count)
        }
        let isSynced = fsync(descriptor) == 0
        close(descriptor)
        guard isSynced, rename(part, path) == 0 else { throw fault(path) }
    }

    private static func fault(_ path: String) -> BankFault {
        BankFault("\(path) cannot be written: \(String(cString: strerror(errno)))", "Check the folder's owner, mode and free space; nothing is lost, it is tried again.")
    }
}
