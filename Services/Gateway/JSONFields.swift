import Foundation

/// A JSON object of known fields.
package struct JSONFields {
    private enum Value: Decodable {
        case flag(Bool), text(String), number(Double), list([Value]), object([String: Value]), nothing

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .nothing
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let list = try? container.decode([Value].self) {
                self = .list(list)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }
    }

    private let fields: [String: Value]

    /// - Throws: a fault that names the field.
    package init(_ bytes: [UInt8], required: [String], optional: [String] = []) throws(GatewayFault) {
        guard case .object(let fields)? = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else { throw .malformed("the body is no JSON object") }
        for name in required where fields[name] == nil { throw .malformed("the field \(name) is missing") }
        if let name = fields.keys.sorted().first(where: { !required.contains($0) && !optional.contains($0) }) {
            throw .malformed("there is no field \(RequestTarget.shown(name))")
        }
        self.fields = fields
    }

    /// - Returns: nil when the field is not there.
    package func text(_ name: String, atMost limit: Int) throws(GatewayFault) -> String? {
        guard let value = fields[name] else { return nil }
        guard case .text(let text) = value, text.utf8.count <= limit else { throw .malformed("\(name) has to be text of at most \(limit) bytes") }
        return text
    }

    /// Yes or no.
    package func flag(_ name: String) throws(GatewayFault) -> Bool {
        guard case .flag(let flag)? = fields[name] else { throw .malformed("\(name) has to be true or false") }
        return flag
    }

    /// Bytes in base64.
    package func bytes(_ name: String) throws(GatewayFault) -> [UInt8] {
        guard case .text(let text)? = fields[name], let data = Data(base64Encoded: text) else { throw .malformed("\(name) has to be bytes in base64") }
        return [UInt8](data)
    }
}
