/// A small, fast, seeded generator (SplitMix64): the same seed gives the same draws on every machine.
///
/// Simulation and test data draw from it; it is no source of secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True with a probability given in millionths.
    package mutating func chance(perMillion: UInt64) -> Bool {
        below(1_000_000) < perMillion
    }

    /// A number from zero up to, and without, `bound`.
    /// - Precondition: `bound > 0`.
    package mutating func below(_ bound: UInt64) -> UInt64 {
        precondition(bound > 0, "a draw needs a positive bound")
        return next(upperBound: bound)
    }
}
