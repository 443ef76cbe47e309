import Cryptography
import Foundation
import Wire

/// `joined/CHAIN.yaml`: a chain that would join a network that runs, or has joined it, and how to reach its nodes (A16; docs/network.md).
package struct JoinFile: Hashable, Sendable {
    /// Id of the network that it joins.
    package var network: Digest
    package var body: ChainBody
    /// By every node of the chain, in its order.
    package var signatures: [Signature]
    /// What the notary chain holds of it; nil until it has joined.
    package var entry: ChainEntry?
    /// The bus of its nodes; it has the chain's name.
    package var site: SiteDescription
    /// Its roles, and those that watch it at the notaries' sites.
    package var members: [MemberDescription]

    package init(
        network: Digest, body: ChainBody, signatures: [Signature], entry: ChainEntry? = nil, site: SiteDescription, members: [MemberDescription]
    ) {
        self.network = network
        self.body = body
        self.signatures = signatures
        self.entry = entry
        self.site = site
        self.members = members
    }

    /// Nothing of a chain comes near this size.
    private static let byteCountMax = 1024 * 1024
    private static let membersMax = 1024

    /// Reads and checks a file.
    /// - Throws: the first fault, with its line and what to do.
    package static func read(_ path: String) throws(NetworkFileFault) -> JoinFile {
        try parse(try TextFile.read(path, byteCountMax: byteCountMax, whenMissing: "Make one with: concordat chain new CHAIN"), file: path)
    }

    /// Checks the text of a file; `file` names it in faults.
    package static func parse(_ text: String, file: String) throws(NetworkFileFault) -> JoinFile {
        let root = try DocumentField.document(text, file: file).mapping(["version", "network", "body", "signatures", "entry", "sites", "members"])
        let versionField = try root.required("version")
        guard try versionField.number(1...UInt64(UInt32.max)) == UInt64(NetworkFile.version) else {
            throw versionField.fault("this program reads version \(NetworkFile.version)", "Update this program.")
        }
        let networkField = try root.required("network")
        guard let network = Digest(try bytes(networkField)) else { throw networkField.fault("this is no network id", "It has 64 hexadecimal digits.") }
        let bodyField = try root.required("body")
        let body: ChainBody
        do {
            body = try ChainBody(decoding: try bytes(bodyField))
        } catch let fault as WireFault {
            throw bodyField.fault("this describes no chain: \(fault)", "Copy the file again from who made it.")
        } catch let fault as NetworkFileFault {
            throw fault
        } catch {
            throw bodyField.fault("this describes no chain", "Copy the file again from who made it.")
        }
        let signatures = try signatures(root.required("signatures"), of: body)
        let entry = try root.optional("entry").map { field throws(NetworkFileFault) in try self.entry(field, of: body) }
        let sitesField = try root.required("sites")
        let sites = try SiteSection.read(sitesField)
        guard sites.count == 1, sites[0].id == body.chain.id.description else {
            throw sitesField.fault("a chain that joins has one site, with its own name", "Call it \(body.chain.id).")
        }
        return JoinFile(
            network: network, body: body, signatures: signatures, entry: entry, site: sites[0], members: try members(root.required("members")))
    }

    private static func signatures(_ field: DocumentField, of body: ChainBody) throws(NetworkFileFault) -> [Signature] {
        var signatures: [Signature] = []
        for element in try field.list(atMost: Limits.nodesPerChain) {
            guard let signature = try bytes(element).withUnsafeBytes({ Signature($0) }) else {
                throw element.fault("this is no signature", "It has 128 hexadecimal digits.")
            }
            signatures.append(signature)
        }
        guard signatures.count == body.chain.nodes.count else {
            throw field.fault("\(signatures.count) signatures are not one of each of \(body.chain.nodes.count) nodes", "Every node signs, in the chain's order.")
        }
        return signatures
    }

    private static func entry(_ field: DocumentField, of body: ChainBody) throws(NetworkFileFault) -> ChainEntry {
        guard let entry = ChainEntry(decoding: try bytes(field)), entry.body == body else {
            throw field.fault("this is not the entry of \(body.chain.id)", "Remove it, and run: concordat chain register \(body.chain.id)")
        }
        return entry
    }

    private static func members(_ field: DocumentField) throws(NetworkFileFault) -> [MemberDescription] {
        var members: [MemberDescription] = []
        for element in try field.list(atMost: membersMax) {
            let section = try element.mapping(["name", "role", "key"])
            let nameField = try section.required("name")
            let name = try nameField.text(atMost: 128)
            guard let address = RoleAddress(name + "/1"), try section.required("role").text() == address.role.rawValue else {
                throw nameField.fault("\(name) is no role of a node", "Write ROLE.CHAIN@NODE, as in collector.alpha@alpha-1.")
            }
            members.append(MemberDescription(name: name, role: .role(address.role), key: try Names.transportKey(section.required("key"))))
        }
        return members
    }

    private static func bytes(_ field: DocumentField) throws(NetworkFileFault) -> [UInt8] {
        guard let bytes = Hexadecimal.decode(try field.text(atMost: 4 * Limits.chainBodyBytes)) else {
            throw field.fault("these are no hexadecimal digits", "Copy the file again from who made it.")
        }
        return bytes
    }

    /// The text of a file that `parse` reads back.
    package var text: String {
        let chain = body.chain
        var lines = [
            "# The chain \(chain.id): engine \(chain.engine.rawValue), \(chain.nodes.count) nodes, \(chain.genesis.count) accounts (docs/network.md, A chain that joins).",
            "# Whoever runs a notary, or a node of it, needs this file in joined/ beside network.yaml; it holds no secret.",
            "version: \(NetworkFile.version)",
            "# Id of the network that it joins.",
            "network: \"\(network.hex)\"",
            "# What its nodes have signed: a ChainBody.",
            "body: \"\(Hexadecimal.encode(body.bytes))\"",
            "signatures:",
        ]
        lines += signatures.map { "  - \"\(Hexadecimal.encode($0.withBytes { Array($0) }))\"" }
        if let entry {
            lines += ["# What the notary chain holds of it since its block \(entry.height).", "entry: \"\(Hexadecimal.encode(entry.encoded))\""]
        }
        lines += NetworkFile.lines(of: [site]) + NetworkFile.lines(of: members)
        return lines.joined(separator: "\n") + "\n"
    }
}

extension NetworkFolder {
    /// The file of a chain that joins.
    package func joinFile(_ chain: String) -> String { "\(path)/joined/\(chain).yaml" }
}

extension NetworkConfiguration {
    /// With a chain that has joined.
    ///
    /// - Parameter file: where it is described, for faults.
    /// - Throws: when it does not follow on the chains that are known.
    package func grown(by join: JoinFile, file: String) throws(NetworkFileFault) -> NetworkConfiguration {
        guard let entry = join.entry else { return self }
        guard entry.position == network.joined.count else {
            throw NetworkFileFault(
                file: file, problem: "\(entry.chain.id) is the \(entry.position + 1). chain that has joined, and the file of one before it is missing",
                advice: "Get the files of all chains that have joined: concordat chain status lists them.")
        }
        guard network.chain(entry.chain.id) == nil, site(join.site.id) == nil else {
            throw NetworkFileFault(file: file, problem: "the network has a chain or site \(entry.chain.id) already", advice: "Remove the file.")
        }
        var grown = self
        grown.network = network.grown(by: entry)
        grown.sites.append(join.site)
        grown.members += join.members
        return grown
    }

    /// With all chains that have joined by the files of a folder.
    static func grown(_ configuration: NetworkConfiguration, folder: String) throws(NetworkFileFault) -> NetworkConfiguration {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
        var joins: [(file: String, join: JoinFile)] = []
        for name in names {
            let file = "\(folder)/\(name)"
            let join = try JoinFile.read(file)
            guard join.network == configuration.network.id else {
                throw NetworkFileFault(file: file, problem: "the chain \(join.body.chain.id) joins another network", advice: "Remove the file.")
            }
            if join.entry != nil { joins.append((file, join)) }
        }
        joins.sort { $0.join.entry?.position ?? 0 < $1.join.entry?.position ?? 0 }
        var grown = configuration
        for (file, join) in joins { grown = try grown.grown(by: join, file: file) }
        return grown
    }
}
