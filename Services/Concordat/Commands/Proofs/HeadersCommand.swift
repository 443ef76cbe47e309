import ArgumentParser
import Foundation
import Runtime
import WalletDesk
import Wire

/// Keeps the headers of a chain on a device (A9).
struct HeadersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headers", abstract: "Follow a chain by its headers alone, each verified, and keep them in a file.",
        discussion: """
            Example:
              concordat headers
              concordat headers --chain alpha --out alpha.headers
            No node is believed: every header must be final by the voters of its slot, from network.yaml on. The next call goes on from the file.
            concordat receipt verify --headers FILE checks receipts against it.
            Exit codes: 0 as far as any node is, 1 the file or an answer does not hold, 64 no such chain, 69 no node answers.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "The chain.")
    var chain = "notary"
    @Option(help: "The file. (default: headers/CHAIN.headers in --data)")
    var out: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        guard let id = ChainID(chain), configuration.network.chain(id) != nil else {
            let names = (configuration.network.chains.map(\.id) + [.notary]).map(\.description).joined(separator: ", ")
            throw Failure(.usage, "there is no chain \(chain)", "Chains: \(names)")
        }
        try Inquiry.requireReachable(configuration, folder)
        let path = out ?? "\(folder.path)/headers/\(id).headers"
        if out == nil { try OutputFolder.make("\(folder.path)/headers") }
        let download = HeaderDownload(Inquiry(configuration), chain: id, path: path)
        try download.resume()
        let before = download.client.height
        var said = before
        try download.follow { height in
            guard height - said >= HeadersCommand.headersBetweenLines else { return }
            said = height
            common.say("\(id): \(height) headers")
        }
        struct Report: Encodable { var chain: String, file: String, headers: UInt64, added: UInt64, newest: String?, time_milliseconds: UInt64? }
        let newest = download.client.newest
        let report = Report(
            chain: id.description, file: path, headers: download.client.height, added: download.client.height - before, newest: newest?.hash.hex,
            time_milliseconds: newest?.header.time)
        if common.json { return Console.print(JSONText.line(report)) }
        let name = newest.map { ", newest \($0.hash.hex) of \(ClockText.of($0.header.time))" } ?? ""
        Console.print("\(id): \(report.headers) headers verified, \(report.added) of them new\(name)")
        Console.print("kept in \(path)")
    }

    private static let headersBetweenLines: Height = 1_024
}
