import Cryptography
import Wire

/// The canonical description of what defines a network's ledgers; its hash is the network id (docs/network.md, network id).
///
/// Numbers are big endian. A text or list is preceded by its length or count in 4 bytes; chain and asset ids are padded with
/// zeros to 32 bytes. Endpoints, sites, transport keys and the network's name are no part of it.
package enum NetworkIdentity {
    /// The network id of these ledgers.
    package static func id(version: UInt32, notary: ChainDescription, chains: [ChainDescription], contracts: [Contract], timing: Timing) -> Digest {
        Blake2b.hash(.network, bytes(version: version, notary: notary, chains: chains, contracts: contracts, timing: timing))
    }

    /// The canonical bytes.
    package static func bytes(
        version: UInt32, notary: ChainDescription, chains: [ChainDescription], contracts: [Contract], timing: Timing
    ) -> [UInt8] {
        var bytes = CanonicalBytes()
        bytes.append(version)
        for field in TimingFields.all { bytes.append(timing[keyPath: field.path]) }
        bytes.append(notary)
        bytes.append(UInt32(chains.count))
        for chain in chains.sorted(by: { $0.id < $1.id }) { bytes.append(chain) }
        bytes.append(UInt32(contracts.count))
        for contract in contracts.sorted(by: { ($0.id, $0.version) < ($1.id, $1.version) }) { bytes.append(contract) }
        return bytes.bytes
    }
}

/// The timeouts of `network.yaml`, in the order of the canonical description.
enum TimingFields {
    static var all: [(name: String, path: WritableKeyPath<Timing, UInt64>)] {
        [
            ("heartbeat_milliseconds", \.heartbeatMilliseconds),
            ("skip_milliseconds", \.skipMilliseconds),
            ("standstill_milliseconds", \.standstillMilliseconds),
            ("fetch_milliseconds", \.fetchMilliseconds),
            ("republish_milliseconds", \.republishMilliseconds),
            ("leg_resend_milliseconds", \.legResendMilliseconds),
            ("leg_resend_maximum_milliseconds", \.legResendMaximumMilliseconds),
            ("candidate_resend_milliseconds", \.candidateResendMilliseconds),
            ("beat_milliseconds", \.beatMilliseconds),
        ]
    }
}

/// The settings of a mined chain in `network.yaml`, in the order of the canonical description.
enum WorkFields {
    static var all: [(name: String, path: WritableKeyPath<WorkRule, UInt64>, bounds: ClosedRange<UInt64>)] {
        [
            ("interval_milliseconds", \.intervalMilliseconds, 1...86_400_000),
            ("difficulty", \.difficulty, WorkRule.difficulties),
            ("window", \.window, WorkRule.windows),
            ("confirmations", \.confirmations, WorkRule.confirmationCounts),
        ]
    }
}

private struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ number: UInt32) { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func append(_ number: UInt64) { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func append(_ digest: Digest) { bytes.append(contentsOf: digest.bytes) }

    mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ chain: ChainDescription) {
        append(chain.id.text.padded)
        append(chain.engine.rawValue)
        append(chain.genesisTime)
        append(UInt32(chain.nodes.count))
        for node in chain.nodes {
            append(node.id)
            append(node.key.digest)
        }
        append(UInt32(chain.genesis.count))
        for account in chain.genesis {
            append(account.key.digest)
            append(UInt32(account.balances.count))
            for balance in account.balances {
                append(balance.asset.text.padded)
                append(balance.amount)
            }
        }
        if let epochs = chain.epochs {
            append(epochs.slots)
            append(epochs.margin)
        }
        if let election = chain.election {
            append(UInt64(election.seats))
            append(election.lead)
            append(UInt32(election.standby.count))
            for node in election.standby {
                append(node.id)
                append(node.key.digest)
            }
        }
        if let stake = chain.stake {
            append(stake.asset.text.padded)
            append(stake.minimum)
            append(stake.unbondingMilliseconds)
            append(stake.slashNumerator)
            append(stake.slashDenominator)
            for node in chain.nodes { append(node.stake) }
        }
        if let work = chain.work {
            for field in WorkFields.all { append(work[keyPath: field.path]) }
        }
    }

    mutating func append(_ contract: Contract) {
        append(contract.id)
        append(contract.version)
        for side in [contract.first, contract.second] {
            append(side.chain.text.padded)
            append(side.asset.text.padded)
            append(side.reserve.digest)
        }
        append(contract.rateNumerator)
        append(contract.rateDenominator)
        append(contract.minimumAmount)
        append(contract.maximumAmount)
        append(contract.deadlineMaximumMilliseconds)
        // Only a peg's deadline is 0, so the bytes of two descriptions never agree.
        for members in contract.peg.map({ [$0.issuers, $0.releasers] }) ?? [] {
            append(UInt32(members.threshold))
            append(UInt32(members.keys.count))
            for key in members.keys { append(key.digest) }
        }
        guard !contract.brakes.isEmpty else { return }
        // No text is so long, so no contract begins like this.
        append(UInt32.max)
        for side in [contract.brakes.first, contract.brakes.second] {
            let (cap, delay) = (side?.cap, side?.delay)
            let numbers: [UInt64] = [
                cap?.amount ?? 0, cap?.windowMilliseconds ?? 0, cap?.isObserved ?? false ? 1 : 0, delay?.amount ?? 0, delay?.milliseconds ?? 0,
                delay?.isObserved ?? false ? 1 : 0,
            ]
            for number in numbers { append(number) }
        }
    }
}
