/// Where to listen, as somebody writes it: `127.0.0.1:9464`, `[::1]:0`.
package struct ListenAddress: Hashable, Sendable {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// A port of this machine alone that is free.
    package static let anywhere = ListenAddress(host: "127.0.0.1", port: 0)

    /// - Returns: nil for what is no address.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { return nil }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port))
    }
}
