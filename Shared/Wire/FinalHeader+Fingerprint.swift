import Cryptography
import Determinism

extension FinalHeader {
    /// A hash over everything in it, signatures included: two with the same one are the same to the last byte. Found without encoding
    /// the schema's message, because checkers ask for it whenever somebody shows a header, most often one that they know.
    package var fingerprint: Digest {
        guard let certificate = finality.certificate else { return Blake2b.hash(encoded) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + 64 * (certificate.signers.signatures.count + (notary?.signers.signatures.count ?? 0)))
        // No message of the schema begins so, and the second byte tells what follows.
        bytes += [0xFF, notary == nil ? 0 : 1]
        header.hash.append(to: &bytes)
        builderSignature.append(to: &bytes)
        if let notary {
            bytes += notary.epoch.bigEndianBytes
            notary.signers.append(to: &bytes)
        }
        bytes += certificate.statement.payload
        certificate.signers.append(to: &bytes)
        for descendant in descendants { descendant.hash.append(to: &bytes) }
        return Blake2b.hash(bytes)
    }
}

extension SignerSet {
    /// The bitmap says how many signatures follow, and its own length stands before it.
    fileprivate func append(to bytes: inout [UInt8]) {
        bytes.append(UInt8(bitmap.count))
        bytes += bitmap
        for signature in signatures { signature.append(to: &bytes) }
    }
}

extension Signature {
    fileprivate func append(to bytes: inout [UInt8]) {
        first.append(to: &bytes)
        second.append(to: &bytes)
    }
}
