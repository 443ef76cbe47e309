import Foundation
import Runtime
import Wire

/// What of a network's folder each machine needs.
struct FolderParts {
    /// One machine's share.
    struct Part {
        /// `buses/SITE`, `nodes/NODE` or `clients`.
        var name: String
        /// Files that only their owner may read, relative to the folder.
        var secrets: [String]
        /// Other files.
        var files: [String]
        /// Folders that it has even while they are empty: volumes are mounted there.
        var places: [String]
    }

    private let folder: NetworkFolder
    private let configuration: NetworkConfiguration

    init(_ folder: NetworkFolder, _ configuration: NetworkConfiguration) {
        self.folder = folder
        self.configuration = configuration
    }

    private var nodes: [String] { Set(configuration.members.compactMap(FolderParts.node)).sorted() }

    /// Every part some of whose keys are here: buses, nodes, clients.
    func all() -> [Part] {
        let parts = configuration.sites.map { bus($0.id) } + nodes.map(node) + [clients()]
        return parts.filter { !$0.secrets.isEmpty }
    }

    private func bus(_ site: String) -> Part {
        Part(name: "buses/\(site)", secrets: here([folder.transportKey(ProcessName.bus(site: site).description)]), files: shared, places: ["run"])
    }

    private func node(_ node: String) -> Part {
        let members = configuration.members.filter { FolderParts.node($0) == node }
        let keys = folder.identityKeys(node) + members.map { folder.transportKey($0.name) }
        // Where the key goes, what it has begun to sign goes: without its validators' folders it must not begin anew there.
        let marks = names(in: NetworkFolder.signingMarks, beginning: "\(node).")
        return Part(name: "nodes/\(node)", secrets: here(keys), files: shared + marks, places: ["run", "data/\(node)"])
    }

    private func clients() -> Part {
        let taps = configuration.members.filter { $0.role == .tap }.map { folder.transportKey($0.name) }
        let wallets = names(in: "wallets", ending: ".key").map { "\(folder.path)/\($0)" }
        let book = here([folder.addressBook])
        return Part(name: "clients", secrets: here(taps + wallets), files: shared + book, places: ["run", "runs"] + nodes.map { "data/\($0)" })
    }

    /// Whose role a member is; nil for a tap.
    private static func node(_ member: MemberDescription) -> String? { RoleAddress(member.name + "/1")?.node }

    /// What is public: the network, and chains that have joined it.
    private var shared: [String] { [NetworkFile.fileName] + names(in: "joined", ending: ".yaml") }

    private func names(in place: String, beginning: String = "", ending: String = "") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(place)")) ?? []
        return names.filter { $0.hasPrefix(beginning) && $0.hasSuffix(ending) }.sorted().map { "\(place)/\($0)" }
    }

    /// Those of the files that are there, relative to the folder.
    private func here(_ paths: [String]) -> [String] {
        paths.filter { FileManager.default.fileExists(atPath: $0) }.map { String($0.dropFirst(folder.path.utf8.count + 1)) }
    }
}

extension FolderParts.Part {
    private static let folderMode = 0o700
    private static let secretMode: mode_t = 0o600
    private static let openMode: mode_t = 0o644

    /// Writes the part; each file is there whole, the old one or the new one.
    func write(from folder: NetworkFolder, to target: String) throws {
        for place in places { try make("\(target)/\(place)") }
        for file in files { try copy("\(folder.path)/\(file)", "\(target)/\(file)", Self.openMode) }
        for secret in secrets { try copy("\(folder.path)/\(secret)", "\(target)/\(secret)", Self.secretMode) }
    }

    private func copy(_ source: String, _ target: String, _ mode: mode_t) throws {
        try make(URL(fileURLWithPath: target).deletingLastPathComponent().path)
        guard let data = FileManager.default.contents(atPath: source) else {
            throw Failure(.configuration, "\(source) cannot be read: \(String(cString: strerror(errno)))", "Check its owner and mode.")
        }
        // What is the same stays as it is: its owner may have been set for who reads it now.
        guard !isSame(target, data, mode) else { return }
        let fresh = target + ".new"
        unlink(fresh)
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw refusal(target) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // A key that is not on the disk of its machine is a node that cannot sign.
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
        } catch {
            throw refusal(target)
        }
        guard fchmod(descriptor, mode) == 0, rename(fresh, target) == 0 else { throw refusal(target) }
    }

    private func isSame(_ path: String, _ data: Data, _ mode: mode_t) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o777 == mode else { return false }
        return FileManager.default.contents(atPath: path) == data
    }

    private func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: Self.folderMode])
        } catch {
            throw Failure(.failed, "the folder \(path) cannot be made: \(error.localizedDescription)", "Check the owner, the mode and the free space.")
        }
    }

    private func refusal(_ path: String) -> Failure {
        Failure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno)))", "Check the owner, the mode and the free space, then run the command again.")
    }
}
