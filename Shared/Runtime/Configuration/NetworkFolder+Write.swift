import Cryptography
import Foundation

/// Why a network's folder could not be made.
package struct NetworkFolderFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What, where, and what to do.
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension NetworkFolder {
    /// What services pay to open a sealed key: little enough that dozens of processes start at once.
    package static let serviceSealingCost = SealingCost(operations: 2, memoryBytes: 64 * 1024 * 1024)!

    /// Writes a new network, whole or not at all.
    ///
    /// - Parameter passphrase: seals the keys of nodes and accounts; transport keys stay plain, they open nothing but links.
    /// - Parameter replacing: moves an existing folder aside, to the returned path, instead of refusing.
    /// - Returns: where the former folder went, if there was one.
    package func write(
        _ configuration: NetworkConfiguration, _ keys: NetworkKeys, _ book: AddressBook, passphrase: String?, replacing: Bool
    ) throws -> String? {
        let manager = FileManager.default
        if manager.fileExists(atPath: path), !replacing {
            throw NetworkFolderFault(
                "\(path): there is something already. Choose another folder with --data, or move it aside with --force.")
        }
        let fresh = "\(path).new-\(getpid())"
        defer { try? manager.removeItem(atPath: fresh) }
        do {
            for folder in ["keys/transport", "wallets"] {
                try manager.createDirectory(
                    atPath: "\(fresh)/\(folder)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let target = NetworkFolder(fresh)
            for (name, pair) in keys.nodes {
                try KeyFile.write(pair, to: target.identityKey(name), passphrase: passphrase, cost: NetworkFolder.serviceSealingCost)
            }
            for (name, pair) in keys.transports { try KeyFile.write(pair, to: target.transportKey(name)) }
            for (name, pair) in keys.wallets {
                try KeyFile.write(pair, to: target.walletKey(name), passphrase: passphrase, cost: NetworkFolder.serviceSealingCost)
            }
            try Data(book.text.utf8).write(to: URL(fileURLWithPath: target.addressBook))
            try Data(NetworkFile.text(of: configuration).utf8).write(to: URL(fileURLWithPath: target.networkFile))
            return try put(fresh)
        } catch let error as CocoaError {
            throw NetworkFolderFault("\(path): it cannot be written: \(NetworkFolder.reason(error)). Check the owner, the mode and the free space.")
        }
    }

    private func put(_ fresh: String) throws -> String? {
        let manager = FileManager.default
        var former: String?
        if manager.fileExists(atPath: path) {
            var number = 1
            while manager.fileExists(atPath: "\(path).old-\(number)") { number += 1 }
            former = "\(path).old-\(number)"
            try manager.moveItem(atPath: path, toPath: "\(path).old-\(number)")
        }
        try manager.moveItem(atPath: fresh, toPath: path)
        return former
    }

    private static func reason(_ error: CocoaError) -> String {
        if let system = error.underlying as? POSIXError { return String(cString: strerror(system.code.rawValue)) }
        return "\(error.code)"
    }
}
