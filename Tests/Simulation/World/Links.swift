/// What stands between the nodes: who does not hear whom, whose links are slow, and the frames that wait for that to end.
struct Links {
    /// A frame that waits behind a partition.
    struct Waiting {
        var publication: Publication
        var receiver: Int
        var life: UInt64
        var from: Int
        var to: Int
    }

    private let nodes: Int
    /// How many causes block each ordered pair.
    private var blocks: [UInt8]
    private var clogs: [UInt64]
    private(set) var waiting: [Waiting] = []
    private var blockedPairs = 0

    init(nodes: Int) {
        self.nodes = nodes
        blocks = [UInt8](repeating: 0, count: nodes * nodes)
        clogs = [UInt64](repeating: 0, count: nodes)
    }

    func isBlocked(from: Int, to: Int) -> Bool { blockedPairs > 0 && blocks[from * nodes + to] > 0 }

    mutating func block(from: Int, to: Int) {
        blocks[from * nodes + to] += 1
        blockedPairs += 1
    }

    mutating func unblock(from: Int, to: Int) {
        blocks[from * nodes + to] -= 1
        blockedPairs -= 1
    }

    /// Extra delay of a link, microseconds.
    func clogMicroseconds(_ from: Int, _ to: Int) -> UInt64 { from == to ? 0 : clogs[from] + clogs[to] }

    mutating func clog(_ node: Int, microseconds: UInt64) { clogs[node] += microseconds }

    mutating func unclog(_ node: Int, microseconds: UInt64) { clogs[node] -= microseconds }

    mutating func keep(_ publication: Publication, for receiver: Int, life: UInt64, from: Int, to: Int) {
        waiting.append(Waiting(publication: publication, receiver: receiver, life: life, from: from, to: to))
    }

    /// Takes out the frames whose way is free again, oldest first.
    mutating func takeFree() -> [Waiting] {
        var free: [Waiting] = []
        var left: [Waiting] = []
        for item in waiting {
            if isBlocked(from: item.from, to: item.to) { left.append(item) } else { free.append(item) }
        }
        waiting = left
        return free
    }
}
