import ArgumentParser
import Foundation
import Runtime
import Wire

/// Splits a network's folder, so that each machine gets its own keys and no others.
struct KeysSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split", abstract: "Write what each bus, each node and the clients need into a folder of its own.",
        discussion: """
            Example:
              concordat keys split --to parts
              scp -rp parts/nodes/alpha-1/. alpha-1:/var/lib/concordat/
            parts/buses/SITE holds network.yaml and the key of that bus; parts/nodes/NODE network.yaml, the node's keys and those of its roles; parts/clients
            network.yaml, the accounts with their address book, and the keys of taps. Each is a folder for --data. Parts whose keys are not here are left out.
            What differs is replaced; stores are neither copied nor touched. Run it again after keys or members have changed.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Folder for the parts; it is made.")
    var to: String

    private struct Row: Encodable {
        var part: String, folder: String
        /// Files with secrets that it holds now.
        var keys: Int
    }

    func run() throws {
        let folder = try common.folder
        let parts = try FolderParts(folder, NetworkFile.read(folder.networkFile)).all()
        guard !parts.isEmpty else { throw Failure(.configuration, "no key is in \(folder.path)", "Name the folder that concordat init has made: --data DIR") }
        var rows: [Row] = []
        for part in parts {
            let target = "\(to)/\(part.name)"
            try part.write(from: folder, to: target)
            rows.append(Row(part: part.name, folder: target, keys: part.secrets.count))
        }
        if common.json { return Console.print(JSONText.line(rows)) }
        for line in Table.lines([["PART", "KEYS", "FOLDER"]] + rows.map { [$0.part, "\($0.keys)", $0.folder] }) { Console.print(line) }
    }
}
