/// A row of a role's store that the role cannot use: the world's fault, never guessed around. The shell names the file, says what to
/// do, and ends the role; nothing in the store is changed.
package struct StoredFault: Error, Hashable, Sendable {
    /// Table of the row; nil for the record of votes.
    package var table: StoreTable?
    /// Key of the row; for a vote its slot.
    package var key: UInt64
    /// What is wrong with it, a clause.
    package var problem: String

    package init(_ table: StoreTable?, key: UInt64, _ problem: String) {
        self.table = table
        self.key = key
        self.problem = problem
    }
}
