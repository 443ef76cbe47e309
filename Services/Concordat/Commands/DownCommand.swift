import ArgumentParser
import Foundation
import Runtime

/// Stops a network that `up` started.
struct DownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop a network that runs on this machine; its state is kept.",
        discussion: """
            Example:
              concordat down --data .concordat
            """)

    @OptionGroup var common: CommonOptions
    @Flag(help: "Kill what has not ended after 15 seconds.")
    var force = false

    private static let waitSeconds = 15.0

    func run() throws {
        let folder = try common.folder
        guard FileManager.default.fileExists(atPath: folder.networkFile) else {
            throw Failure(.configuration, "\(folder.networkFile): there is no network", "Name its folder with --data.")
        }
        guard let holder = FolderLock.holder(folder.lockFile) else {
            if common.json { return Console.print(#"{"stopped":false,"was_running":false}"#) }
            return common.say("The network in \(folder.path) is not up.")
        }
        guard holder > 0 else {
            throw Failure(.failed, "\(folder.lockFile) is held, but does not say by which process", "Look for it with: fuser \(folder.lockFile)")
        }
        let state = NetworkState.read(folder)
        kill(holder, SIGTERM)
        let deadline = Date().addingTimeInterval(DownCommand.waitSeconds)
        while FolderLock.holder(folder.lockFile) != nil, Date() < deadline { usleep(50_000) }
        if FolderLock.holder(folder.lockFile) != nil {
            guard force else {
                throw Failure(.timedOut, "process \(holder) has not stopped within \(Int(DownCommand.waitSeconds)) s", "concordat down --force kills it and its children.")
            }
            for entry in state?.processes ?? [] where entry.processID > 0 { kill(entry.processID, SIGKILL) }
            kill(holder, SIGKILL)
            while FolderLock.holder(folder.lockFile) != nil { usleep(10_000) }
        }
        if common.json { return Console.print(#"{"stopped":true,"was_running":true}"#) }
        Console.print("Stopped. Its state is kept in \(folder.path).")
    }
}
