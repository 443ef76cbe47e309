/// The labels of a series, written out once: `role="collector",chain="alpha"`.
package struct MetricLabels: Hashable, Sendable {
    /// As they stand between the braces.
    let text: [UInt8]

    /// No labels.
    package static let none = MetricLabels([])

    package init(_ pairs: [(name: String, value: String)]) {
        var text: [UInt8] = []
        for pair in pairs { MetricLabels.append(pair.name, pair.value, to: &text) }
        self.text = text
    }

    private init(text: [UInt8]) { self.text = text }

    /// These and one more.
    package func adding(_ name: String, _ value: String) -> MetricLabels {
        var longer = text
        MetricLabels.append(name, value, to: &longer)
        return MetricLabels(text: longer)
    }

    private static func append(_ name: String, _ value: String, to text: inout [UInt8]) {
        if !text.isEmpty { text.append(UInt8(ascii: ",")) }
        text += MetricName.label(name).utf8
        text += "=\"".utf8
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text += "\\\\".utf8
            case UInt8(ascii: "\""): text += "\\\"".utf8
            case UInt8(ascii: "\n"): text += "\\n".utf8
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}

/// Names as Prometheus takes them.
enum MetricName {
    /// A metric's name: other characters become underscores, and a digit does not come first.
    static func metric(_ text: String) -> String { clean(text, isColonTaken: true) }
    /// A label's name.
    static func label(_ text: String) -> String { clean(text, isColonTaken: false) }

    private static func clean(_ text: String, isColonTaken: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where isColonTaken: bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
