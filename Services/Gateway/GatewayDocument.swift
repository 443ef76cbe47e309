/// What is served as it is written, as a part of the program.
package enum GatewayDocument {
    /// OpenAPI 3.1: every request and every answer. A test holds the routes to it.
    package static var openAPI: [UInt8] { PackageResources.openapi_json }
}
