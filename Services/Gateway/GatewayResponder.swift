import Dispatch
import Hummingbird
import WalletDesk
import Wire

/// Leads every request to its route, and tells the sender why when there is none.
struct GatewayResponder: HTTPResponder {
    let gateway: Gateway

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response: Response
        let begin = DispatchTime.now().uptimeNanoseconds
        var place = ""
        defer { gateway.meter.listen(gateway.live.hub.count) }
        do {
            response = try await answer(request, &place)
        } catch let fault as GatewayFault {
            response = fault.response
        } catch let failure as Failure {
            response = GatewayFault(failure).response
        } catch let error as CancellationError {
            throw error
        } catch {
            context.logger.warning("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            response = GatewayFault(502, .notReady, "the gateway cannot ask the network", "See the gateway's log.").response
        }
        gateway.meter.count(request.method.rawValue, place, status: response.status.code, nanoseconds: DispatchTime.now().uptimeNanoseconds - begin)
        response.headers[.xContentTypeOptions] = "nosniff"
        return request.method == .head ? GatewayResponder.headOnly(response) : response
    }

    /// - Parameter place: becomes the route that is asked for, as soon as it is known.
    private func answer(_ request: Request, _ place: inout String) async throws -> Response {
        try checkHost(request)
        let target = try RequestTarget(request.head.path ?? "/")
        let matching = Routes.all.compactMap { route in route.parameters(in: target.path).map { (route, $0) } }
        guard !matching.isEmpty else { throw GatewayFault.notFound("there is nothing at this path") }
        let method = request.method == .head ? .get : request.method
        guard let (route, parameters) = matching.first(where: { $0.0.method == method }) else {
            var fault = GatewayFault(405, .notAllowed, "\(request.method.rawValue) is not for this path", GatewayFault.seeDocument)
            fault.allowed = matching.flatMap { $0.0.method == .get ? ["GET", "HEAD"] : [$0.0.method.rawValue] }
            fault.endsConnection = GatewayResponder.hasBody(request)
            throw fault
        }
        place = route.template
        // Only submissions bring a body; one that nobody reads could go on for ever.
        if route.method == .get, GatewayResponder.hasBody(request) {
            var fault = GatewayFault.malformed("\(request.method.rawValue) takes no body")
            fault.endsConnection = true
            throw fault
        }
        var query: [String: String] = [:]
        for (name, value) in target.query {
            guard route.query.contains(name) else { throw GatewayFault.malformed("there is no parameter \(RequestTarget.shown(name)) here") }
            guard query.updateValue(value, forKey: name) == nil else { throw GatewayFault.malformed("the parameter \(name) occurs twice") }
        }
        if route.method == .post { try checkOrigin(request) }
        return try await route.answer(Call(gateway: gateway, request: request, parameters: parameters, query: query))
    }

    /// A name that leads here without being ours is somebody else's page that wants to be taken for ours.
    private func checkHost(_ request: Request) throws {
        guard let host = HostName(request.head.authority ?? ""), gateway.hosts.contains(host.name) else {
            var fault = GatewayFault(421, .notAllowed, "this gateway is not known under that name", "Names are given with --public.")
            fault.endsConnection = true
            throw fault
        }
    }

    /// Pages of others submit nothing.
    private func checkOrigin(_ request: Request) throws {
        guard let origin = request.headers[.origin] else { return }
        let parts = origin.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count == 2, let host = HostName(String(parts[1])), gateway.hosts.contains(host.name) else {
            var fault = GatewayFault(403, .notAllowed, "pages of other sites submit nothing here", "Send it without a browser, or from the gateway's own page.")
            fault.endsConnection = true
            throw fault
        }
    }

    private static func hasBody(_ request: Request) -> Bool {
        request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0"
    }

    private static func headOnly(_ response: Response) -> Response {
        var response = response
        response.body = .init(contentLength: response.body.contentLength) { writer in try await writer.finish(nil) }
        return response
    }
}
