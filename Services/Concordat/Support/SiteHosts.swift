/// By which host each site's bus is found.
struct SiteHosts: Hashable, Sendable {
    /// As given, with `SITE` where the site's name stands.
    private let pattern: String

    static let loopback = SiteHosts(pattern: "127.0.0.1")
    private static let siteWord = "SITE"
    /// Of a name in the DNS.
    private static let longestName = 253

    /// What `--host` says.
    static func read(_ flag: String?) throws -> SiteHosts {
        guard let text = Setting.text(flag, "host") else { return .loopback }
        let plain = text.replacing(siteWord, with: "")
        guard !text.isEmpty, text.utf8.count <= longestName, plain.utf8.allSatisfy({ isPart($0) }) else {
            throw Setting.bad("host", text, "Give a host name or an IPv4 address, such as bus-SITE or SITE.example.org; SITE stands for the site's name.")
        }
        return SiteHosts(pattern: text)
    }

    /// Small letters, digits, `-` and `.`.
    private static func isPart(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// Each site has a host of its own, so that all can use the same ports.
    var areApart: Bool { pattern.contains(SiteHosts.siteWord) }

    func host(of site: String) -> String { pattern.replacing(SiteHosts.siteWord, with: site) }
}
