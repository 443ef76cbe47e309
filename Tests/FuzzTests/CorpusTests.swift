import Cryptography
import Foundation
import FuzzDoors
import Testing

/// The kept inputs of the fuzzer (`make fuzz`), in every run of the tests.
@Suite("Every door")
struct CorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/Corpus")

    private static let corpus: [(door: String, name: String, bytes: [UInt8])] = {
        var inputs: [(String, String, [UInt8])] = []
        for door in (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] {
            let own = folder.appendingPathComponent(door)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: own.path).sorted()) ?? [] {
                guard let data = FileManager.default.contents(atPath: own.appendingPathComponent(name).path) else { continue }
                inputs.append((door, "\(door)/\(name)", [UInt8](data)))
            }
        }
        return inputs
    }()

    /// Larger inputs go through their own door only: whole scripts of a role take long at another one.
    private static let foreignByteCountMax = 1_024

    /// What a mebibyte may cost, in signature checks of the same machine: about two seconds on an idle one.
    private static let checksMaximum = 40_000

    /// Processor time of this thread.
    private func nanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// What something costs in signature checks that are made right after it, so that neither a slow machine nor a busy one counts.
    private func checks(_ work: () throws -> Void) rethrows -> Int {
        let start = nanoseconds()
        try work()
        let cost = nanoseconds() - start
        let key = KeyPair(seed: .zero)
        let message = [UInt8](repeating: 1, count: 128)
        let signature = key.sign(message)
        let before = nanoseconds()
        for _ in 0..<100 where !Ed25519.verify(signature, of: message, by: key.publicKey) { Issue.record("a signature does not hold") }
        return cost * 100 / max(nanoseconds() - before, 1)
    }

    @Test("has kept inputs, and takes one of them at least", arguments: Door.all)
    func own(_ door: Door) throws {
        let own = CorpusTests.corpus.filter { $0.door == door.name }
        #expect(!own.isEmpty)
        var taken = 0
        for input in own where try door.enter(input.bytes) { taken += 1 }
        #expect(taken > 0, "a door that refuses everything shows nothing")
    }

    @Test("takes or refuses the inputs of all the others, and keeps its promises", arguments: Door.all)
    func others(_ door: Door) {
        for input in CorpusTests.corpus where input.bytes.count <= CorpusTests.foreignByteCountMax {
            do {
                try door.enter(input.bytes)
            } catch {
                Issue.record("\(input.name): \(error)")
            }
        }
    }

    @Test("keeps its promises when its inputs are changed at random", arguments: Door.all)
    func changed(_ door: Door) {
        var mutator = Mutator(seed: 7)
        let own = CorpusTests.corpus.filter { $0.door == door.name }
        for round in 0..<40 where !own.isEmpty {
            let input = own[round % own.count]
            do {
                try door.enter(mutator.change(input.bytes, form: door.form))
            } catch {
                Issue.record("\(input.name), changed in round \(round): \(error)")
            }
        }
    }

    @Test("is done with a mebibyte in the time of 40,000 signature checks", arguments: Door.all)
    func large(_ door: Door) throws {
        let own = CorpusTests.corpus.filter { $0.door == door.name }.prefix(2).flatMap { Amplifier.all(of: $0.bytes) }
        for (index, bytes) in (own + Amplifier.general).enumerated() {
            let cost = try checks { _ = try door.enter(bytes) }
            #expect(cost < CorpusTests.checksMaximum, "input \(index) of \(bytes.count) bytes costs as much as \(cost) signature checks")
        }
    }
}
