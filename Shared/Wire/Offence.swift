import Cryptography
import Schema

/// Evidence that has been read: its two statements are about one thing and contradict each other, or a rule. Whether their
/// signatures hold is judged elsewhere.
package struct Offence: Hashable, Sendable {
    package let evidence: Evidence
    package let exhibit: Exhibit
    package let entry: OffenceEntry

    /// The two statements.
    package enum Exhibit: Hashable, Sendable {
        case votes(Vote, Vote)
        case candidates(SignedHeader, SignedHeader)
        case signature(SignedHeader, NotaryVerdict)
        case finals(FinalHeader, FinalHeader)
    }

    /// - Throws: which statement cannot be read, or that the two do not show what the kind says.
    package init(_ evidence: Evidence) throws(WireFault) {
        self.evidence = evidence
        let content = Blake2b.hash(.offence, evidence.first + evidence.second)
        func entry(_ offender: PublicKey?, epoch: Epoch, place: UInt64, duty: UInt8) -> OffenceEntry {
            OffenceEntry(
                kind: evidence.kind, chain: evidence.chain, offender: offender, epoch: epoch, place: place, duty: duty, content: content)
        }
        switch evidence.kind {
        case .doubleVote:
            let (first, second) = (try Vote(decoding: evidence.first), try Vote(decoding: evidence.second))
            let (one, other) = (first.statement, second.statement)
            guard first.voter == second.voter, one != other, one.chain == evidence.chain, other.chain == one.chain,
                one.epoch == other.epoch, one.slot == other.slot, (one.kind == .notar) == (other.kind == .notar)
            else { throw WireFault(.invalid, "Evidence.second") }
            exhibit = .votes(first, second)
            self.entry = entry(first.voter, epoch: one.epoch, place: one.slot, duty: one.kind == .notar ? 2 : 3)
        case .doubleCandidate:
            let (first, second) = (try SignedHeader(decoding: evidence.first), try SignedHeader(decoding: evidence.second))
            let (one, other) = (first.header, second.header)
            guard one.builder == other.builder, one != other, one.chain == evidence.chain, other.chain == one.chain,
                one.epoch == other.epoch, one.slot == other.slot
            else { throw WireFault(.invalid, "Evidence.second") }
            exhibit = .candidates(first, second)
            self.entry = entry(one.builder, epoch: one.epoch, place: one.slot, duty: 1)
        case .signedInvalid:
            let candidate = try SignedHeader(decoding: evidence.first)
            let verdict = try NotaryVerdict(decoding: evidence.second)
            guard candidate.header.chain == evidence.chain, verdict.chain == evidence.chain, verdict.block == candidate.header.hash,
                case .signed(let epoch, candidate.header.slot, candidate.header.height, _) = verdict.verdict
            else { throw WireFault(.invalid, "Evidence.second") }
            exhibit = .signature(candidate, verdict)
            self.entry = entry(verdict.notary, epoch: epoch, place: candidate.header.slot, duty: 0)
        case .twoFinals:
            let (first, second) = (try FinalHeader(decoding: evidence.first), try FinalHeader(decoding: evidence.second))
            guard first.header.chain == evidence.chain, second.header.chain == evidence.chain, evidence.chain != .notary,
                first.header.height == second.header.height, first.hash != second.hash
            else { throw WireFault(.invalid, "Evidence.second") }
            exhibit = .finals(first, second)
            self.entry = entry(nil, epoch: first.header.epoch, place: first.header.height, duty: 0)
        }
    }

    /// The signatures that must hold, and who must have been entitled to them; nil when a signer is none of the chain's. Final headers
    /// are judged by their certificates instead.
    package func signatureChecks(network: Network) -> [SignatureCheck]? {
        guard let chain = network.chain(evidence.chain) else { return nil }
        switch exhibit {
        case .votes(let first, let second):
            guard chain.hasNode(first.voter) else { return nil }
            return [first.check(network: network.id), second.check(network: network.id)]
        case .candidates(let first, let second):
            // A miner may make as many blocks of a height as it finds.
            guard chain.engine != .pow, chain.hasNode(first.header.builder) else { return nil }
            return [first.check(network: network.id), second.check(network: network.id)]
        case .signature(let candidate, let verdict):
            guard case .signed(let epoch, _, _, let signature) = verdict.verdict, network.notary.hasNode(verdict.notary),
                chain.hasNode(candidate.header.builder)
            else { return nil }
            let statement = NotaryStatement(candidate.header, epoch: epoch)
            let message = Domain.notary.preimage(network: network.id, statement.payload)
            return [candidate.check(network: network.id), SignatureCheck(key: verdict.notary, signature: signature, message: message)]
        case .finals: return []
        }
    }
}

/// What the notary chain's state keeps of an offence.
package struct OffenceEntry: Hashable, Sendable {
    package let kind: Evidence.Kind
    package let chain: ChainID
    /// Nil when it takes many: two final blocks.
    package let offender: PublicKey?
    package let epoch: Epoch
    /// Slot, or the height of two final blocks.
    package let place: UInt64
    /// 1 candidate, 2 notar, 3 skip or final; 0 where the kind says all.
    package let duty: UInt8
    /// Hash over the two statements.
    package let content: Digest

    /// Names the offence whatever shows it: one is recorded once. A hash over everything before.
    package let id: Digest

    /// The exact bytes the state tree commits to: kind u8, chain padded to 32, offender 32 (zero for none), epoch u64, place u64,
    /// duty u8, content 32.
    package var encoded: [UInt8] {
        OffenceEntry.naming(kind, chain, offender, epoch, place, duty) + content.bytes
    }

    private static func naming(
        _ kind: Evidence.Kind, _ chain: ChainID, _ offender: PublicKey?, _ epoch: Epoch, _ place: UInt64, _ duty: UInt8
    ) -> [UInt8] {
        [kind.number] + chain.text.padded.bytes + (offender?.bytes ?? Digest.zero.bytes) + epoch.bigEndianBytes + place.bigEndianBytes
            + [duty]
    }

    init(kind: Evidence.Kind, chain: ChainID, offender: PublicKey?, epoch: Epoch, place: UInt64, duty: UInt8, content: Digest) {
        self.kind = kind
        self.chain = chain
        self.offender = offender
        self.epoch = epoch
        self.place = place
        self.duty = duty
        self.content = content
        id = Blake2b.hash(.offence, OffenceEntry.naming(kind, chain, offender, epoch, place, duty))
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == 114, let kind = Evidence.Kind.allCases.first(where: { $0.number == bytes[0] }),
            let chain = Digest(bytes[1..<33])?.paddedName.flatMap({ ChainID($0) }), let offender = Digest(bytes[33..<65]),
            let content = Digest(bytes[82..<114])
        else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            kind: kind, chain: chain, offender: offender == .zero ? nil : PublicKey(offender), epoch: number(65..<73),
            place: number(73..<81), duty: bytes[81], content: content)
    }
}

/// An offence and where the notary chain records it.
package struct RecordedOffence: Hashable, Sendable {
    package var entry: OffenceEntry
    /// Height of the notary block.
    package var height: Height

    package init(entry: OffenceEntry, height: Height) {
        self.entry = entry
        self.height = height
    }

    init(_ message: PBRecordedOffence) throws(WireFault) {
        guard let entry = OffenceEntry(decoding: [UInt8](message.value)) else { throw WireFault(.invalid, "RecordedOffence.value") }
        self.entry = entry
        height = message.height
    }

    var message: PBRecordedOffence {
        var message = PBRecordedOffence()
        message.value = Digest.dataOf(entry.encoded)
        message.height = height
        return message
    }
}
