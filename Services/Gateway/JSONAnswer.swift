import Foundation
import Hummingbird

/// What is sent back.
enum JSONAnswer {
    static func text(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { preconditionFailure("answers hold plain values only") }
        return [UInt8](data)
    }

    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        bytes(text(value), type: "application/json", status: status)
    }

    static func bytes(_ content: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: type, .cacheControl: "no-store"], body: .init(byteBuffer: ByteBuffer(bytes: content)))
    }

    /// The answer alone ends no connection: what else the sender sends would be read and thrown away, for as long as it likes.
    static func ending(_ response: Response) -> Response {
        struct ConnectionEnded: Error {}
        let whole = response
        var response = response
        response.headers[.connection] = "close"
        response.body = .init(contentLength: whole.body.contentLength) { writer in
            var last: (any ResponseBodyWriter)? = writer
            guard let taken = last.take() else { return }
            try await whole.body.write(taken)
            try? await Task.sleep(for: .milliseconds(GatewayLimits.lingerMilliseconds))
            throw ConnectionEnded()
        }
        return response
    }
}
