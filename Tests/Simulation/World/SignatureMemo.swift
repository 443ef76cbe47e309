import Cryptography
import Synchronization

/// Real Ed25519, each signature at most once: what a simulated key signed is known to hold, anything else is verified on first sight.
package final class SignatureMemo: Sendable {
    private struct Content: Sendable {
        var key: PublicKey
        var message: [UInt8]
    }

    private struct State: Sendable {
        var signed: [Signature: Content] = [:]
        var answers: [SignatureCheck: Bool] = [:]
        var verified = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Signatures that were really verified, those made here excluded.
    package var verifiedCount: Int { state.withLock { $0.verified } }

    /// A signer whose signatures are remembered.
    package func signer(_ pair: KeyPair) -> Signer {
        Signer(publicKey: pair.publicKey) { message in
            let signature = pair.sign(message)
            self.state.withLock { $0.signed[signature] = Content(key: pair.publicKey, message: message) }
            return signature
        }
    }

    /// Whether a signature stands.
    package func holds(_ check: SignatureCheck) -> Bool {
        state.withLock { state in
            if let content = state.signed[check.signature], content.key == check.key, content.message == check.message { return true }
            if let answer = state.answers[check] { return answer }
            let answer = check.holds
            state.verified += 1
            state.answers[check] = answer
            return answer
        }
    }
}
