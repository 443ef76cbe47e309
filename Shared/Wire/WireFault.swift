/// Why bytes from outside were refused at the door. A value, never a crash: it is logged, counted, and the bytes dropped.
package struct WireFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with bytes from outside.
    package enum Kind: String, Sendable, CaseIterable {
        /// No protocol buffer of the expected type.
        case malformed
        /// A field that must be there is not.
        case missing
        /// A field's length or value is outside what its comment in the schema allows.
        case invalid
        /// More than a named limit.
        case tooLarge = "too_large"
        /// Bytes that decode but are not what an encoder would have written.
        case notCanonical = "not_canonical"
    }

    package var kind: Kind
    /// Field, as in the schema: `TransferBody.amount`.
    package var field: String

    package init(_ kind: Kind, _ field: String) {
        self.kind = kind
        self.field = field
    }

    package var description: String { "\(field): \(kind.rawValue)" }
}
