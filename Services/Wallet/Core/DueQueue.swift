/// Numbers with the time at which each is due, soonest first; equal times in the order of the numbers.
struct DueQueue: Sendable {
    private struct Entry: Sendable {
        var milliseconds: UInt64
        var number: Int

        static func precedes(_ left: Entry, _ right: Entry) -> Bool { (left.milliseconds, left.number) < (right.milliseconds, right.number) }
    }

    /// A binary heap.
    private var heap: [Entry] = []

    /// When the next is due, monotonic milliseconds.
    var next: UInt64? { heap.first?.milliseconds }

    mutating func add(_ number: Int, at milliseconds: UInt64) {
        heap.append(Entry(milliseconds: milliseconds, number: number))
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, Entry.precedes(heap[child], heap[parent]) {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out what is due.
    mutating func takeDue(at milliseconds: UInt64) -> Int? {
        guard let first = heap.first, first.milliseconds <= milliseconds else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && Entry.precedes(heap[child], heap[least]) { least = child }
            if least == parent { return first.number }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
