/// A place where bytes from outside, or from a disk, come in, with all that must hold whatever they are.
package struct Door: Sendable, CustomStringConvertible {
    /// What inputs look like, so that they can be changed with sense.
    package enum Form: Sendable {
        case bytes
        /// A protocol buffer after so many bytes that choose something.
        case message(prefix: Int)
        /// Steps (`Script`), each of which may hold a protocol buffer after so many bytes.
        case script(prefix: Int)
    }

    package let name: String
    package let form: Form
    /// Longest input that the fuzzer makes, in bytes. The reader itself is to stand any number.
    package let longest: Int
    private let body: @Sendable ([UInt8]) throws -> Bool

    /// - Parameter body: hands the bytes in; true when they were taken, false when they were refused. Throws `Broken` alone.
    init(_ name: String, _ form: Form = .bytes, longest: Int = 4_096, _ body: @escaping @Sendable ([UInt8]) throws -> Bool) {
        self.name = name
        self.form = form
        self.longest = longest
        self.body = body
    }

    package var description: String { name }

    /// Hands an input in.
    /// - Returns: whether it was taken; otherwise it was refused with a reason.
    /// - Throws: what does not hold.
    @discardableResult
    package func enter(_ bytes: [UInt8]) throws(Broken) -> Bool {
        do {
            return try body(bytes)
        } catch let broken as Broken {
            throw broken
        } catch {
            throw Broken("an error that nobody turned into a reason came out: \(error)")
        }
    }

    /// Every door of the project.
    package static let all = wire + bus + texts + files + banks + taps + ledger + roles

    package static func named(_ name: String) -> Door? { all.first { $0.name == name } }
}

/// Something that must hold does not.
package struct Broken: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

func demand(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(Broken) {
    guard condition else { throw Broken(sentence()) }
}

/// Reads a value, writes it, reads that, and writes it again: what was written first must be taken, and written the same.
///
/// - Parameter isKept: only the bytes that an encoder writes are taken at all.
/// - Returns: the value; nil when the bytes were refused.
func comesBack<Value>(
    _ bytes: [UInt8], isKept: Bool = false, decode: ([UInt8]) -> Value?, encode: (Value) -> [UInt8]
) throws(Broken) -> Value? {
    guard let value = decode(bytes) else { return nil }
    let written = encode(value)
    try demand(!isKept || written == bytes, "bytes that no encoder writes were taken")
    guard let again = decode(written) else { throw Broken("what was taken and written again is refused") }
    try demand(encode(again) == written, "what was taken, written and read again is something else")
    return value
}
