import Hummingbird

/// Server-sent events.
enum EventAnswers {
    static func events(_ call: Call) async throws -> Response {
        var kinds = Set(LiveEvent.Kind.allCases)
        kinds.remove(.board)
        if let text = call.query["kinds"] {
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let known = names.compactMap { LiveEvent.Kind(rawValue: $0) }
            guard known.count == names.count, !known.isEmpty, Set(known).count == known.count else {
                throw GatewayFault.malformed("kinds has to name events, each once: \(LiveEvent.Kind.allCases.map(\.rawValue).joined(separator: ","))")
            }
            kinds = Set(known)
        }
        let (gateway, body, wanted) = (call.gateway, call.request.body, kinds)
        guard call.request.method == .get else { return stream(.init()) }
        let client = try gateway.live.hub.join(wanted)
        let first = wanted.contains(.board) ? LiveEvent(.board, gateway.live.board()).bytes : []
        return stream(
            .init { writer in
                defer { gateway.live.hub.leave(client) }
                nonisolated(unsafe) var out: any ResponseBodyWriter = writer
                let task = Task {
                    try await out.write(ByteBuffer(bytes: Array("retry: \(GatewayLimits.eventRetryMilliseconds)\n\n".utf8) + first))
                    for await event in client.events {
                        try await out.write(ByteBuffer(bytes: event.bytes))
                        client.told(event)
                    }
                    if client.isCut { try await out.write(ByteBuffer(bytes: LiveEvent.cut)) }
                }
                client.whenCut { task.cancel() }
                // Without this a client that is gone would be noticed only when a write fails.
                try await body.consumeWithInboundCloseHandler { _ in
                    try await withTaskCancellationHandler { try await task.value } onCancel: { task.cancel() }
                } onInboundClosed: {
                    gateway.live.hub.leave(client)
                    task.cancel()
                }
                try await writer.finish(nil)
            })
    }

    private static func stream(_ body: ResponseBody) -> Response {
        Response(status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }
}
