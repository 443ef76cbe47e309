import BuilderCore
import CollectorCore
import ConsensusCore
import RecorderCore
import RoleKit
import ValidatorCore
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

    static func tables(_ door: String) -> [StoreTable] {
        switch door {
        case "collector": CollectorRole.recoveredTables
        case "builder": BuilderRole.recoveredTables
        case "validator": ValidatorRole.recoveredTables
        case "recorder": RecorderRole.recoveredTables
        default: ConsensusRole.recoveredTables
        }
    }

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
            case .started, .timerFired, .checked, .rows: break
            }
        }
        return Script(steps).bytes
    }

    /// The rows of a disk, the newest of each table first, as many as fit.
    static func stored(_ disk: PlayDisk, _ door: String) -> [UInt8] {
        let tables = tables(door)
        let state = disk.recovered(tables)
        var steps: [Script.Step] = []
        for (choice, table) in tables.enumerated() {
            steps += state[table].suffix(6).map { StoredScript.step(choice, key: $0.key, value: $0.value) }
        }
        steps += state.votes.suffix(6).map { StoredScript.step(tables.count, key: $0.slot, value: StoredScript.value(of: $0)) }
        // From the first on, so that blocks connect to the genesis.
        for (choice, table) in tables.enumerated() {
            steps += state[table].prefix(4).map { StoredScript.step(choice, key: $0.key, value: $0.value) }
        }
        return Script(steps).bytes
    }
}
