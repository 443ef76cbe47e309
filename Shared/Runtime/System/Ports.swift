import Foundation

/// TCP ports of this machine.
package enum Ports {
    /// First port that is given out: below are those of well-known services.
    private static let first = 10_000
    /// Places that are tried.
    private static let attempts = 100

    /// So many ports that are free now, on the loopback address, one after the other where that is possible.
    ///
    /// They are none of those that the system gives to outgoing connections: any program might have one before a service listens there,
    /// or while it is started anew.
    /// - Returns: nil when the system has none left.
    package static func free(count: Int) -> [UInt16]? {
        let end = outgoing.lowerBound - count
        if end > first {
            for _ in 0..<attempts {
                let start = Int.random(in: first..<end)
                let ports = (start..<start + count).map { UInt16($0) }
                if ports.allSatisfy(isFree) { return ports }
            }
        }
        return chosenBySystem(count: count)
    }

    /// Ports that the system gives to outgoing connections.
    private static var outgoing: ClosedRange<Int> {
        let usual = 32_768...60_999
        guard let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8) else { return usual }
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        return numbers.count == 2 && numbers[0] <= numbers[1] && numbers[1] <= 65_535 ? numbers[0]...numbers[1] : usual
    }

    /// Whatever is free, where hardly anything is left for services.
    private static func chosenBySystem(count: Int) -> [UInt16]? {
        // All are held until the last is found, so that none is given twice.
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        var ports: [UInt16] = []
        while ports.count < count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { return nil }
            descriptors.append(descriptor)
            guard bindLoopback(descriptor, port: 0), let port = boundPort(descriptor) else { return nil }
            ports.append(port)
        }
        return ports
    }

    /// Whether a service could listen on a port now.
    package static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // As libzmq does: connections of a former run that still fade away are no obstacle.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return bindLoopback(descriptor, port: port)
    }

    /// The process that listens on a port, as far as this user may see it.
    package static func holder(of port: UInt16) -> (processID: Int32, name: String)? {
        let inodes = listeningInodes(port)
        guard !inodes.isEmpty, let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return nil }
        for processID in entries.compactMap({ Int32($0) }).sorted() {
            let folder = "/proc/\(processID)/fd"
            for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(entry)") else { continue }
                if inodes.contains(target) { return (processID, ProcessTable.name(of: processID) ?? "?") }
            }
        }
        return nil
    }

    private static func bindLoopback(_ descriptor: Int32, port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// `socket:[INODE]` of the sockets that listen on a port, from /proc/net/tcp and tcp6 (state 0A).
    private static func listeningInodes(_ port: UInt16) -> Set<String> {
        var inodes: Set<String> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let text = try? String(contentsOfFile: table, encoding: .utf8) else { continue }
            for line in text.split(separator: "\n").dropFirst() {
                let columns = line.split(separator: " ")
                guard columns.count > 9, columns[3] == "0A", let colon = columns[1].lastIndex(of: ":"),
                    UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
                else { continue }
                inodes.insert("socket:[\(columns[9])]")
            }
        }
        return inodes
    }
}
