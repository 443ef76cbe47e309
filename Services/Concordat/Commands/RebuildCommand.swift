import ArgumentParser
import Runtime
import WalletDesk
import Wire

/// Restores nodes of a sub-chain from the notaries' archive.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Restore a sub-chain's nodes from the notaries' archive alone, verified root by root.",
        discussion: """
            Example:
              concordat rebuild alpha --node alpha-2
              concordat rebuild alpha --archive .concordat/data/notary-1/recorder.notary
            Builds the notary chain and the sub-chain from genesis, checks every certificate, executes every block and compares every state root; then
            writes what the nodes lack. Nothing is written unless all of it holds. A node's record of its votes is never touched.
            The nodes to be restored must not run. Without --archive the recorders of the running network are asked; with it, nothing has to run.
            Exit codes: 0 restored, 1 the archive does not hold or lacks blocks, or a node runs, 69 no recorder answers, 78 no network or no archive here.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The sub-chain.")
    var chain: String
    @Option(help: "The node to restore. (default: all nodes of the chain)")
    var node: String?
    @Option(help: "A recorder's data folder, read instead of asking recorders.")
    var archive: String?
    @Flag(help: "Verify only; write nothing.")
    var check = false

    private struct Report: Encodable {
        var built: RebuildDesk.Built
        var nodes: [RebuildDesk.Restored]
    }

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let network = configuration.network
        guard let description = network.chains.first(where: { $0.id.description == chain }) else {
            throw Failure(.usage, "this network has no sub-chain \(chain)", "Its sub-chains: \(network.chains.map(\.id.description).joined(separator: ", ")). See concordat status")
        }
        let nodes = description.nodes.filter { node == nil || $0.id == node }
        guard !nodes.isEmpty else {
            throw Failure(.usage, "\(chain) has no node \(node ?? "")", "Its nodes: \(description.nodes.map(\.id).joined(separator: ", ")).")
        }
        let archives = try archives(configuration, folder)
        let desk = RebuildDesk(network, archives) { common.say($0) }
        common.say("Building the notary chain, then \(chain), from the archive …")
        let built = try desk.build(description.id)
        let restored = check ? [] : try nodes.map { try desk.restore($0, of: description.id, in: folder) }
        if common.json { return Console.print(JSONText.line(Report(built: built, nodes: restored))) }
        Console.print("\(chain): \(built.height) blocks, \(built.transactions) transactions; every one executed, every state root as its header says.")
        Console.print("  recorded to block \(built.recorded), by \(built.notaryHeight) notary blocks   state root \(built.stateRoot)")
        for item in restored { Console.print("  \(item.node): \(item.written) blocks written, \(item.kept) were there   \(item.folder)") }
        if !check { Console.print("Start the nodes again: concordat up, or concordat run. They go on from there, and ask peers for what came after.") }
    }

    private func archives(_ configuration: NetworkConfiguration, _ folder: NetworkFolder) throws -> Archives {
        if let archive { return try Archives.open(archive, configuration.network, location: try ArchiveOptions.location(nil)) }
        do {
            try Inquiry.requireReachable(configuration, folder)
        } catch let failure as Failure {
            throw Failure(failure.code, failure.problem, "Start the notaries, or read a recorder's store: --archive \(folder.path)/data/notary-1/recorder.notary")
        }
        return .recorders(Inquiry(configuration))
    }
}
