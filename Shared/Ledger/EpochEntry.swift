import Cryptography
import Wire

/// Who votes in an epoch of a chain, as the chain's own state has settled it (docs/protocol.md, epochs).
package struct EpochEntry: Hashable, Sendable {
    /// From which height on blocks of a sub-chain are certified by the notaries of this epoch; on the notary chain only.
    package struct FirstHeight: Hashable, Sendable {
        package var chain: ChainID
        package var height: Height

        package init(chain: ChainID, height: Height) {
            self.chain = chain
            self.height = height
        }
    }

    package let epoch: Epoch
    /// Draws the leaders of the epoch, where they are drawn.
    package let seed: Digest
    /// In voting order.
    package let members: [Electorate.Member]
    /// Ascending by chain.
    package let firstHeights: [FirstHeight]

    /// - Precondition: an electorate can be made of the members.
    package init(epoch: Epoch, seed: Digest, members: [Electorate.Member], firstHeights: [FirstHeight] = []) {
        precondition(Electorate(members) != nil && epoch > 0, "an epoch after the first has an electorate")
        self.epoch = epoch
        self.seed = seed
        self.members = members
        self.firstHeights = firstHeights
    }

    /// The electorate as a chain of an engine uses it.
    package func electorate(_ engine: Engine) -> Electorate {
        guard let electorate = Electorate(members, turns: engine == .pos ? .byWeight(seed: seed) : .inOrder) else {
            preconditionFailure("an entry's members are an electorate")
        }
        return electorate
    }

    /// The seed of an epoch, from the one before and the last block that could have a say in it.
    package static func seed(after seed: Digest, block: Digest) -> Digest { Blake2b.hash(.epochSeed, seed.bytes + block.bytes) }

    /// The exact bytes the state tree commits to: epoch u64, seed 32, count u16, then of each member node id padded to 32, key 32,
    /// weight u64; count u16, then of each first height chain padded to 32, height u64.
    package var encoded: [UInt8] { valueBytes }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let epoch = reader.number(UInt64.self), epoch > 0, let seed = reader.digest(), let count = reader.number(UInt16.self) else {
            return nil
        }
        var members: [Electorate.Member] = []
        for _ in 0..<count {
            guard let node = reader.digest()?.paddedName, ShortText(node, where: { _ in true }) != nil, let key = reader.digest(),
                let weight = reader.number(UInt64.self)
            else { return nil }
            members.append(Electorate.Member(node: node, key: PublicKey(key), weight: weight))
        }
        var heights: [FirstHeight] = []
        guard let heightCount = reader.number(UInt16.self), Electorate(members) != nil else { return nil }
        for _ in 0..<heightCount {
            guard let chain = reader.digest()?.paddedName.flatMap({ ChainID($0) }), let height = reader.number(UInt64.self),
                heights.last.map({ $0.chain < chain }) ?? true
            else { return nil }
            heights.append(FirstHeight(chain: chain, height: height))
        }
        guard reader.isAtEnd else { return nil }
        self.init(epoch: epoch, seed: seed, members: members, firstHeights: heights)
    }
}

extension EpochEntry: StateValue {
    var stateKey: Digest { StateKey.epoch(epoch) }
    var valueByteCount: Int { 8 + 32 + 2 + members.count * 72 + 2 + firstHeights.count * 40 }

    func write(into writer: inout ValueWriter) {
        writer.put(epoch)
        writer.put(seed)
        writer.put(UInt16(members.count))
        for member in members {
            guard let node = ShortText(member.node, where: { _ in true }) else { preconditionFailure("a node's id is at most 32 bytes") }
            writer.put(node.padded)
            writer.put(member.key.digest)
            writer.put(member.weight)
        }
        writer.put(UInt16(firstHeights.count))
        for first in firstHeights {
            writer.put(first.chain.text.padded)
            writer.put(first.height)
        }
    }
}
