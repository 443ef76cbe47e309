import Cryptography
import Foundation
import Runtime
import Synchronization
import Wire

/// The keys that a notary node took after the one in `network.yaml`: found in its folder while its roles run, so that a rotation needs no
/// restart. Roles ask from their threads.
final class LaterKeys: Sendable {
    private struct State {
        var found: [PublicKey: Signer] = [:]
        /// Uptime in nanoseconds before which the folder is not looked at again.
        var nextLook: UInt64 = 0
    }

    private let folder: NetworkFolder
    private let node: String
    private let passphrase: String?
    private let state = Mutex(State())

    private static let lookNanoseconds: UInt64 = 1_000_000_000

    init(_ folder: NetworkFolder, node: String, passphrase: String?) {
        self.folder = folder
        self.node = node
        self.passphrase = passphrase
    }

    /// The signer of a public key; nil while no file holds it.
    func signer(for key: PublicKey) -> Signer? {
        state.withLock { state in
            if let signer = state.found[key] { return signer }
            let now = DispatchTime.now().uptimeNanoseconds
            guard now >= state.nextLook else { return nil }
            state.nextLook = now + LaterKeys.lookNanoseconds
            for path in folder.identityKeys(node).dropFirst() {
                guard (try? KeyFile.summary(path).publicKey) == key.address.text,
                    let pair = try? KeyFile.readIdentity(path, passphrase: passphrase), pair.publicKey == key
                else { continue }
                state.found[key] = pair.signer
            }
            return state.found[key]
        }
    }
}
