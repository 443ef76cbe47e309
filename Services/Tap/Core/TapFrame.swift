import Cryptography
import Wire

/// One published frame, as somebody who watches the bus wants to see it.
package struct TapFrame: Sendable, Hashable {
    /// Site whose bus stamped it, and that bus's boot epoch.
    package let site: String
    package let bootEpoch: UInt64
    package let topic: String
    /// Member that published it, as its bus authenticated it.
    package let publisher: String
    /// Position in its stream, from 1.
    package let sequence: UInt64
    /// The bus's clock, Unix milliseconds.
    package let timeMilliseconds: UInt64
    /// Of the body.
    package let byteCount: Int
    /// What it is, in a word: `candidate`, `vote`, …; `unreadable` for what this program cannot read.
    package let kind: String
    package static let beatKind = "beat"
    /// Every kind there is.
    package static let kinds = [
        "accepted", "admission", "alarm", "beat", "branch", "candidate", "certificate", "certified", "confirm", "consent", "contract", "evidence", "final",
        "handover", "joined", "lead", "leg", "nomination", "notarized", "pause", "pool", "recorded", "unreadable", "verdict", "vote",
    ]

    /// Nil for what is about no chain, or several.
    package let chain: ChainID?
    /// Nil for what is about no block.
    package let height: Height?
    /// Ids and xids of the transactions that it is about, each once.
    package let transactions: [Digest]
    /// The rest, for people: one line of plain text.
    package let detail: String

    /// What role published it: `builder` of `builder.alpha@alpha-1/1`; the whole name for others.
    package var role: String { RoleAddress(publisher)?.role.rawValue ?? publisher }

    /// The publisher's node; the whole name for others.
    package var node: String { RoleAddress(publisher)?.node ?? publisher }

    /// Reads a frame.
    ///
    /// - Parameter network: its id; frames of other networks are unreadable.
    package init(topic: String, stamp: BusStamp, body: [UInt8], network: Digest) {
        site = stamp.site
        bootEpoch = stamp.bootEpoch
        self.topic = topic
        publisher = stamp.publisher
        sequence = stamp.sequence
        timeMilliseconds = stamp.timeMilliseconds
        byteCount = body.count
        let named = topic.firstIndex(of: ".").flatMap { ChainID(String(topic[topic.index(after: $0)...])) }
        guard let message = try? Message(decoding: body, network: network) else {
            (kind, chain, height, transactions, detail) = ("unreadable", named, nil, [], "")
            return
        }
        let reading = TapReading(message, on: named, network: network)
        (kind, chain, height, transactions, detail) = (reading.kind, reading.chain ?? named, reading.height, reading.transactions, reading.detail)
    }
}
