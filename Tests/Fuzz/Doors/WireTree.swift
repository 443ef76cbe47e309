/// Any protocol buffer as a tree, without its schema: what looks like a message within a message is taken for one.
struct WireTree {
    indirect enum Value {
        case number(UInt64)
        /// Four or eight bytes.
        case fixed([UInt8])
        case bytes([UInt8])
        case message([Field])
    }

    struct Field {
        var number: UInt64
        var value: Value
    }

    var fields: [Field]

    init(_ fields: [Field]) { self.fields = fields }

    /// Nil when the bytes are no protocol buffer.
    init?(_ bytes: some Collection<UInt8>, depth: Int = 0) {
        var reader = Reader(rest: Array(bytes)[...])
        fields = []
        while !reader.rest.isEmpty {
            guard let tag = reader.varint(), tag >> 3 > 0 else { return nil }
            switch tag & 7 {
            case 0:
                guard let number = reader.varint() else { return nil }
                fields.append(Field(number: tag >> 3, value: .number(number)))
            case 1, 5:
                guard let content = reader.take(tag & 7 == 1 ? 8 : 4) else { return nil }
                fields.append(Field(number: tag >> 3, value: .fixed(content)))
            case 2:
                guard let count = reader.varint(), let content = reader.take(Int(clamping: count)) else { return nil }
                let inner = depth < 8 && content.count > 1 ? WireTree(content, depth: depth + 1) : nil
                fields.append(Field(number: tag >> 3, value: inner.map { .message($0.fields) } ?? .bytes(content)))
            default: return nil
            }
        }
    }

    var bytes: [UInt8] { WireTree.write(fields) }

    private static func write(_ fields: [Field]) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            switch field.value {
            case .number(let number): bytes += Amplifier.varint(field.number << 3) + Amplifier.varint(number)
            case .fixed(let content): bytes += Amplifier.varint(field.number << 3 | (content.count == 8 ? 1 : 5)) + content
            case .bytes(let content): bytes += head(field, content.count) + content
            case .message(let fields):
                let content = write(fields)
                bytes += head(field, content.count) + content
            }
        }
        return bytes
    }

    private static func head(_ field: Field, _ count: Int) -> [UInt8] {
        Amplifier.varint(field.number << 3 | 2) + Amplifier.varint(UInt64(count))
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func varint() -> UInt64? {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                if shift < 64 { number |= UInt64(byte & 127) << shift }
                if byte < 128 { return number }
            }
            return nil
        }

        mutating func take(_ count: Int) -> [UInt8]? {
            guard count >= 0, count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}
