/// What a hash or a signature is about. Its tag stands before the content, so that bytes made for one purpose
/// mean nothing for another (faults case 24).
package enum Domain: String, CaseIterable, Sendable {
    // hashes
    case network, genesis, block, transaction, xid, foreign, frame, crossData, offence, leader
    case epochSeed = "epoch-seed"
    case keyFile = "key-file"
    case stateAccount = "state-account"
    case stateCross = "state-cross"
    case stateHead = "state-head"
    case stateEpoch = "state-epoch"
    case stateStake = "state-stake"
    case stateOffence = "state-offence"
    case stateCandidacy = "state-candidacy"
    case stateBallot = "state-ballot"
    case stateFrozen = "state-frozen"
    case stateValue = "state-value"
    // signatures
    case register, transfer, cross, confirm, refuse, cancel, candidate, notary, vote, watch, bond, unbond, candidacy, ballot, consent, inner
    case candidacyKey = "candidacy-key"

    /// `concordat/1/` and the name, ended by a zero byte.
    package var tag: [UInt8] { Array("concordat/1/\(rawValue)".utf8) + [0] }

    /// The bytes that a signature of this domain is made over: tag, network id, payload.
    package func preimage(network: Digest, _ payload: [UInt8]) -> [UInt8] {
        var bytes = tag
        bytes.reserveCapacity(bytes.count + Digest.byteCount + payload.count)
        network.withBytes { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: payload)
        return bytes
    }
}
