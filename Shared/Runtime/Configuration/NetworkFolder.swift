import Foundation
import Wire

/// Where everything of a network lies on this machine.
package struct NetworkFolder: Hashable, Sendable {
    /// As given, without a slash at the end.
    package let path: String

    package init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// The public description.
    package var networkFile: String { "\(path)/\(NetworkFile.fileName)" }
    /// Names of the accounts whose keys are here.
    package var addressBook: String { "\(path)/wallets/book.yaml" }
    /// What `concordat up` wrote of the running network.
    package var stateFile: String { "\(path)/run/state.json" }
    /// Where processes of the network show their metrics, as Prometheus reads it.
    package var targetsFile: String { "\(path)/run/targets.json" }
    /// Held by the one `concordat up` of this folder.
    package var lockFile: String { "\(path)/run/up.lock" }

    /// The identity of a node.
    package func identityKey(_ node: String) -> String { "\(path)/keys/\(node).key" }
    /// The key that a notary node took in its `number`th rotation less one: `keys/NODE.key.2` and so on; the first is the identity.
    package func identityKey(_ node: String, number: Int) -> String { number == 1 ? identityKey(node) : "\(identityKey(node)).\(number)" }
    /// The files of a node's keys that are there, oldest first.
    package func identityKeys(_ node: String) -> [String] {
        var paths: [String] = []
        while paths.count < NetworkFolder.keysPerNode, FileManager.default.fileExists(atPath: identityKey(node, number: paths.count + 1)) {
            paths.append(identityKey(node, number: paths.count + 1))
        }
        return paths
    }
    /// Keys that one node may have had; nobody rotates so often.
    private static let keysPerNode = 10_000
    /// The CURVE key of a member or a site (`bus@alpha`).
    package func transportKey(_ member: String) -> String { "\(path)/keys/transport/\(member).key" }
    /// The key of an account.
    package func walletKey(_ name: String) -> String { "\(path)/wallets/\(name).key" }
    /// What a role instance stores: `data/NODE/ROLE.CHAIN`, and `-2` and so on for further replicas.
    package func data(of address: RoleAddress) -> String {
        "\(path)/data/\(address.node)/\(address.role.rawValue).\(address.chain)\(address.replica > 1 ? "-\(address.replica)" : "")"
    }
    /// Where those are that the next one names, relative to the folder.
    package static let signingMarks = "keys/begun"
    /// Says that a role has begun to sign with its node's key; beside the key, since it has to outlive the role's folder.
    package func signingMark(of address: RoleAddress) -> String { "\(path)/\(NetworkFolder.signingMarks)/\(address.node).\(address.role.rawValue).\(address.chain)" }
    /// What a process of this name wrote to its standard error.
    package func log(of process: String) -> String {
        "\(path)/run/logs/\(String(process.map { $0 == "/" ? "-" : $0 })).log"
    }
}
