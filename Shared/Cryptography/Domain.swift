/// What a hash or a signature is about. Its tag stands before the content, so that bytes made for one purpose
/// mean nothing for another (faults case 24).
package enum Domain: String, CaseIterable, Sendable {
    // hashes
    case network, genesis, block, transaction, xid, foreign, frame, crossData, offence, leader, reserve
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
    case stateClosing = "state-closing"
    case stateFrozen = "state-frozen"
    case stateContract = "state-contract"
    case stateBridge = "state-bridge"
    case stateLane = "state-lane"
    case stateChain = "state-chain"
    case stateMeter = "state-meter"
    case statePause = "state-pause"
    case stateValue = "state-value"
    // signatures
    case register, transfer, cross, confirm, refuse, cancel, candidate, notary, vote, watch, bond, unbond, candidacy, ballot, closing, consent, inner, deploy, sponsor, lock, redeem, attest, pause
    case join, admit
    case candidacyKey = "candidacy-key"

    /// `concordat/1/` and the name, ended by a zero byte.
    package var tag: [UInt8] { tagged(reserving: 0) }

    private static let family = Array("concordat/1/".utf8)

    /// The tag, with room for so many bytes behind it.
    func tagged(reserving count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Domain.family.count + rawValue.utf8.count + 1 + count)
        bytes.append(contentsOf: Domain.family)
        bytes.append(contentsOf: rawValue.utf8)
        bytes.append(0)
        return bytes
    }

    /// The bytes that a signature of this domain is made over: tag, network id, payload.
    package func preimage(network: Digest, _ payload: [UInt8]) -> [UInt8] {
        var bytes = tagged(reserving: Digest.byteCount + payload.count)
        network.append(to: &bytes)
        bytes.append(contentsOf: payload)
        return bytes
    }
}
