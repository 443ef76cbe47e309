/// The form of topics on the wire.
///
/// The first part of a published frame is the topic's bytes and one space (BUS-3). A topic holds no space, so a subscription
/// to `vote.alpha` and a space hears that topic alone and not `vote.alphabet`.
package enum BusTopic {
    /// Ends the topic in the first part of a frame.
    package static let end = UInt8(ascii: " ")

    /// True for 1 to `BusLimits.topicBytes` bytes of letters, digits, dots, hyphens, slashes and underscores.
    package static func isValid(_ topic: String) -> Bool {
        let bytes = topic.utf8
        return !bytes.isEmpty && bytes.count <= BusLimits.topicBytes && bytes.allSatisfy(isTopicByte)
    }

    /// The first part of a frame on a topic, which is also the subscription that hears it alone.
    package static func part(_ topic: String) -> [UInt8] { Array(topic.utf8) + [end] }

    /// - Returns: nil unless the part is a valid topic and its end.
    package static func parse(_ part: [UInt8]) -> String? {
        guard part.last == end, part.count <= BusLimits.topicBytes + 1 else { return nil }
        let topic = String(decoding: part.dropLast(), as: UTF8.self)
        return isValid(topic) ? topic : nil
    }

    private static func isTopicByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

/// Names meant by a rule: one exact name, or, with a star at the end, all that begin like it (BUS-17).
package struct BusPattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// As written, `final.alpha` or `final.*`.
    package let description: String
    private let stem: String
    private let isPrefix: Bool

    package init(_ text: String) {
        description = text
        isPrefix = text.hasSuffix("*")
        stem = isPrefix ? String(text.dropLast()) : text
    }

    package init(stringLiteral text: String) { self.init(text) }

    /// True when the name is meant.
    package func matches(_ name: String) -> Bool { isPrefix ? name.hasPrefix(stem) : name == stem }

    /// The subscription that hears the topics meant.
    package var subscription: [UInt8] { isPrefix ? Array(stem.utf8) : BusTopic.part(stem) }
}
