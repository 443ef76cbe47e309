import ArgumentParser
import Runtime

/// Where recorders keep older blocks.
struct ArchiveOptions: ParsableArguments {
    @Option(help: ArgumentHelp(
        "Where recorders copy their blocks to, and keep the older ones: postgresql://USER@HOST/DATABASE without a password, or sqlite:/FOLDER. (default: as the recorder's store notes it; else all stays in the store)",
        valueName: "place"))
    var archive: String?
    @Option(help: ArgumentHelp("Newest blocks of each chain that a recorder's store keeps although the archive has them. (default: 4096)", valueName: "blocks"))
    var archiveKeep: Int?

    func settings() throws -> ArchiveSettings {
        var settings = ArchiveSettings()
        settings.location = try ArchiveOptions.location(archive)
        settings.keepBlocks = UInt64(try Setting.number(archiveKeep, "archive-keep", default: Int(ArchiveLimits.keepBlocks), in: ArchiveLimits.keepBlocksAllowed))
        return settings
    }

    /// The option, else its environment twin; one that this build can use.
    static func location(_ flag: String?) throws -> ArchiveLocation? {
        guard let text = Setting.text(flag, "archive") else { return nil }
        let location: ArchiveLocation
        do throws(ArchiveLocation.Fault) {
            location = try ArchiveLocation(text)
        } catch {
            throw Failure(.usage, "--archive (or \(Setting.twin("archive"))): \(error.problem)", error.advice)
        }
        guard location.isBuiltIn else { throw Failure(ArchiveFault("\(location)", .notBuiltIn)) }
        return location
    }
}
