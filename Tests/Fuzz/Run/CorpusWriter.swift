import Foundation
import FuzzDoors

/// Writes the kept inputs: those that the generator makes begin with `seed-`; anything else in the folders stays.
enum CorpusWriter {
    static func write(to corpus: String) throws {
        let seeds = Seeds()
        var count = 0
        for door in Door.all {
            let folder = "\(corpus)/\(door.name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for old in try FileManager.default.contentsOfDirectory(atPath: folder) where old.hasPrefix("seed-") {
                try FileManager.default.removeItem(atPath: "\(folder)/\(old)")
            }
            let inputs = seeds.inputs[door.name] ?? []
            for input in inputs {
                try Data(input).write(to: URL(fileURLWithPath: "\(folder)/seed-\(name(of: input))"))
            }
            count += inputs.count
            Said.line("\(door.name): \(inputs.count)")
        }
        Said.line("\(count) inputs.")
    }

    /// A short name that depends on the bytes alone (FNV-1a).
    static func name(of bytes: [UInt8]) -> String {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
