import Foundation
import GRDB

/// Every store of a network folder, as it was at one moment.
struct FolderReader {
    private(set) var stores: [StoreSnapshot] = []
    private(set) var violations: [Violation] = []
    private(set) var warnings: [String] = []
    private let network: AuditNetwork
    /// Where recorders' older blocks are; nil for where their stores say.
    private let place: String?
    private let readsArchives: Bool
    private var files: [(store: Int, file: URL)] = []

    /// Reads `data/NODE/ROLE.CHAIN[-REPLICA]` of every node of the network. What cannot be read becomes a finding.
    ///
    /// - Parameter archive: where recorders' older blocks are; nil for where their stores say.
    init(folder: URL, network: AuditNetwork, archive: String? = nil, readsArchives: Bool = true) {
        self.network = network
        place = archive
        self.readsArchives = readsArchives
        let data = folder.appendingPathComponent("data")
        let known = network.all.flatMap(\.listed).map(\.id)
        guard FileManager.default.fileExists(atPath: data.path) else {
            warnings.append("\(data.path) does not exist: the network has never run, or its data lies elsewhere")
            return
        }
        for node in FolderReader.names(in: data) where !known.contains(node) {
            warnings.append("data/\(node) belongs to no node of this network and was not judged")
        }
        for node in known {
            let place = data.appendingPathComponent(node)
            let roles = FolderReader.names(in: place)
            if roles.isEmpty { warnings.append("node \(node) has no data here; its stores were not judged") }
            for role in roles { readRole(place.appendingPathComponent(role), node: node, name: role) }
        }
    }

    private static func names(in folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }

    private mutating func readRole(_ folder: URL, node: String, name: String) {
        guard let (role, chain) = roleAndChain(name) else {
            warnings.append("data/\(node)/\(name) is no role's folder and was not judged")
            return
        }
        var snapshot = StoreSnapshot(name: "\(node)/\(name)", node: node, role: role, chain: chain)
        let file = folder.appendingPathComponent("store.sqlite")
        do {
            try StoreReader.read(file, into: &snapshot)
        } catch {
            violations.append(
                Violation(.readable, chain: chain, node: snapshot.name, "the store cannot be read: \(FolderReader.sentence(error))"))
            return
        }
        if let owner = snapshot.network, owner != Layout.hex(network.id) {
            violations.append(
                Violation(
                    .readable, chain: chain, node: snapshot.name,
                    "the store belongs to network \(owner.prefix(12)), not to this one (\(Layout.hex(network.id).prefix(12))); it was not judged"))
            return
        }
        do {
            snapshot.loggedVotes = try VoteLogReader.read(folder.appendingPathComponent("votes.log").path)
        } catch {
            violations.append(Violation(.readable, chain: chain, node: snapshot.name, "the vote log cannot be trusted: \(error.what)"))
        }
        if role == "recorder", readsArchives { readArchive(&snapshot) }
        files.append((stores.count, file))
        stores.append(snapshot)
    }

    /// Adds the blocks that have left a recorder's store for an archive.
    private mutating func readArchive(_ snapshot: inout StoreSnapshot) {
        let note = ArchiveNote(snapshot.rows("copies"))
        let chains = network.founding.map(\.id) + [AuditNetwork.notaryName] + network.chains.dropFirst(network.founding.count).map(\.id)
        for (position, height) in note.trimmed.sorted(by: { $0.key < $1.key }) where position < chains.count {
            let chain = chains[position]
            guard let place = place ?? note.place else {
                warnings.append("\(snapshot.name): its blocks of \(chain) up to \(height) are in an archive that it does not name any more; they were not judged")
                continue
            }
            do {
                let rows = try ArchiveReader(place: place, network: network.id, node: snapshot.node).rows(of: chain, through: height)
                let own = Set(snapshot.rows("archive_\(position)").map(\.key))
                let all = rows.filter { !own.contains($0.key) } + snapshot.rows("archive_\(position)")
                snapshot.tables["archive_\(position)"] = all.sorted { $0.key < $1.key }
                let lacking = height - UInt64(all.count { $0.key <= height })
                guard lacking > 0 else { continue }
                violations.append(
                    Violation(.readable, chain: chain, node: snapshot.name, "of \(height) blocks that have left the store, its archive in \(place) lacks \(lacking)"))
            } catch {
                warnings.append("\(snapshot.name): its blocks of \(chain) up to \(height) are in \(place) and were not judged: \(error.what)")
            }
        }
    }

    private static func sentence(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite reports \(error.resultCode)"
    }

    /// `consensus.alpha` or `collector.alpha-2`.
    private func roleAndChain(_ name: String) -> (role: String, chain: String)? {
        guard let dot = name.firstIndex(of: ".") else { return nil }
        let role = String(name[..<dot])
        let rest = String(name[name.index(after: dot)...])
        if network.chain(rest) != nil { return (role, rest) }
        guard let dash = rest.lastIndex(of: "-"), UInt(rest[rest.index(after: dash)...]) != nil, network.chain(String(rest[..<dash])) != nil
        else { return nil }
        return (role, String(rest[..<dash]))
    }

    /// Blocks that consensus stores have gained since they were read: the network is running. Chain → height → encoded block.
    func blocksSince() -> [String: [UInt64: Bytes]] {
        var later: [String: [UInt64: Bytes]] = [:]
        for (index, file) in files where stores[index].role == "consensus" {
            let before = stores[index]
            var now = StoreSnapshot(name: before.name, node: before.node, role: before.role, chain: before.chain)
            guard (try? StoreReader.read(file, into: &now, blocksAbove: before.rows("blocks").last?.key ?? 0)) != nil else { continue }
            for row in now.rows("blocks") { later[before.chain, default: [:]][row.key] = row.value }
        }
        return later
    }
}
