import ArgumentParser
import Cryptography
import Foundation
import Runtime
import Wire

/// Who may enter the members' doors of the buses.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Show, add, revoke and rotate the transport keys that the buses let in; split a folder for several machines.",
        discussion: """
            Example:
              concordat keys list
              concordat keys add tap-2              a key of its own for another program that listens
              concordat keys rotate collector.alpha@alpha-1
              concordat keys revoke tap-1
              concordat keys split --to parts       for each bus, node and client what it needs, for machines of their own
            The list stands in network.yaml. Buses that run take a change over within a second, and end what came in with a key that is gone. Every site needs
            the changed file: copy it to the machines of other sites. Keys of nodes and accounts, which sign, are something else: concordat notary rotate.
            """, subcommands: [List.self, Add.self, Revoke.self, Rotate.self, KeysSplitCommand.self])

    /// One key, for people and programs.
    fileprivate struct Row: Encodable {
        var name: String, role: String, key: String
        /// Whether the secret half lies in this folder.
        var here: Bool

        init(_ member: MemberDescription, _ folder: NetworkFolder) {
            (name, role, key) = (member.name, "\(member.role)", member.key.text)
            here = (try? KeyFile.readTransport(folder.transportKey(member.name)))?.publicKey == member.key
        }
    }

    fileprivate static func show(_ row: Row, _ what: String, _ common: CommonOptions) {
        Console.print(common.json ? JSONText.line(row) : "\(what) \(row.name) (\(row.role)): \(row.key)")
    }

    fileprivate static func member(_ name: String, _ configuration: NetworkConfiguration) throws -> MemberDescription {
        guard let member = configuration.member(name) else {
            throw Failure(.usage, "there is no member \(Console.printable(name))", Suggestion.closest(to: name, among: configuration.members.map(\.name)).map { "Did you mean \($0)?" } ?? "concordat keys list shows them.")
        }
        return member
    }

    /// Makes a key pair and puts it where the program that uses it looks.
    fileprivate static func make(_ name: String, _ folder: NetworkFolder) throws -> TransportKeyPair {
        let pair = TransportKeyPair.generate()
        try KeyFile.write(pair, to: folder.transportKey(name), replacing: true)
        return pair
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show who may enter, with which key, and whether its secret half is here.", discussion: "Example:\n  concordat keys list --json")

        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let rows = try NetworkFile.read(folder.networkFile).members.map { Row($0, folder) }
            if common.json { return Console.print(JSONText.line(rows)) }
            for line in Table.lines([["NAME", "ROLE", "KEY", "HERE"]] + rows.map { [$0.name, $0.role, $0.key, $0.here ? "yes" : "no"] }) { Console.print(line) }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let another tap in: it may listen, and nothing else.",
            discussion: """
                Example:
                  concordat keys add tap-2
                  concordat keys add auditors --key 0f3a…     the public half of a key that somebody else made
                """)

        @Argument(help: "Its name: letters, digits, '.', '-' and '_'.")
        var name: String

        @Option(help: "Public key, if the secret half is not to be made here.")
        var key: String?

        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            guard BusTopic.isValid(name), !name.contains("/"), name.utf8.count <= BusLimits.topicBytes else {
                throw Failure(.usage, "'\(Console.printable(name))' is no name for a tap", "Use letters, digits, '.', '-' and '_', for example tap-2.")
            }
            guard configuration.member(name) == nil else { throw Failure(.usage, "\(name) is listed already", "Choose another name, or: concordat keys rotate \(name)") }
            guard configuration.members.count < BusLimits.memberConnections else { throw Failure(.usage, "as many members are listed as a bus takes", "Revoke one first.") }
            let given = try key.map { text in
                guard let key = try? TransportKey(text) else { throw Failure(.usage, "--key is no transport key", "Copy it from the KEY column of concordat keys list.") }
                return key
            }
            let member = MemberDescription(name: name, role: .tap, key: try given ?? KeysCommand.make(name, folder).publicKey)
            do {
                try MemberFile(folder, configuration).add(member)
            } catch {
                if given == nil { try? FileManager.default.removeItem(atPath: folder.transportKey(name)) }
                throw error
            }
            KeysCommand.show(Row(member, folder), "added", common)
            if given == nil { common.say("Its key is \(folder.transportKey(name)). Use it: concordat tap --name \(name)") }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a member in no more; it goes at once.", discussion: "Example:\n  concordat keys revoke tap-2")

        @Argument(help: "Who.")
        var name: String

        @Flag(help: "Also a role of a node, which cannot work any more then.")
        var force = false

        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let member = try KeysCommand.member(name, configuration)
            guard member.role == .tap || force else {
                throw Failure(.usage, "\(name) is a role of a node: without its key the node has no \(member.role)", "Give it another key with concordat keys rotate \(name), or say --force.")
            }
            let row = Row(member, folder)
            try MemberFile(folder, configuration).replace(name, by: nil)
            KeysCommand.show(row, "revoked", common)
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a member another key; the one before is good for nothing at once.",
            discussion: """
                Example:
                  concordat keys rotate collector.alpha@alpha-1
                concordat up starts the role anew with it. Whoever starts roles in another way starts it again.
                """)

        @Argument(help: "Who.")
        var name: String

        @OptionGroup var common: CommonOptions

        func run() throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            var member = try KeysCommand.member(name, configuration)
            let path = folder.transportKey(name)
            let former = try? KeyFile.readTransport(path)
            member.key = try KeysCommand.make(name, folder).publicKey
            do {
                try MemberFile(folder, configuration).replace(name, by: member)
            } catch {
                // The key that is still listed comes back.
                if let former { try? KeyFile.write(former, to: path, replacing: true) }
                throw error
            }
            KeysCommand.show(Row(member, folder), "rotated", common)
        }
    }
}
