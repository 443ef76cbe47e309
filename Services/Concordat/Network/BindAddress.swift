import BusShell
import Foundation
import Runtime

/// An address of this machine on which a bus listens, whatever the host is called by which others find it.
struct BindAddress: Hashable, Sendable {
    private let text: String

    /// What `--bind` says; nil when it says nothing.
    static func read(_ flag: String?) throws -> BindAddress? {
        guard let text = Setting.text(flag, "bind") else { return nil }
        guard isAddress(text) else {
            throw Setting.bad("bind", text, "Give an IPv4 address of this machine, such as 10.0.0.5, or 0.0.0.0 for all of them.")
        }
        return BindAddress(text: text)
    }

    /// The same ports, here.
    func doors(of doors: BusDoors) -> BusDoors {
        var bound = doors
        bound.members = doors.members.map(here)
        bound.fanOut = doors.fanOut.map(here)
        bound.clients = doors.clients.map(here)
        return bound
    }

    private func here(_ endpoint: String) -> String {
        guard case .tcp(_, let port)? = Endpoint(endpoint) else { return endpoint }
        return "tcp://\(text):\(port)"
    }

    /// The host of an endpoint if it is a name, which nothing can listen on.
    static func hostName(_ endpoint: String) -> String? {
        guard case .tcp(let host, _)? = Endpoint(endpoint), !isAddress(host), host != "*" else { return nil }
        return host
    }

    private static func isAddress(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }
}
