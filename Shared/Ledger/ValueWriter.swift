import Cryptography

/// Writes an entry's value bytes into a buffer that is known to be large enough; numbers are big-endian.
struct ValueWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    mutating func put(_ number: some FixedWidthInteger & UnsignedInteger) {
        buffer.storeBytes(of: number.bigEndian, toByteOffset: position, as: type(of: number))
        position += number.bitWidth / 8
    }

    mutating func put(_ digest: Digest) {
        buffer.storeBytes(of: digest.a, toByteOffset: position, as: UInt64.self)
        buffer.storeBytes(of: digest.b, toByteOffset: position + 8, as: UInt64.self)
        buffer.storeBytes(of: digest.c, toByteOffset: position + 16, as: UInt64.self)
        buffer.storeBytes(of: digest.d, toByteOffset: position + 24, as: UInt64.self)
        position += Digest.byteCount
    }

    mutating func put(_ bytes: [UInt8]) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[position...]).copyBytes(from: bytes)
        position += bytes.count
    }
}

/// Reads an entry's value bytes; nil once they run out.
struct ValueReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// Whether every byte has been read.
    var isAtEnd: Bool { rest.isEmpty }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Number? {
        let count = Number.bitWidth / 8
        guard rest.count >= count else { return nil }
        let number = rest.prefix(count).reduce(Number.zero) { $0 << 8 | Number($1) }
        rest.removeFirst(count)
        return number
    }

    mutating func digest() -> Digest? {
        guard rest.count >= Digest.byteCount, let digest = Digest(rest.prefix(Digest.byteCount)) else { return nil }
        rest.removeFirst(Digest.byteCount)
        return digest
    }
}
