import RoleKit
import Runtime
import Testing
import TestSupport
import Wire

/// What an archive has lost is brought back from peers.
@Suite struct ArchiveGapsTests {
    /// An archive that knows heights only.
    private final class Heights: BlockArchive {
        var kept: Set<Height>
        private(set) var counts = 0

        init(_ kept: some Sequence<Height>) { self.kept = Set(kept) }

        func extent(of chain: ChainID, through height: Height) -> (newest: Height?, count: UInt64) { (kept.max(), UInt64(kept.count { $0 <= height })) }
        func count(of chain: ChainID, in heights: ClosedRange<Height>) -> UInt64 {
            counts += 1
            return UInt64(kept.count { heights.contains($0) })
        }
        func take(_ rows: [StoredRow], of chain: ChainID, cut: Height?) { for row in rows { kept.insert(row.key) } }
        func rows(of chain: ChainID, in heights: ClosedRange<Height>, limit: Int) -> ArchivePortion { ArchivePortion(rows: [], isCut: false) }
        func close() {}
    }

    /// Brings everything back that is asked for, and gives what was asked for each time.
    private func refilled(_ archive: Heights, through height: Height, rounds: Int) throws -> [[Height]] {
        var gaps = ArchiveGaps()
        gaps.found(missing: true, of: 0, through: height)
        var asked: [[Height]] = []
        for time in 0..<UInt64(rounds) where gaps.isBusy {
            let (heights, isWhole) = try gaps.next(0, of: TestNetwork.alpha, in: archive, at: time)
            if isWhole { break }
            asked.append(heights)
            archive.kept.formUnion(heights)
        }
        #expect(!gaps.isBusy)
        return asked
    }

    @Test("what is missing is asked for from the newest down, a batch at a time, until it is all there")
    func all() throws {
        let archive = Heights([])
        let asked = try refilled(archive, through: 1_000, rounds: 100)
        #expect(asked.flatMap { $0 } == (1...1_000).reversed().map { Height($0) } && asked.allSatisfy { (1...64).contains($0.count) })
        #expect(archive.kept == Set(1...1_000))
    }

    @Test("a few blocks that are missing among a million are found with few questions")
    func few() throws {
        let missing: Set<Height> = [3, 4, 5, 77_777, 99_999]
        let archive = Heights((1...100_000).filter { !missing.contains($0) })
        #expect(try refilled(archive, through: 100_000, rounds: 20).flatMap { $0 } == [99_999, 77_777, 5, 4, 3])
        #expect(archive.counts < 400, "\(archive.counts)")
    }

    @Test("what peers do not bring is asked for again, then left alone for a while, and taken up anew")
    func stuck() throws {
        var gaps = ArchiveGaps()
        let archive = Heights([1, 2, 4])
        gaps.found(missing: true, of: 0, through: 4)
        var asked: [UInt64: [Height]] = [:]
        for time in stride(from: UInt64(0), to: 60_000, by: 500) {
            let heights = try gaps.next(0, of: TestNetwork.alpha, in: archive, at: time).heights
            if !heights.isEmpty { asked[time] = heights }
        }
        #expect(asked.values.allSatisfy { $0 == [3] })
        #expect(asked.keys.filter { $0 < 15_000 }.sorted() == Array(stride(from: 0, to: 15_000, by: 2_000)))
        #expect(asked.keys.filter { $0 >= 15_000 }.min() == 45_000)
        archive.kept.insert(3)
        _ = try gaps.next(0, of: TestNetwork.alpha, in: archive, at: 61_000)
        #expect(!gaps.isBusy)
    }

    @Test("a recorder is asked to put back what its archive has lost, and the archive has it again")
    func wholeWay() throws {
        let tests = try ArchiveKeeperTests()
        try tests.trimmed().end()
        try tests.edit("DELETE FROM blocks_alpha WHERE height <= 40 OR height = 45")
        let run = try ArchiveKeeperTests.Run(tests)
        try run.wait("lost") { $0.lostBlocks == 41 }
        var asked: [Height] = []
        try run.wait("brought back") { standing in
            for case .fetchBlocks(TestNetwork.alpha, let height, 1) in run.keeper?.damaged() ?? [] {
                asked.append(height)
                // As the core does it, with a block from a peer.
                try run.commit(ArchiveKeeperTests.put(Int(height)...Int(height)))
            }
            return standing.lostBlocks == 0
        }
        #expect(asked == [45] + (1...40).reversed().map { Height($0) })
        try run.trim()
        #expect(try run.local().map(\.key) == Array(53...60))
        #expect(try run.rows(from: 1, limit: 60) == ArchiveKeeperTests.stored(1...60))
        run.end()
    }
}
