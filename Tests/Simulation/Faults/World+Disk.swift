import RoleKit
import Wire

/// Disks that lose or change what they hold. They are faults of a node: of no chain do more nodes have them than may be faulty.
extension World {
    /// A node's processes die, and what they stored is gone, except the record of votes. A collector keeps what clients were promised:
    /// until it is final, that rests on its disk alone.
    func loseDisk() {
        guard let node = drawFailing() else { return }
        for instance in instances where instance.node == node {
            crash(instance, .diskLost)
            instance.disk.lose(keeping: instance.address.role == .collector ? [.accepted, .legs, .ended, .outcomes] : [])
        }
    }

    /// One bit of something that peers can give again changes; the process may be restarted upon it, or find it when it reads.
    func flipBit() {
        guard let node = drawFailing() else { return }
        let choices = instances.filter { $0.node == node }
        guard !choices.isEmpty else { return }
        let instance = choices[Int(random.below(UInt64(choices.count)))]
        let tables = instance.disk.tables.keys.sorted { $0.rawValue < $1.rawValue }.filter(World.isRepairable)
        guard !tables.isEmpty else { return }
        let table = tables[Int(random.below(UInt64(tables.count)))]
        let keys = (instance.disk.tables[table] ?? [:]).keys.sorted()
        guard !keys.isEmpty else { return }
        // The newest rows are the likeliest to be read again.
        let key = keys[random.below(2) == 0 ? keys.count - 1 : Int(random.below(UInt64(keys.count)))]
        instance.disk.flip(table, key, bit: Int(random.below(1 << 20)))
        tally.add(.bitFlip)
        log?(now, "\(instance.name): a bit of \(table.rawValue) \(key) flips")
        if random.below(2) == 0 { crash(instance, .crashIdle) }
    }

    private static func isRepairable(_ table: StoreTable) -> Bool {
        table == .blocks || table == .snapshots || table == .snapshotParts || table.rawValue.hasPrefix("archive_")
    }

    /// A node whose disk or clock may fail; nil when that would be one too many of its chain.
    func drawFailing() -> Int? {
        let node = Int(random.below(UInt64(nodeNames.count)))
        if failingNodes.contains(node) { return node }
        for chain in [network.notary] + network.chains where chain.listed.contains(where: { $0.id == nodeNames[node] }) {
            // A node that lies is faulty already, and its twin shares its disk's fate with nobody.
            let failed = chain.listed.filter { node in
                judge.liars.contains(node.key) || failingNodes.contains { nodeNames[$0] == node.id }
            }.count
            guard failed < Quorum.faulty(of: chain.nodes.count) else { return nil }
            // Without a node that weighs a third nothing would ever go on.
            if let place = chain.nodes.firstIndex(where: { $0.id == nodeNames[node] }), !chain.genesisElectorate.isTolerable([place]) { return nil }
        }
        failingNodes.insert(node)
        return node
    }
}
