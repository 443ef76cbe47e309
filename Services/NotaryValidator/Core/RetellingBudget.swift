/// How often a notary may say again what it, or another notary, has said before: so many a second, whatever waits. A chain with a long
/// queue would else be buried under reminders, each with headers and paths, and its queue become longer.
struct RetellingBudget: Sendable {
    private var left = RetellingBudget.atOnce
    private var filledMilliseconds: UInt64 = 0

    private static let atOnce: UInt64 = 64
    static let perSecond: UInt64 = 32
    /// Who is not told for want of room is not looked at before this has passed.
    static let pauseMilliseconds: UInt64 = 500

    /// - Parameter time: monotonic milliseconds.
    mutating func refill(at time: UInt64) {
        let more = (time - min(filledMilliseconds, time)) * RetellingBudget.perSecond / 1_000
        guard more > 0 else { return }
        left = min(left + more, RetellingBudget.atOnce)
        filledMilliseconds = time
    }

    /// Takes one; false when none is left.
    mutating func take() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
