import Foundation
import Gateway
import Testing

@Suite("Routes of the gateway")
struct RouteTests {
    private struct Document: Decodable {
        struct Operation: Decodable {
            struct Parameter: Decodable {
                var name: String
                var place: String

                private enum CodingKeys: String, CodingKey { case name, place = "in" }
            }

            var operationId: String
            var parameters: [Parameter]
            var responses: [String: Empty]
        }
        struct Empty: Decodable {}

        var openapi: String
        var paths: [String: [String: Operation]]
    }

    private let document: Document

    init() throws { document = try JSONDecoder().decode(Document.self, from: Data(GatewayDocument.openAPI)) }

    @Test("the OpenAPI document and the routes name the same methods of the same paths")
    func same() {
        let written = document.paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } }
        let served = Routes.all.filter { $0.template.hasPrefix("/v1") }.map { "\($0.method.rawValue) \($0.template)" }
        #expect(written.sorted() == served.sorted() && Set(served).count == served.count)
    }

    @Test("the document names every parameter that a route takes, in the path and after the question mark, and no other")
    func parameters() throws {
        for route in Routes.all where route.template.hasPrefix("/v1") {
            let operation = try #require(document.paths[route.template]?[route.method.rawValue.lowercased()])
            let inPath = operation.parameters.filter { $0.place == "path" }.map { "{\($0.name)}" }
            #expect(route.template.split(separator: "/").filter { $0.hasPrefix("{") }.map(String.init).sorted() == inPath.sorted())
            #expect(operation.parameters.filter { $0.place == "query" }.map(\.name).sorted() == route.query.sorted(), "\(route.template)")
        }
    }

    @Test("a path leads to one route at most, and a name in it may be anything but nothing")
    func matching() throws {
        for route in Routes.all {
            let path = route.template.split(separator: "/", omittingEmptySubsequences: false).map { $0.hasPrefix("{") ? "x" : String($0) }
            #expect(Routes.all.filter { $0.method == route.method && $0.parameters(in: path) != nil }.count == 1, "\(route.template)")
        }
        let block = try #require(Routes.all.first { $0.template == "/v1/chains/{chain}/blocks/{height}" })
        #expect(block.parameters(in: ["", "v1", "chains", "alpha", "blocks", "7"]) == ["chain": "alpha", "height": "7"])
        #expect(block.parameters(in: ["", "v1", "chains", "", "blocks", "7"]) == nil)
    }

    @Test("a path and a query are decoded once, and what cannot be decoded is refused")
    func targets() throws {
        let target = try RequestTarget("/v1/chains/a%2Fb/blocks?from=1%202&limit&x=%3D")
        #expect(target.path == ["", "v1", "chains", "a/b", "blocks"])
        #expect(target.query.map(\.name) == ["from", "limit", "x"] && target.query.map(\.value) == ["1 2", "", "="])
        #expect(throws: GatewayFault.self) { try RequestTarget("/v1/%zz") }
        #expect(throws: GatewayFault.self) { try RequestTarget("/v1/chains?a=%f0%28") }
        #expect(RequestTarget.shown("a\u{1b}[31m\u{202e}b") == "a?[31m?b")
    }

    @Test(
        "a host's name is told from its port",
        arguments: [
            ("localhost:8080", "localhost"), ("LOCALHOST", "localhost"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("127.0.0.1:1", "127.0.0.1"), ("", nil), ("a:b", nil),
            ("a:99999", nil), ("[::1", nil), ("user@localhost", nil), ("a b", nil), ("[::1]x", nil),
        ] as [(String, String?)])
    func hosts(text: String, name: String?) { #expect(HostName(text)?.name == name) }
}
