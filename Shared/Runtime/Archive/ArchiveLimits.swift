/// Bounds of an archive beside a recorder's store.
package enum ArchiveLimits {
    /// Newest blocks of a chain that stay in the recorder's store although they are in the archive too, unless another number is asked for.
    package static let keepBlocks: UInt64 = 4_096
    /// What may be asked for.
    package static let keepBlocksAllowed = 8...1_000_000_000
    /// Blocks copied in one commit of the archive, and their bytes; one block at least.
    static let batchBlocks = 256
    static let batchBytes = 8 * 1024 * 1024
    /// Blocks of one answer, and their bytes; one block at least.
    static let answerBlocks = 64
    static let answerBytes = 8 * 1024 * 1024
    /// Questions that wait for the archive at once; further ones are told at once that it cannot be read.
    static let waitingReads = 1_024
    /// A question that the archive has not been reached for in so long is told so.
    static let readMilliseconds: UInt64 = 500
    /// One statement may take so long; counting what is there may take longer.
    static let statementMilliseconds: UInt64 = 10_000
    static let answerMilliseconds: UInt64 = 3_000
    static let countMilliseconds: UInt64 = 120_000
    /// Pause before an archive that does not answer is tried again: at first, and at most.
    static let firstPauseMilliseconds: UInt64 = 200
    static let longestPauseMilliseconds: UInt64 = 10_000
    /// Whether the archive still has everything is looked at anew after so long; sooner while it has not.
    static let countingPauseMilliseconds: UInt64 = 600_000
    static let lostPauseMilliseconds: UInt64 = 30_000
    /// Blocks that are brought back from peers at once, how long that may take, and how often it is looked whether they are there.
    static let refillBlocks: UInt64 = 64
    static let refillMilliseconds: UInt64 = 15_000
    static let refillPauseMilliseconds: UInt64 = 200
    /// Those that are not are asked for again.
    static let refillAgainMilliseconds: UInt64 = 2_000
    /// Blocks removed from the store in one commit, and how many there must be to be worth one.
    static let trimBlocks: UInt64 = 256
    static let trimBlocksWorth: UInt64 = 32
    /// Blocks copied after which the store notes how far the archive has come; what is not noted is copied again after a restart.
    static let noteBlocks: UInt64 = 64
    /// A store's file is made smaller at a start when more than half of it, and more than so many bytes, hold nothing any more.
    static let emptyBytesWorth = 1024 * 1024
}
