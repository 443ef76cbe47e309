import Foundation

/// Reads `votes.log`, the second copy of what a role has signed (docs/protocol.md, persistence).
enum VoteLogReader {
    private static let heading = Array("concordat-votes/1\n".utf8)
    /// Bytes of a record without the signed message: batch 8, chain 32, epoch 8, slot 8, duty 1, hash 32, checksum 32.
    private static let fixedBytes = 121

    /// - Returns: the votes of all whole records; none when there is no log. A record that a crash cut off at the end is no fault.
    /// - Throws: a sentence when records in the middle do not carry their checksums.
    static func read(_ path: String) throws(FormFault) -> [StoredVote] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let bytes = Bytes(data)
        guard bytes.starts(with: heading) else {
            if bytes.count < heading.count { return [] }
            throw FormFault("it does not begin as a vote log does")
        }
        var votes: [StoredVote] = []
        var position = heading.count
        var checksum = Sodium.hash(heading)
        while bytes.count - position >= 4 {
            let length = Int(number(bytes[position..<position + 4]))
            let end = position + 4 + length
            guard length >= fixedBytes else { throw FormFault("record \(votes.count + 1) has a length that none has") }
            guard end <= bytes.count else { break }
            let body = Bytes(bytes[position..<end - Sodium.hashBytes])
            checksum = Sodium.hash(checksum + body)
            guard Bytes(bytes[(end - Sodium.hashBytes)..<end]) == checksum else {
                throw FormFault("record \(votes.count + 1) does not carry its checksum: the log was altered or is damaged")
            }
            votes.append(vote(body))
            position = end
        }
        return votes
    }

    private static func vote(_ body: Bytes) -> StoredVote {
        StoredVote(
            chain: String(decoding: body[12..<44].prefix { $0 != 0 }, as: UTF8.self), epoch: number(body[44..<52]), slot: number(body[52..<60]),
            duty: body[60], hash: Bytes(body[61..<93]), bytes: Bytes(body[93...]))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
