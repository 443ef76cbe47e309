import Determinism

/// Changes inputs with sense: lengths stay right, numbers go to their limits, parts of one message turn up in another place.
package struct Mutator {
    private var random: SeededRandom
    private static let numbers: [UInt64] = [
        0, 1, 2, 63, 64, 127, 128, 255, 256, 1_000, 65_535, 65_536, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 62, 1 << 63 - 1, 1 << 63,
        UInt64.max - 1, UInt64.max,
    ]

    package init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// An input made of another one.
    package mutating func change(_ bytes: [UInt8], form: Door.Form) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(3) { bytes = changeOnce(bytes, form) }
        return bytes
    }

    private mutating func changeOnce(_ bytes: [UInt8], _ form: Door.Form) -> [UInt8] {
        switch form {
        case .bytes: return edited(bytes)
        case .message(let prefix): return changedMessage(bytes, prefix: prefix)
        case .script(let prefix):
            var script = Script(bytes)
            guard !script.steps.isEmpty else { return edited(bytes) }
            let index = pick(script.steps.count)
            switch random.below(8) {
            case 0: script.steps.remove(at: index)
            case 1: script.steps.insert(script.steps[index], at: pick(script.steps.count + 1))
            case 2: script.steps.swapAt(index, pick(script.steps.count))
            case 3: script.steps[index].operation = UInt8(random.below(16))
            case 4: script.steps.insert(Script.Step(UInt8(random.below(16)), [UInt8(random.below(256))]), at: index)
            default: script.steps[index].content = changedMessage(script.steps[index].content, prefix: prefix)
            }
            return script.bytes
        }
    }

    private mutating func changedMessage(_ bytes: [UInt8], prefix: Int) -> [UInt8] {
        let head = Array(bytes.prefix(prefix))
        guard random.below(8) > 0, var tree = WireTree(bytes.dropFirst(prefix)), !tree.fields.isEmpty else { return edited(bytes) }
        var places: [[Int]] = []
        Mutator.collect(tree.fields, [], &places)
        let place = places[pick(places.count)]
        let donor = Mutator.field(tree.fields, places[pick(places.count)][...])
        changeField(&tree.fields, place[...], donor)
        return head + tree.bytes
    }

    private static func collect(_ fields: [WireTree.Field], _ above: [Int], _ places: inout [[Int]]) {
        for (index, field) in fields.enumerated() {
            places.append(above + [index])
            if case .message(let inner) = field.value { collect(inner, above + [index], &places) }
        }
    }

    private static func field(_ fields: [WireTree.Field], _ place: ArraySlice<Int>) -> WireTree.Field {
        let field = fields[place[place.startIndex]]
        guard place.count > 1, case .message(let inner) = field.value else { return field }
        return self.field(inner, place.dropFirst())
    }

    private mutating func changeField(_ fields: inout [WireTree.Field], _ place: ArraySlice<Int>, _ donor: WireTree.Field) {
        let index = place[place.startIndex]
        if place.count > 1, case .message(var inner) = fields[index].value {
            changeField(&inner, place.dropFirst(), donor)
            fields[index].value = .message(inner)
            return
        }
        switch random.below(10) {
        case 0: fields.remove(at: index)
        case 1: fields.insert(fields[index], at: pick(fields.count + 1))
        case 2: fields.swapAt(index, pick(fields.count))
        case 3: fields[index].value = donor.value
        case 4 where random.below(4) == 0: fields[index].number = 1 + random.below(32)
        default: fields[index].value = changed(fields[index].value)
        }
    }

    private mutating func changed(_ value: WireTree.Value) -> WireTree.Value {
        switch value {
        case .number(let number):
            switch random.below(4) {
            case 0: return .number(number &+ 1)
            case 1: return .number(number &- 1)
            default: return .number(Mutator.numbers[pick(Mutator.numbers.count)])
            }
        case .fixed(let bytes): return .fixed(bytes.map { _ in UInt8(random.below(256)) })
        case .bytes(let bytes): return .bytes(random.below(8) == 0 ? [] : edited(bytes))
        case .message(let fields):
            if random.below(4) == 0 { return .message([]) }
            return .bytes(edited(WireTree(fields).bytes))
        }
    }

    /// Bytes changed without knowing what they are.
    private mutating func edited(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard !bytes.isEmpty else { return [UInt8(random.below(256))] }
        let index = pick(bytes.count)
        switch random.below(7) {
        case 0: bytes[index] ^= 1 << UInt8(random.below(8))
        case 1: bytes[index] = UInt8(random.below(256))
        case 2: bytes.remove(at: index)
        case 3: bytes.insert(UInt8(random.below(256)), at: index)
        case 4: bytes.removeSubrange(index..<min(bytes.count, index + 1 + pick(16)))
        case 5: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 1 + pick(32))], at: pick(bytes.count))
        default: for offset in index..<min(bytes.count, index + 1 + pick(8)) { bytes[offset] = [0, 1, 0x7f, 0x80, 0xff][pick(5)] }
        }
        return bytes
    }

    private mutating func pick(_ count: Int) -> Int { Int(random.below(UInt64(count))) }
}
