import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// What a validator keeps in order to show others' offences: signatures of notaries under recent candidates, candidates that it
/// found invalid, and its newest final headers.
struct OffenceWatch: Sendable {
    private var signatures: OrderedDictionary<Digest, [NotaryVerdict]> = [:]
    private var invalid: OrderedDictionary<Digest, SignedHeader> = [:]
    private var finals: OrderedDictionary<Height, FinalHeader> = [:]

    /// Candidates remembered.
    static let candidates = 256
    /// Final headers remembered; a second history that begins further down is seen by its first block that is not.
    static let headers = 256

    mutating func follow(_ final: FinalHeader) {
        finals[final.header.height] = final
        if finals.count > OffenceWatch.headers { finals.removeFirst() }
    }

    /// A final header of the same height as one that is followed.
    func rival(of final: FinalHeader) -> FinalHeader? {
        finals[final.header.height].flatMap { $0.hash == final.hash ? nil : $0 }
    }

    /// A notary signed a candidate.
    ///
    /// - Returns: the candidate when it is known to be invalid.
    mutating func heard(_ verdict: NotaryVerdict) -> SignedHeader? {
        if let candidate = invalid[verdict.block] { return candidate }
        signatures[verdict.block, default: []].append(verdict)
        if signatures.count > OffenceWatch.candidates { signatures.removeFirst() }
        return nil
    }

    /// A candidate was found invalid.
    ///
    /// - Returns: the signatures under it that were heard before.
    mutating func refused(_ candidate: SignedHeader) -> [NotaryVerdict] {
        guard invalid[candidate.header.hash] == nil else { return [] }
        invalid[candidate.header.hash] = candidate
        if invalid.count > OffenceWatch.candidates { invalid.removeFirst() }
        return signatures.removeValue(forKey: candidate.header.hash) ?? []
    }
}

extension ValidatorRole {
    /// A6: a notary that signs what the rules refuse is shown to all.
    mutating func watch(_ verdict: NotaryVerdict) -> [RoleEffect] {
        guard verdict.chain == context.address.chain, case .signed(let epoch, _, _, _) = verdict.verdict,
            book.electorate(of: .notary, epoch: epoch)?.members.first(where: { $0.key == verdict.notary })?.node != context.address.node,
            let candidate = watch.heard(verdict)
        else { return [] }
        return [show(candidate, verdict)].compactMap { $0 }
    }

    /// A candidate is invalid for good, whatever this notary's clock or branch says: whoever signed it is shown.
    mutating func accuseSigners(of block: Block, _ reason: Reason) -> [RoleEffect] {
        guard !ValidatorRole.opinions.contains(reason) else { return [] }
        let candidate = SignedHeader(block)
        return watch.refused(candidate).compactMap { show(candidate, $0) }
    }

    /// Reasons that another notary may see differently in good faith: clocks, order of arrival and followed branches differ.
    private static let opinions: Set<Reason> = [.wrongTime, .wrongParent, .unknownBranch, .overloaded, .notReady, .notFound, .evidenceMissing, .chainUnknown, .epochUnknown,
        .notaryHeadInvalid, .chainFrozen, .thawUnknown,
    ]

    private func show(_ candidate: SignedHeader, _ verdict: NotaryVerdict) -> RoleEffect? {
        let evidence = Evidence(
            chain: context.address.chain, kind: .signedInvalid, first: candidate.encoded, second: verdict.encoded)
        guard let offence = try? Offence(evidence), let checks = offence.signatureChecks(network: network), checks.allSatisfy(context.verify)
        else { return nil }
        return .publish(.evidence, .evidence(evidence))
    }

    /// Invariant 3: a second final block of a height that is followed shows that the chain is corrupt.
    mutating func accuseTwoFinals(_ final: FinalHeader) -> [RoleEffect] {
        guard final.header.chain == context.address.chain, let own = watch.rival(of: final), tree.finalityFault(in: final) == nil else { return [] }
        let evidence = Evidence(chain: context.address.chain, kind: .twoFinals, first: own.encoded, second: final.encoded)
        return [
            .publish(.evidence, .evidence(evidence)),
            .raise(
                code: "two_finals", detail: "chain \(context.address.chain) has two final blocks at height \(final.header.height): more than a third of it is corrupt",
                severity: .critical),
        ]
    }
}
