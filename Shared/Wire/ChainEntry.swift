import Cryptography
import Schema

/// What the notary chain's state keeps of a chain that has joined.
package struct ChainEntry: Hashable, Sendable {
    package let body: ChainBody
    /// How many had joined before it.
    package let position: Int
    /// Of the notary block that took it in.
    package let height: Height
    /// The notaries of this epoch certify its blocks from the first one on.
    package let epoch: Epoch

    package init(body: ChainBody, position: Int, height: Height, epoch: Epoch) {
        self.body = body
        self.position = position
        self.height = height
        self.epoch = epoch
    }

    package var chain: ChainDescription { body.chain }

    /// The exact bytes the state tree commits to: position u16, notary height u64, epoch u64, the body.
    package var encoded: [UInt8] {
        UInt64(position).bigEndianBytes.suffix(2) + height.bigEndianBytes + epoch.bigEndianBytes + body.bytes
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count > 18, let body = try? ChainBody(decoding: Array(bytes[18...])) else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(body: body, position: Int(number(0..<2)), height: number(2..<10), epoch: number(10..<18))
    }

    /// The hash that stands for the chain before its first block.
    package func genesisHash(network: Digest) -> Digest { body.genesisHash(network: network) }
}

extension ChainBody {
    /// The hash that stands for the chain before its first block: over network id, chain id and the description's hash.
    package func genesisHash(network: Digest) -> Digest {
        Blake2b.hash(.genesis, network.bytes + chain.id.text.padded.bytes + hash.bytes)
    }
}

/// Shows that a chain has joined: its entry in the state of a final notary block.
package struct JoinNotice: Hashable, Sendable {
    package var chain: ChainID
    package var final: FinalHeader
    package var proof: StateProof

    package init(chain: ChainID, final: FinalHeader, proof: StateProof) {
        self.chain = chain
        self.final = final
        self.proof = proof
    }

    init(_ message: PBJoinNotice) throws(WireFault) {
        try Field.present(message.hasFinal && message.hasProof, "JoinNotice.final")
        chain = try Field.subChain(message.chain, "JoinNotice.chain")
        final = try FinalHeader(message.final)
        proof = try StateProof(message.proof)
    }

    var message: PBJoinNotice {
        var message = PBJoinNotice()
        message.chain = chain.description
        message.final = final.message
        message.proof = proof.message
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) { try self.init(try Field.canonical(PBJoinNotice.self, bytes, "JoinNotice")) }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// Chains that have joined, and those that notaries have admitted, though not yet enough of them.
package struct Joins: Hashable, Sendable {
    /// A chain that waits for further notaries.
    package struct Applicant: Hashable, Sendable {
        package var body: ChainBody
        /// Keys of the notaries that admit it.
        package var notaries: [PublicKey]

        package init(body: ChainBody, notaries: [PublicKey]) {
            self.body = body
            self.notaries = notaries
        }
    }

    package var joined: [JoinNotice]
    package var applicants: [Applicant]

    package init(joined: [JoinNotice], applicants: [Applicant]) {
        self.joined = joined
        self.applicants = applicants
    }

    init(_ message: PBJoins) throws(WireFault) {
        try Field.count(message.joined.count, atMost: Limits.chainsPerNetwork, "Joins.joined")
        try Field.count(message.applicants.count, atMost: Limits.applicants, "Joins.applicants")
        joined = try mapChecked(message.joined) { item throws(WireFault) in try JoinNotice(item) }
        applicants = try mapChecked(message.applicants) { item throws(WireFault) in
            try Field.count(item.notaries.count, atMost: Limits.nodesPerChain * 2, "Applicant.notaries")
            return Applicant(
                body: try ChainBody(decoding: [UInt8](item.body)),
                notaries: try mapChecked(item.notaries) { key throws(WireFault) in try Field.key(key, "Applicant.notaries") })
        }
    }

    var message: PBJoins {
        var message = PBJoins()
        message.joined = joined.map(\.message)
        message.applicants = applicants.map { applicant in
            var item = PBApplicant()
            item.body = Digest.dataOf(applicant.body.bytes)
            item.notaries = applicant.notaries.map(\.data)
            return item
        }
        return message
    }
}
