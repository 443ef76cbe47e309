import Determinism

/// How a role ends that takes nothing new on: when nothing has waited for a while, so that what was on its way to it has come too.
struct Draining {
    /// Between two looks.
    static let lookMilliseconds = 100
    /// How long nothing may wait before it is over: longer than a call is on its way.
    static let idleMilliseconds: UInt64 = 1_000

    private var idleSince: UInt64?
    private var hasBegun = false
    private(set) var isOver = false

    /// - Returns: whether that is new.
    mutating func begin(at now: Moment) -> Bool {
        guard !hasBegun else { return false }
        hasBegun = true
        return true
    }

    mutating func look(isIdle: Bool, at now: Moment) {
        guard isIdle else { return idleSince = nil }
        let since = idleSince ?? now.monotonicMilliseconds
        idleSince = since
        isOver = now.monotonicMilliseconds >= since + Draining.idleMilliseconds
    }
}
