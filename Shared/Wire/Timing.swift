/// Every timeout of the protocol, in milliseconds. `network.yaml` may scale them; relations are asserted here.
package struct Timing: Hashable, Sendable, Codable {
    /// An idle chain makes an empty block after this long, so that chain time moves.
    package var heartbeatMilliseconds: UInt64 = 4_000
    /// Simplex T0: a slot with work is skipped when it has not been notarized after this long.
    package var skipMilliseconds: UInt64 = 1_500
    /// Simplex T_s: what is needed for progress is sent again after this long without a new final block.
    package var standstillMilliseconds: UInt64 = 3_000
    /// A missing block or candidate is asked for again after this long.
    package var fetchMilliseconds: UInt64 = 500
    /// A collector publishes again what has not ended after this long.
    package var republishMilliseconds: UInt64 = 5_000
    /// A validator sends an unresolved leg notice again after this long; doubles up to `legResendMaximumMilliseconds`.
    package var legResendMilliseconds: UInt64 = 2_000
    package var legResendMaximumMilliseconds: UInt64 = 15_000
    /// A builder sends a candidate again when no certificate has come after this long.
    package var candidateResendMilliseconds: UInt64 = 700
    /// A role says it is alive, and asks for what it missed, this often.
    package var beatMilliseconds: UInt64 = 5_000

    package init() {}

    /// Numerator and denominator of Simplex alpha, the growth of skip timeouts without progress.
    package static let skipGrowth: (numerator: UInt64, denominator: UInt64) = (3, 2)
    /// Standstill attempts without progress double their distance up to this multiple of `standstillMilliseconds`.
    package static let standstillGrowthMaximum: UInt64 = 4

    /// Whether the relations that liveness rests on hold.
    package var isConsistent: Bool {
        skipMilliseconds > candidateResendMilliseconds && standstillMilliseconds > skipMilliseconds
            && legResendMaximumMilliseconds >= legResendMilliseconds && heartbeatMilliseconds > 0 && fetchMilliseconds > 0
    }
}
