import BusShell
import Logging
import Runtime

/// Watches a network's files, and has the bus of a site let in and out who they say now (BUS-29).
final class BusRefresh {
    private let launcher: Launcher
    private let site: String
    private let bus: BusService
    private let logger: Logger
    private var members: [MemberDescription]
    private var files: FileChanges

    init(_ launcher: Launcher, _ site: String, _ bus: BusService, logger: Logger) {
        self.launcher = launcher
        self.site = site
        self.bus = bus
        self.logger = logger
        members = launcher.configuration.members
        files = FileChanges(launcher.folder)
    }

    /// Looks whether a file has changed. One that cannot be read changes nothing: whoever was let in stays.
    func look() {
        guard files.look() else { return }
        do {
            let configuration = try NetworkFile.read(launcher.folder.networkFile)
            guard configuration.network.id == launcher.configuration.network.id, let description = configuration.site(site) else {
                return logger.error("network.yaml is of another network now, or has no site \(site): the members of this bus stay as they are")
            }
            guard configuration.members != members else { return }
            bus.change(to: try launcher.busConfiguration(description, of: configuration))
            let added = configuration.members.filter { !members.contains($0) }.map(\.name)
            let gone = members.filter { !configuration.members.contains($0) }.map(\.name)
            members = configuration.members
            logger.notice("members changed", metadata: ["in": "\(added.joined(separator: " "))", "out": "\(gone.joined(separator: " "))"])
        } catch {
            logger.error("network.yaml cannot be taken over, the members of this bus stay as they are: \(error)")
        }
    }
}
