import Cryptography
import Foundation
import Wire

/// `network.yaml`: reads it into checked values, and writes it (docs/network.md).
package enum NetworkFile {
    /// What is written now; later versions are refused.
    package static let version: UInt32 = 1
    /// No network within the limits comes near this size; more is not even read.
    package static let byteCountMax = 16 * 1024 * 1024
    package static let fileName = "network.yaml"
    /// Collectors that a node may have.
    package static let collectorsAllowed = 1...64

    /// Reads and checks a file, and those of the chains that have joined since, in the folder `joined` beside it (A16).
    /// - Throws: the first fault, with its line and what to do.
    package static func read(_ path: String) throws(NetworkFileFault) -> NetworkConfiguration {
        let text = try TextFile.read(path, byteCountMax: byteCountMax, whenMissing: "Make a network with: concordat init")
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("joined").path
        return try NetworkConfiguration.grown(try parse(text, file: path), folder: folder)
    }

    /// Checks the text of a file; `file` names it in faults.
    package static func parse(_ text: String, file: String) throws(NetworkFileFault) -> NetworkConfiguration {
        let root = try DocumentField.document(text, file: file)
        try checkVersion(root)
        let document = try root.mapping(["version", "name", "genesis_time_milliseconds", "timing", "consequences", "notary", "chains", "contracts", "sites", "members", "deployment"])
        let sites = try SiteSection.read(document.required("sites"))
        let timing = try TimingSection.read(document.optional("timing"))
        let genesisTime = try document.required("genesis_time_milliseconds").number(1...UInt64(Int64.max))
        var chainSection = ChainSection(sites: sites.map(\.id), genesisTime: genesisTime)
        let notary = try chainSection.readNotary(document.required("notary"))
        let chains = try chainSection.readAll(document.required("chains"))
        let contracts = try ContractSection.read(document.optional("contracts"), chains: chains)
        let network = Network(
            id: NetworkIdentity.id(version: version, notary: notary, chains: chains, contracts: contracts, timing: timing),
            notary: notary, chains: chains, contracts: contracts, timing: timing,
            consequences: try ConsequencesSection.read(document.optional("consequences")))
        var configuration = NetworkConfiguration(
            name: try document.required("name").text(atMost: 64), network: network, sites: sites, members: [])
        if let deployment = try document.optional("deployment")?.mapping(["collectors_per_node"]) {
            configuration.collectorsPerNode = try deployment.optional("collectors_per_node").map { field throws(NetworkFileFault) in
                Int(try field.number(UInt64(collectorsAllowed.lowerBound)...UInt64(collectorsAllowed.upperBound)))
            } ?? 1
        }
        configuration.members = try MemberSection.read(document.required("members"), of: configuration)
        return configuration
    }

    /// Looked at before anything else, since a later version may have other keys.
    private static func checkVersion(_ root: DocumentField) throws(NetworkFileFault) {
        let fields = try root.entries()
        guard let field = fields.first(where: { $0.key == "version" })?.field else {
            throw root.fault("the key version is missing", "Add: version: \(version)")
        }
        let found = try field.number(0...UInt64(UInt32.max))
        guard found <= UInt64(version) else {
            throw field.fault(
                "the file is of version \(found), and this program reads version \(version)",
                "Update this program, or use the release that wrote the file.")
        }
        guard found == UInt64(version) else { throw field.fault("there is no version \(found)", "Write: version: \(version)") }
    }
}

/// Small text files of a network.
package enum TextFile {
    private static func reason(_ error: any Error) -> String {
        ((error as? CocoaError)?.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)"
    }

    /// Reads a whole file of at most `byteCountMax` bytes of UTF-8.
    package static func read(_ path: String, byteCountMax: Int, whenMissing advice: String) throws(NetworkFileFault) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            let reason = errno
            guard reason == ENOENT || reason == ENOTDIR else {
                throw NetworkFileFault(
                    file: path, problem: "it cannot be opened: \(String(cString: strerror(reason)))",
                    advice: "Check the owner and mode of the file and its folder.")
            }
            throw NetworkFileFault(file: path, problem: "there is no such file", advice: advice)
        }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: byteCountMax + 1) ?? Data()
        } catch {
            throw NetworkFileFault(file: path, problem: "it cannot be read: \(TextFile.reason(error))", advice: "Name an ordinary file.")
        }
        guard data.count <= byteCountMax else {
            throw NetworkFileFault(
                file: path, problem: "it has more than \(byteCountMax) bytes", advice: "Name the right file; ours are far smaller.")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw NetworkFileFault(file: path, problem: "it is no UTF-8 text", advice: "Restore it, or save it as UTF-8.")
        }
        return text
    }
}
