import Foundation

/// Asks a server that is close by one question: all that a health check needs.
package enum PlainHTTP {
    /// What a server said.
    package struct Answer: Sendable {
        package var status: Int
        package var body: String
    }

    /// Nobody answered, and why.
    package struct Silence: Error { package var reason: String }

    /// More than this is no answer to a question about health.
    private static let byteCountMax = 16 * 1024 * 1024

    /// Asks, and waits for the whole answer.
    ///
    /// - Throws: `Silence` when there is no answer within the time.
    package static func get(_ address: ListenAddress, _ path: String, seconds: Int) throws -> Answer {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address.host, "\(address.port)", &hints, &found)
        guard code == 0, let found else { throw Silence(reason: "the name \(address.host) is not known") }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Silence(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var wait = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else { throw Silence(reason: String(cString: strerror(errno))) }
        let request = "GET \(path) HTTP/1.1\r\nHost: \(address.host):\(address.port)\r\nConnection: close\r\n\r\n"
        guard request.utf8.withContiguousStorageIfAvailable({ send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == request.utf8.count else {
            throw Silence(reason: "it does not take the question")
        }
        return try answer(try received(descriptor))
    }

    private static func received(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < byteCountMax {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Silence(reason: errno == EAGAIN ? "it does not answer in time" : String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// The body is as long as the connection lasts: our servers write it whole.
    private static func answer(_ bytes: [UInt8]) throws -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n"), let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Silence(reason: "what it answers is no HTTP")
        }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
