import Foundation
import Runtime
import Testing

/// Ports for services of a new network.
@Suite struct PortsTests {
    @Test("free ports are free, each is another, and none is of those that the system gives to outgoing connections")
    func free() throws {
        let range = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        for count in [1, 9, 72] {
            let ports = try #require(Ports.free(count: count))
            #expect(ports.count == count && Set(ports).count == count)
            #expect(ports.allSatisfy { $0 >= 1_024 && (range[0] < 11_000 || Int($0) < range[0]) }, "\(ports) beside \(range)")
        }
    }

    @Test("a port where somebody listens is not free, and it is known who that is")
    func taken() throws {
        let port = try #require(Ports.free(count: 1)?.first)
        #expect(Ports.isFree(port))
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        #expect(bound == 0 && listen(descriptor, 1) == 0)
        #expect(!Ports.isFree(port))
        #expect(Ports.holder(of: port)?.processID == getpid())
    }
}
