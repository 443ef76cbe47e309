import Cryptography
import RoleKit
import Wire

/// What a log of votes holds: whole records, and where whatever is not whole begins.
///
/// A heading line, then records, each with a checksum that covers all before it. Record: length of the rest in 4 bytes · batch
/// number in 8 · chain (32) · epoch (8) · slot (8) · duty (1) · hash (32) · signed message · checksum (32). Numbers are big endian.
/// The checksum is BLAKE2b of the former checksum and the record; the first one's predecessor is the hash of the heading line.
package struct VoteLogContent: Sendable {
    /// One vote and the commit that it belongs to.
    package struct Record: Hashable, Sendable {
        package var batch: UInt64
        package var vote: VoteRow

        package init(batch: UInt64, vote: VoteRow) {
            self.batch = batch
            self.vote = vote
        }
    }

    package static let heading = Array("concordat-votes/1\n".utf8)
    /// Bytes of a record without the message.
    private static let fixedByteCount = 8 + 32 + 8 + 8 + 1 + 32 + 32
    private static let messageByteCountMax = 1 << 20

    package private(set) var records: [Record] = []
    private(set) var checksum = Blake2b.hash(VoteLogContent.heading)
    package private(set) var wholeByteCount = VoteLogContent.heading.count
    package private(set) var totalByteCount: Int
    var isWhole: Bool { wholeByteCount == totalByteCount }

    /// Reads the bytes of a log; nil when they do not even hold a heading.
    /// - Throws: `.votesDiffer` when they are no log of votes.
    package init?(_ bytes: [UInt8], path: String) throws(RoleStoreFault) {
        guard bytes.count >= VoteLogContent.heading.count else { return nil }
        guard bytes.starts(with: VoteLogContent.heading) else {
            throw RoleStoreFault(path, .votesDiffer("votes.log has another heading"))
        }
        totalByteCount = bytes.count
        while let (record, checksum, end) = VoteLogContent.parse(bytes, at: wholeByteCount, after: checksum) {
            records.append(record)
            self.checksum = checksum
            wholeByteCount = end
        }
    }

    /// The bytes of a log with these records.
    package static func bytes(of records: [Record]) -> [UInt8] { encode(records).bytes }

    /// A whole log, and the checksum that the next record builds on.
    static func encode(_ records: [Record]) -> (bytes: [UInt8], checksum: Digest) {
        let (bytes, checksum) = encode(records, after: Blake2b.hash(heading))
        return (heading + bytes, checksum)
    }

    /// Records that follow others.
    static func encode(_ records: [Record], after former: Digest) -> (bytes: [UInt8], checksum: Digest) {
        var bytes: [UInt8] = []
        var newest = former
        for record in records {
            let encoded = encode(record, after: newest)
            bytes += encoded.bytes
            newest = encoded.checksum
        }
        return (bytes, newest)
    }

    private static func encode(_ record: Record, after former: Digest) -> (bytes: [UInt8], checksum: Digest) {
        let vote = record.vote
        precondition(vote.bytes.count <= messageByteCountMax, "a vote is a small message")
        var bytes: [UInt8] = []
        append(UInt32(fixedByteCount + vote.bytes.count), to: &bytes)
        append(record.batch, to: &bytes)
        bytes += vote.chain.text.padded.bytes
        append(vote.epoch, to: &bytes)
        append(vote.slot, to: &bytes)
        bytes.append(vote.duty.rawValue)
        bytes += vote.hash.bytes
        bytes += vote.bytes
        let checksum = Blake2b.hash(former.bytes + bytes)
        return (bytes + checksum.bytes, checksum)
    }

    private static func parse(_ bytes: [UInt8], at start: Int, after former: Digest) -> (Record, Digest, end: Int)? {
        guard bytes.count - start >= 4 else { return nil }
        let length = Int(number(bytes[start..<start + 4]))
        let end = start + 4 + length
        guard length >= fixedByteCount, length <= fixedByteCount + messageByteCountMax, end <= bytes.count else { return nil }
        let body = Array(bytes[start..<end - 32])
        guard let checksum = Digest(bytes[end - 32..<end]), Blake2b.hash(former.bytes + body) == checksum else { return nil }
        let chainText = String(decoding: body[12..<44].prefix { $0 != 0 }, as: UTF8.self)
        guard let chain = ChainID(chainText), chain.text.padded.bytes.elementsEqual(body[12..<44]), let duty = VoteDuty(rawValue: body[60]),
            let hash = Digest(body[61..<93])
        else { return nil }
        let vote = VoteRow(
            chain: chain, epoch: number(body[44..<52]), slot: number(body[52..<60]), duty: duty, hash: hash, bytes: Array(body[93...]))
        return (Record(batch: number(body[4..<12]), vote: vote), checksum, end)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
