import RoleKit
import Wire

/// The roles that have doors, and how what was recorded of them becomes inputs.
package enum RoleStage {
    package static let all: [(door: String, address: RoleAddress)] = [
        ("collector", RoleAddress(role: .collector, chain: Stage.alpha, node: "alpha-1")),
        ("builder", RoleAddress(role: .builder, chain: Stage.alpha, node: "alpha-1")),
        ("consensus", RoleAddress(role: .consensus, chain: Stage.alpha, node: "alpha-1")),
        ("notary-consensus", RoleAddress(role: .consensus, chain: .notary, node: "notary-1")),
        ("validator", RoleAddress(role: .validator, chain: Stage.alpha, node: "notary-1")),
        ("recorder", RoleAddress(role: .recorder, chain: .notary, node: "notary-1")),
    ]

    /// The steps that bring a role what it was brought then.
    static func script(of entries: [Recording.Entry]) -> [UInt8] {
        var steps: [Script.Step] = []
        var last = entries.first?.now.monotonicMilliseconds ?? 0
        for entry in entries {
            let passed = entry.now.monotonicMilliseconds - last
            if passed >= 20 {
                steps.append(Script.Step(4, [UInt8(min(255, passed / 20))]))
                last = entry.now.monotonicMilliseconds
            }
            switch entry.input {
            case .delivered(let message, let publisher):
                let position = Stage.addresses.firstIndex { $0.description == publisher } ?? 0
                steps.append(Script.Step(0, [UInt8(position)] + message.encoded()))
            case .requested(let request, _, let client): steps.append(Script.Step(2, [client == nil ? 1 : 0] + request.encoded()))
            case .answered(_, let response): steps.append(Script.Step(3, [0] + response.encoded))
            case .lost: steps.append(Script.Step(6, [0]))
            case .started, .timerFired, .checked, .rows, .mined: break
            }
        }
        return Script(steps).bytes
    }

    /// The rows of a disk: the oldest, which connect to the genesis, and the newest.
    static func stored(_ disk: PlayDisk) -> [UInt8] {
        var steps: [Script.Step] = []
        for (choice, table) in StoredScript.tables.enumerated() {
            let rows = disk.rows(table, from: 0, limit: Int.max)
            let few = rows.count > 10 ? rows.prefix(5) + rows.suffix(5) : rows[...]
            steps += few.map { StoredScript.step(choice, key: $0.key, value: $0.value) }
        }
        steps += disk.votes.suffix(6).map { StoredScript.step(StoredScript.tables.count, key: $0.slot, value: StoredScript.value(of: $0)) }
        return Script(steps).bytes
    }
}
