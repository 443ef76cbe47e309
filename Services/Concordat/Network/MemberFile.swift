import Cryptography
import Foundation
import Runtime
import Wire

/// Changes who is listed in a network's files, line by line: everything else in them, remarks included, stays as it is.
struct MemberFile {
    private let folder: NetworkFolder
    private let configuration: NetworkConfiguration

    init(_ folder: NetworkFolder, _ configuration: NetworkConfiguration) {
        self.folder = folder
        self.configuration = configuration
    }

    /// Lists a new member, last of all.
    func add(_ member: MemberDescription) throws {
        var wanted = configuration.members
        wanted.append(member)
        try change(folder.networkFile, to: wanted) { lines in
            guard let head = lines.firstIndex(of: "members:") else { return false }
            let end = lines[(head + 1)...].firstIndex { !$0.isEmpty && !$0.hasPrefix(" ") && !$0.hasPrefix("#") } ?? lines.endIndex
            let last = lines[..<end].lastIndex { !$0.trimmingCharacters(in: .whitespaces).isEmpty } ?? head
            lines.insert(MemberFile.line(member), at: last + 1)
            return true
        }
    }

    /// Strikes a member out, or gives it another key.
    func replace(_ name: String, by member: MemberDescription?) throws {
        let wanted = configuration.members.compactMap { $0.name == name ? member : $0 }
        for file in files where try text(file).split(separator: "\n").contains(where: { MemberFile.isLine(String($0), of: name) }) {
            return try change(file, to: wanted) { lines in
                guard let place = lines.firstIndex(where: { MemberFile.isLine($0, of: name) }) else { return false }
                if let member { lines[place] = MemberFile.line(member) } else { lines.remove(at: place) }
                return true
            }
        }
        throw MemberFile.byHand(folder.networkFile)
    }

    /// The network's own file, and those of chains that have joined.
    private var files: [String] {
        [folder.networkFile] + configuration.network.joined.map { folder.joinFile($0.chain.id.description) }.filter { FileManager.default.fileExists(atPath: $0) }
    }

    private static func line(_ member: MemberDescription) -> String {
        "  - { name: \"\(member.name)\", role: \(member.role), key: \"\(member.key.text)\" }"
    }

    private static func isLine(_ line: String, of name: String) -> Bool {
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.hasPrefix("- {") && [" name: \"\(name)\",", " name: \(name),", " name: '\(name)',"].contains { text.contains($0) }
    }

    private func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure(.configuration, "\(path) cannot be read", "Check its owner and mode.") }
        return String(decoding: data, as: UTF8.self)
    }

    /// Writes the changed text, if the network that it describes is the same but for what is wanted.
    private func change(_ path: String, to wanted: [MemberDescription], _ edit: (inout [String]) -> Bool) throws {
        let before = try text(path)
        var lines = before.components(separatedBy: "\n")
        guard edit(&lines) else { throw MemberFile.byHand(path) }
        let after = lines.joined(separator: "\n")
        try write(after, path)
        do {
            let found = try NetworkFile.read(folder.networkFile)
            var expected = configuration
            expected.members = found.members
            guard found == expected, Set(found.members) == Set(wanted) else { throw MemberFile.byHand(path) }
        } catch {
            try write(before, path)
            throw error
        }
    }

    private func write(_ text: String, _ path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure(.failed, "\(path) cannot be written: \(error.localizedDescription)", "Check its owner, its mode and the free space.")
        }
    }

    private static func byHand(_ path: String) -> Failure {
        Failure(.configuration, "\(path) is not written as concordat init writes it, and is left as it is", "Change its members by hand; buses take that over within a second.")
    }
}
