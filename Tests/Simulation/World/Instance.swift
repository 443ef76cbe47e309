import Determinism
import RoleKit
import Wire

/// One role's process: its core while it runs, and what outlives it.
package final class Instance {
    package let index: Int
    package let address: RoleAddress
    package let name: String
    /// Position of its node among the nodes of all chains.
    package let node: Int
    /// Position of its bus among the sites.
    package let site: Int
    let kind: RoleKind
    let context: RoleContext
    /// Its core; nil while it does not run.
    package internal(set) var core: (any RoleCore)? {
        get { process }
        set {
            process = newValue
            isRunning = newValue != nil
        }
    }
    @exclusivity(unchecked) private var process: (any RoleCore)?
    /// Whether there is a core: asked for every frame, and much dearer to learn from the core itself.
    @exclusivity(unchecked) package private(set) var isRunning = false
    /// Counts its starts; what was meant for an earlier life is dropped.
    @exclusivity(unchecked) package internal(set) var life: UInt64 = 0
    @exclusivity(unchecked) package internal(set) var disk = VirtualDisk()
    @exclusivity(unchecked) var clock: VirtualClock
    /// Timer → the generation that is set.
    @exclusivity(unchecked) var timers: [TimerID: UInt64] = [:]
    @exclusivity(unchecked) var pausedUntil: UInt64 = 0
    /// The search for a nonce under way.
    var mining: (token: UInt64, job: MiningJob)?
    /// Requests handed to it and not answered: what "least loaded" means.
    @exclusivity(unchecked) var load = 0
    /// When the last frame of each stream (site and topic) is due here: streams stay in order.
    @exclusivity(unchecked) var lastDue: [UInt64] = []
    var restartPending = false
    /// What it does when its node lies; empty for an honest node's role.
    let habits: [FaultKind]
    var isByzantine: Bool { !habits.isEmpty }

    init(
        index: Int, address: RoleAddress, node: Int, site: Int, kind: RoleKind, context: RoleContext, clock: VirtualClock,
        habits: [FaultKind] = []
    ) {
        self.index = index
        self.address = address
        name = address.description
        self.node = node
        self.site = site
        self.kind = kind
        self.context = context
        self.clock = clock
        self.habits = habits
    }

    /// One turn of its core; nil while it does not run.
    func apply(_ input: RoleInput, at moment: Moment) -> [RoleEffect]? { process?.apply(input, at: moment) }
}
