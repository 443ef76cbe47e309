import Cryptography
import Glibc
import Wire

/// The clock of a load run, in microseconds.
package enum LoadClock {
    /// Monotonic; its zero is arbitrary.
    package static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Processor time of this whole process.
    package static func ownProcessorTime() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "these clocks exist on every Linux")
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
    }

    private static let checks = 2_000

    /// What one signature check takes of a processor here and now, in microseconds.
    package static func checkMicroseconds() -> Double {
        let pair = KeyPair.generate()
        let messages = (0..<16).map { [UInt8](repeating: UInt8($0), count: 200) }
        let signed = messages.map { ($0, pair.sign($0)) }
        let begin = read(CLOCK_THREAD_CPUTIME_ID)
        var good = 0
        for number in 0..<checks where Ed25519.verify(signed[number % 16].1, of: signed[number % 16].0, by: pair.publicKey) { good += 1 }
        precondition(good == checks, "signatures of our own hold")
        return Double(read(CLOCK_THREAD_CPUTIME_ID) - begin) / Double(checks)
    }
}
