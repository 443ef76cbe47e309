/// What is still to happen, in order of (virtual time, insertion): the one source of order of a simulated world.
///
/// A binary heap of small keys over a slab of events, so that moving an entry is cheap.
struct EventQueue {
    private struct Entry {
        /// Virtual microseconds.
        var time: UInt64
        /// Breaks ties: what was put in first comes out first.
        var number: UInt64
        var position: Int
    }

    private var heap: [Entry] = []
    private var slab: [Event] = []
    private var free: [Int] = []
    private var number: UInt64 = 0

    var count: Int { heap.count }

    /// The commonest of the events that were put in last, for people.
    var sample: String {
        var counts: [String: Int] = [:]
        for event in slab.suffix(10_000) { counts[EventQueue.phrase(event), default: 0] += 1 }
        return counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.first?.key ?? "none"
    }

    private static func phrase(_ event: Event) -> String {
        switch event {
        case .deliver(_, _, let publication): "a frame of \(publication.publisher) on \(publication.topic.name)"
        case .input(let index, _, let input): "an input of instance \(index): \(String(describing: input).prefix(40))"
        case .timer(let index, _, let timer, _): "timer \(timer.kind) of instance \(index)"
        case .answer, .callTimeout: "a call"
        default: "another event"
        }
    }

    /// When the next event is due, virtual microseconds.
    var nextTime: UInt64? { heap.first?.time }

    mutating func push(_ event: Event, at time: UInt64) {
        let position: Int
        if let reused = free.popLast() {
            position = reused
            slab[position] = event
        } else {
            position = slab.count
            slab.append(event)
        }
        number += 1
        heap.append(Entry(time: time, number: number, position: position))
        siftUp(heap.count - 1)
    }

    /// Takes the next event out.
    ///
    /// - Precondition: there is one.
    mutating func pop() -> Event {
        precondition(!heap.isEmpty, "an event is taken where there is one")
        let first = heap[0]
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(0)
        }
        // What stands in a free place carries nothing.
        var event = Event.nemesis
        swap(&event, &slab[first.position])
        free.append(first.position)
        return event
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.time != right.time ? left.time < right.time : left.number < right.number
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let entry = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard EventQueue.precedes(entry, heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        let entry = heap[parent]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, EventQueue.precedes(heap[child + 1], heap[child]) { child += 1 }
            guard EventQueue.precedes(heap[child], entry) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }
}
