import RoleKit
import Wire

/// A type of core, erased: how to make one, and what it must be given back after a crash.
package struct RoleKind: Sendable {
    package let recoveredTables: [StoreTable]
    private let makeCore: @Sendable (RoleContext, StoredState) -> any RoleCore

    package init<Core: RoleCore>(_ type: Core.Type) {
        recoveredTables = type.recoveredTables
        makeCore = {
            do {
                return try type.init(context: $0, recovered: $1)
            } catch {
                fatalError("a core cannot use what it stored itself: \(error)")
            }
        }
    }

    package func make(context: RoleContext, recovered: StoredState) -> any RoleCore { makeCore(context, recovered) }
}
