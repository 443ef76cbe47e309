import Cryptography
import Wire

/// A running fingerprint of everything that happens: two runs of one seed must end with the same one.
package struct TraceHash: Sendable, Hashable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }

    package mutating func mix(_ message: Message) {
        switch message {
        case .accepted(let item): mix(1, UInt64(item.transactions.count), UInt64(item.transactions.first?.transaction.count ?? 0))
        case .candidate(let item): mix(2, item.hash.a, item.header.height)
        case .verdict(let item): mix(3, item.block.a, item.notary.digest.a)
        case .certified(let item): mix(4, item.header.hash.a, item.header.slot)
        case .vote(let item): mix(5, item.signature.first.a, item.statement.slot)
        case .certificate(let item): mix(6, item.statement.hash.a, UInt64(item.signers.signatures.count))
        case .final(let item): mix(7, item.hash.a, UInt64(item.finality.votes?.signers.bitmap.first ?? 0))
        case .leg(let item): mix(8, item.cross.xid.a, UInt64(item.purpose.rawValue))
        case .contract(let item): mix(22, item.evidence.block.a, UInt64(item.version))
        case .pause(let item): mix(23, item.evidence.block.a, UInt64(item.target.name[0]))
        case .pauseConsent(let item): mix(24, item.authorization.signature.first.a, item.change.number)
        case .confirm(let item): mix(9, item.xid.a, item.confirmed ? 1 : 0)
        case .branch(let item): mix(10, item.block.a, item.height)
        case .lead(let item): mix(11, item.parent.a, item.slot)
        case .pool(let item): mix(12, item.waiting, 0)
        case .alarm(let item): mix(13, UInt64(item.code.utf8.count), UInt64(item.detail.utf8.count))
        case .evidence(let item): mix(14, UInt64(item.first.count), UInt64(item.second.count))
        case .beat(let item): mix(15, item.height, item.waiting)
        case .consent(let item): mix(18, item.authorization.signature.first.a, item.since)
        case .recorded(let item): mix(16, item.head?.notary.hash.a ?? 0, item.head?.notary.header.height ?? 0)
        case .handover(let item): mix(19, item.epoch, item.final.hash.a)
        case .notarized(let item): mix(17, item.header.hash.a, item.isConfirmed ? 1 : 0)
        case .nomination(let item): mix(55, item.transaction.id.a, 0)
        case .admission(let item): mix(56, item.authorization.signature.first.a, 0)
        case .joined(let item): mix(57, item.final.hash.a, item.final.header.height)
        }
    }

    private mutating func mix(_ kind: UInt64, _ first: UInt64, _ second: UInt64) {
        mix(kind)
        mix(first)
        mix(second)
    }
}
