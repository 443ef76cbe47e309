/// A core: a value that turns facts into orders, with no clock, chance or IO of its own.
///
/// The same inputs in the same order always give the same effects, so a whole network replays from a seed.
package protocol Machine: Sendable {
    /// A fact: something that has happened.
    associatedtype Input: Sendable
    /// An order to the shell.
    associatedtype Effect: Sendable

    /// Takes one fact and returns what must be done, in order.
    ///
    /// - Parameter input: the fact.
    /// - Parameter now: when the shell handed it over.
    /// - Returns: effects in execution order; a `persist` precedes whatever depends on it.
    mutating func apply(_ input: Input, at now: Moment) -> [Effect]
}
