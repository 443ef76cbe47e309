import Foundation
import Wire

/// Path and query of a request, decoded once.
package struct RequestTarget {
    /// Between the slashes; begins with an empty part.
    package let path: [String]
    package let query: [(name: String, value: String)]

    /// - Throws: a fault for what cannot be decoded.
    package init(_ text: String) throws(GatewayFault) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in parts[0].split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = part.removingPercentEncoding else { throw .notFound("the path cannot be read") }
            path.append(decoded)
        }
        self.path = path
        var query: [(String, String)] = []
        for item in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { part in
                part.replacing("+", with: " ").removingPercentEncoding
            }
            guard let name = pair[0], let value = pair.count == 2 ? pair[1] : "" else { throw .malformed("the query cannot be read") }
            query.append((name, value))
        }
        self.query = query
    }

    /// Other people's words, fit to be shown.
    package static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(40).map { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format ? "?" : $0 }))
    }
}

/// The name of a machine, as requests give it, without its port.
package struct HostName {
    /// Lower case; an IPv6 address without brackets.
    package let name: String

    /// - Returns: nil for what is no name.
    package init?(_ authority: String) {
        var text = authority.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let port = text[text.index(after: end)...]
            guard port.isEmpty || HostName.isPort(port) else { return nil }
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if let colon = text.firstIndex(of: ":") {
            guard HostName.isPort(text[colon...]) else { return nil }
            text = String(text[..<colon])
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }) else { return nil }
        name = text
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && UInt16(text.dropFirst()) != nil
    }
}
